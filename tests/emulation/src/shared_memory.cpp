#include "shared_memory.hpp"

#include <cstdint>
#include <cstring>
#include <new>

// From shared_memory.ld; null if no linker script gathers the section.
extern "C" {
extern char emulated_shared_begin[] __attribute__((weak, visibility("hidden")));
extern char emulated_shared_end[] __attribute__((weak, visibility("hidden")));
}

namespace emulation {
namespace {

constexpr std::align_val_t alignment{128};
MemoryRange dynamic;

// The section has ASan's red zones between variables, so no library function may do this.
__attribute__((no_sanitize("address", "undefined"))) void fill_section(char* from, const char* to) {
  constexpr std::uint64_t pattern = 0xcbcbcbcbcbcbcbcbull;
  for (; from + 8 <= to; from += 8) {
    *reinterpret_cast<volatile std::uint64_t*>(from) = pattern;
  }
  for (; from < to; ++from) {
    *reinterpret_cast<volatile char*>(from) = static_cast<char>(0xcb);
  }
}

}  // namespace

void set_dynamic_shared_bytes(std::size_t bytes) {
  if (dynamic.data != nullptr) {
    ::operator delete(dynamic.data, alignment);
    dynamic = {};
  }
  if (bytes > 0) {
    dynamic = {static_cast<char*>(::operator new(bytes, alignment)), bytes};
  }
}

MemoryRange dynamic_shared_memory() { return dynamic; }

MemoryRange static_shared_memory() {
  return {emulated_shared_begin, static_cast<std::size_t>(emulated_shared_end - emulated_shared_begin)};
}

void fill_shared_memory() {
  if (dynamic.bytes > 0) {
    std::memset(dynamic.data, 0xcb, dynamic.bytes);
  }
  const MemoryRange section = static_shared_memory();
  fill_section(section.data, section.data + section.bytes);
}

}  // namespace emulation
