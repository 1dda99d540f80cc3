// The functions that code compiled with -fsanitize=thread calls, in place of ThreadSanitizer's library.
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "recorder.hpp"

namespace {

void plain(const void* at, std::size_t bytes, bool writes, const void* site) {
  emulation::recorder().plain(at, bytes, writes, site);
}

constexpr int strongest = __ATOMIC_SEQ_CST;

}  // namespace

#define RAMET_HOOK_ACCESS(bytes)                                                                        \
  void __tsan_read##bytes(void* at) { plain(at, bytes, false, __builtin_return_address(0)); }           \
  void __tsan_write##bytes(void* at) { plain(at, bytes, true, __builtin_return_address(0)); }           \
  void __tsan_volatile_read##bytes(void* at) { plain(at, bytes, false, __builtin_return_address(0)); }  \
  void __tsan_volatile_write##bytes(void* at) { plain(at, bytes, true, __builtin_return_address(0)); }  \
  void __tsan_unaligned_read##bytes(void* at) { plain(at, bytes, false, __builtin_return_address(0)); } \
  void __tsan_unaligned_write##bytes(void* at) { plain(at, bytes, true, __builtin_return_address(0)); }

// Atomic operations of the host's code in traced files; kernels use CUDA's functions.
#define RAMET_HOOK_ATOMIC(bits, type)                                                                        \
  type __tsan_atomic##bits##_load(const volatile type* at, int) { return __atomic_load_n(at, strongest); }   \
  void __tsan_atomic##bits##_store(volatile type* at, type value, int) {                                     \
    __atomic_store_n(at, value, strongest);                                                                  \
  }                                                                                                          \
  type __tsan_atomic##bits##_exchange(volatile type* at, type value, int) {                                  \
    return __atomic_exchange_n(at, value, strongest);                                                        \
  }                                                                                                          \
  type __tsan_atomic##bits##_fetch_add(volatile type* at, type value, int) {                                 \
    return __atomic_fetch_add(at, value, strongest);                                                         \
  }                                                                                                          \
  type __tsan_atomic##bits##_fetch_sub(volatile type* at, type value, int) {                                 \
    return __atomic_fetch_sub(at, value, strongest);                                                         \
  }                                                                                                          \
  type __tsan_atomic##bits##_fetch_and(volatile type* at, type value, int) {                                 \
    return __atomic_fetch_and(at, value, strongest);                                                         \
  }                                                                                                          \
  type __tsan_atomic##bits##_fetch_or(volatile type* at, type value, int) {                                  \
    return __atomic_fetch_or(at, value, strongest);                                                          \
  }                                                                                                          \
  type __tsan_atomic##bits##_fetch_xor(volatile type* at, type value, int) {                                 \
    return __atomic_fetch_xor(at, value, strongest);                                                         \
  }                                                                                                          \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile type* at, type* expected, type value, int,      \
                                                    int) {                                                   \
    return __atomic_compare_exchange_n(at, expected, value, false, strongest, strongest);                    \
  }                                                                                                          \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile type* at, type* expected, type value, int, int) { \
    return __atomic_compare_exchange_n(at, expected, value, true, strongest, strongest);                     \
  }

extern "C" {

void __tsan_init() { emulation::recorder(); }
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

RAMET_HOOK_ACCESS(1)
RAMET_HOOK_ACCESS(2)
RAMET_HOOK_ACCESS(4)
RAMET_HOOK_ACCESS(8)
RAMET_HOOK_ACCESS(16)

void __tsan_read_range(void* at, unsigned long bytes) {
  plain(at, bytes, false, __builtin_return_address(0));
}
void __tsan_write_range(void* at, unsigned long bytes) {
  plain(at, bytes, true, __builtin_return_address(0));
}

RAMET_HOOK_ATOMIC(8, std::uint8_t)
RAMET_HOOK_ATOMIC(16, std::uint16_t)
RAMET_HOOK_ATOMIC(32, std::uint32_t)
RAMET_HOOK_ATOMIC(64, std::uint64_t)

void __tsan_atomic_thread_fence(int) { std::atomic_thread_fence(std::memory_order_seq_cst); }
void __tsan_atomic_signal_fence(int) { std::atomic_signal_fence(std::memory_order_seq_cst); }
}
