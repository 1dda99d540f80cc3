// CUDA's arithmetic, bit and cache intrinsics as plain functions.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "emulation/execution.hpp"

inline int __popc(unsigned x) { return std::popcount(x); }
inline int __popcll(unsigned long long x) { return std::popcount(x); }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return std::countl_zero(static_cast<unsigned long long>(x)); }
inline int __ffs(int x) { return x == 0 ? 0 : std::countr_zero(static_cast<unsigned>(x)) + 1; }
inline int __ffsll(long long x) {
  return x == 0 ? 0 : std::countr_zero(static_cast<unsigned long long>(x)) + 1;
}
inline unsigned __brev(unsigned x) {
  unsigned reversed = 0;
  for (int bit = 0; bit < 32; ++bit) {
    reversed |= ((x >> bit) & 1u) << (31 - bit);
  }
  return reversed;
}
inline unsigned long long __brevll(unsigned long long x) {
  return (static_cast<unsigned long long>(__brev(static_cast<unsigned>(x))) << 32) |
         __brev(static_cast<unsigned>(x >> 32));
}
// Byte i of the result is the one of y:x that the three low bits of the selector's nibble i name.
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
  const std::uint64_t bytes = (static_cast<std::uint64_t>(y) << 32) | x;
  unsigned result = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned nibble = (selector >> (4 * i)) & 7u;
    result |= (static_cast<unsigned>(bytes >> (8 * nibble)) & 255u) << (8 * i);
  }
  return result;
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  const std::uint64_t both = (static_cast<std::uint64_t>(high) << 32) | low;
  return static_cast<unsigned>((both << (shift & 31u)) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  const std::uint64_t both = (static_cast<std::uint64_t>(high) << 32) | low;
  return static_cast<unsigned>(both >> (shift & 31u));
}
inline int __mulhi(int x, int y) { return static_cast<int>((static_cast<std::int64_t>(x) * y) >> 32); }
inline unsigned __umulhi(unsigned x, unsigned y) {
  return static_cast<unsigned>((static_cast<std::uint64_t>(x) * y) >> 32);
}
__extension__ typedef __int128 emulated_int128;
__extension__ typedef unsigned __int128 emulated_uint128;
inline long long __mul64hi(long long x, long long y) {
  return static_cast<long long>((static_cast<emulated_int128>(x) * y) >> 64);
}
inline unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
  return static_cast<unsigned long long>((static_cast<emulated_uint128>(x) * y) >> 64);
}
inline int __dp4a(int x, int y, int sum) {
  for (int i = 0; i < 4; ++i) {
    sum += static_cast<std::int8_t>(x >> (8 * i)) * static_cast<std::int8_t>(y >> (8 * i));
  }
  return sum;
}

inline long long __double_as_longlong(double x) { return std::bit_cast<long long>(x); }
inline double __longlong_as_double(long long x) { return std::bit_cast<double>(x); }
inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline float __int_as_float(int x) { return std::bit_cast<float>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline int __double2hiint(double x) { return static_cast<int>(std::bit_cast<std::uint64_t>(x) >> 32); }
inline int __double2loint(double x) { return static_cast<int>(std::bit_cast<std::uint64_t>(x)); }
inline double __hiloint2double(int high, int low) {
  return std::bit_cast<double>((static_cast<std::uint64_t>(static_cast<unsigned>(high)) << 32) |
                               static_cast<unsigned>(low));
}

// Conversions of floating point to integers saturate, and NaN is 0 (64 bits: the smallest), as the hardware
// does.
namespace emulation {
template <class To, class From>
To saturating(From x, To not_a_number) {
  using Limits = std::numeric_limits<To>;
  // 2^31, 2^32, 2^63 or 2^64: the largest To may not be a From, one more always is.
  const From beyond = std::ldexp(From(1), Limits::digits);
  if (std::isnan(x)) {
    return not_a_number;
  }
  if (x >= beyond) {
    return Limits::max();
  }
  return x <= static_cast<From>(Limits::min()) ? Limits::min() : static_cast<To>(x);
}
}  // namespace emulation

inline long long __double2ll_rn(double x) {
  return emulation::saturating<long long>(std::nearbyint(x), static_cast<long long>(1ull << 63));
}
inline long long __double2ll_rz(double x) {
  return emulation::saturating<long long>(std::trunc(x), static_cast<long long>(1ull << 63));
}
inline long long __double2ll_rd(double x) {
  return emulation::saturating<long long>(std::floor(x), static_cast<long long>(1ull << 63));
}
inline unsigned long long __double2ull_rn(double x) {
  return emulation::saturating<unsigned long long>(std::nearbyint(x), 1ull << 63);
}
inline unsigned long long __double2ull_rz(double x) {
  return emulation::saturating<unsigned long long>(std::trunc(x), 1ull << 63);
}
inline int __double2int_rn(double x) { return emulation::saturating<int>(std::nearbyint(x), 0); }
inline int __double2int_rz(double x) { return emulation::saturating<int>(std::trunc(x), 0); }
inline int __double2int_rd(double x) { return emulation::saturating<int>(std::floor(x), 0); }
inline unsigned __double2uint_rz(double x) { return emulation::saturating<unsigned>(std::trunc(x), 0u); }
inline unsigned __double2uint_rn(double x) { return emulation::saturating<unsigned>(std::nearbyint(x), 0u); }
inline int __float2int_rn(float x) { return emulation::saturating<int>(std::nearbyint(x), 0); }
inline int __float2int_rz(float x) { return emulation::saturating<int>(std::trunc(x), 0); }
inline unsigned __float2uint_rz(float x) { return emulation::saturating<unsigned>(std::trunc(x), 0u); }
inline unsigned __float2uint_rn(float x) { return emulation::saturating<unsigned>(std::nearbyint(x), 0u); }
inline long long __float2ll_rn(float x) {
  return emulation::saturating<long long>(std::nearbyint(x), static_cast<long long>(1ull << 63));
}
inline float __double2float_rn(double x) { return static_cast<float>(x); }
inline double __ll2double_rn(long long x) { return static_cast<double>(x); }
inline double __ull2double_rn(unsigned long long x) { return static_cast<double>(x); }
inline float __ll2float_rn(long long x) { return static_cast<float>(x); }
inline float __ull2float_rn(unsigned long long x) { return static_cast<float>(x); }
inline double __int2double_rn(int x) { return x; }
inline double __uint2double_rn(unsigned x) { return x; }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }

inline double __dadd_rn(double x, double y) { return x + y; }
inline double __dsub_rn(double x, double y) { return x - y; }
inline double __dmul_rn(double x, double y) { return x * y; }
inline double __ddiv_rn(double x, double y) { return x / y; }
inline double __dsqrt_rn(double x) { return std::sqrt(x); }
inline double __fma_rn(double x, double y, double z) { return std::fma(x, y, z); }
inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __fsqrt_rn(float x) { return std::sqrt(x); }
inline float __fmaf_rn(float x, float y, float z) { return std::fma(x, y, z); }
inline float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }

// Cache hints change no value.
#define RAMET_EMULATED_LOAD(name)                       \
  template <class T>                                    \
  [[gnu::always_inline]] inline T name(const T* from) { \
    return *from;                                       \
  }
RAMET_EMULATED_LOAD(__ldg)
RAMET_EMULATED_LOAD(__ldca)
RAMET_EMULATED_LOAD(__ldcg)
RAMET_EMULATED_LOAD(__ldcs)
RAMET_EMULATED_LOAD(__ldlu)
RAMET_EMULATED_LOAD(__ldcv)
#undef RAMET_EMULATED_LOAD
#define RAMET_EMULATED_STORE(name)                                 \
  template <class T>                                               \
  [[gnu::always_inline]] inline void name(T* to, const T& value) { \
    *to = value;                                                   \
  }
RAMET_EMULATED_STORE(__stwb)
RAMET_EMULATED_STORE(__stcg)
RAMET_EMULATED_STORE(__stcs)
RAMET_EMULATED_STORE(__stwt)
#undef RAMET_EMULATED_STORE

inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}
inline void __nanosleep(unsigned) { emulation::yield_thread(); }
inline long long clock64() { return emulation::clock(); }
inline long long wall_clock64() { return emulation::clock(); }
[[noreturn]] inline void __trap(emulation::Site site = emulation::Site::current()) { emulation::trap(site); }
inline void __builtin_assume(bool holds, emulation::Site site = emulation::Site::current()) {
  emulation::check_assumption(holds, site);
}

// CUDA has min and max in the global namespace, for mixed integers as well: as C++ would convert them.
#define RAMET_EMULATED_MIN_MAX(left, right, result)                                  \
  constexpr result min(left x, right y) {                                            \
    return static_cast<result>(x) < static_cast<result>(y) ? static_cast<result>(x)  \
                                                           : static_cast<result>(y); \
  }                                                                                  \
  constexpr result max(left x, right y) {                                            \
    return static_cast<result>(x) < static_cast<result>(y) ? static_cast<result>(y)  \
                                                           : static_cast<result>(x); \
  }
RAMET_EMULATED_MIN_MAX(int, int, int)
RAMET_EMULATED_MIN_MAX(unsigned, unsigned, unsigned)
RAMET_EMULATED_MIN_MAX(int, unsigned, unsigned)
RAMET_EMULATED_MIN_MAX(unsigned, int, unsigned)
RAMET_EMULATED_MIN_MAX(long, long, long)
RAMET_EMULATED_MIN_MAX(unsigned long, unsigned long, unsigned long)
RAMET_EMULATED_MIN_MAX(long, unsigned long, unsigned long)
RAMET_EMULATED_MIN_MAX(unsigned long, long, unsigned long)
RAMET_EMULATED_MIN_MAX(long long, long long, long long)
RAMET_EMULATED_MIN_MAX(unsigned long long, unsigned long long, unsigned long long)
RAMET_EMULATED_MIN_MAX(long long, unsigned long long, unsigned long long)
RAMET_EMULATED_MIN_MAX(unsigned long long, long long, unsigned long long)
#undef RAMET_EMULATED_MIN_MAX
inline float min(float x, float y) { return std::fmin(x, y); }
inline float max(float x, float y) { return std::fmax(x, y); }
inline double min(double x, double y) { return std::fmin(x, y); }
inline double max(double x, double y) { return std::fmax(x, y); }
