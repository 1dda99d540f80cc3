// Gradients as integers: scales, rounding, and when a round needs more bits (contract, rule 2).
#pragma once

#include <cmath>
#include <cstdint>

#include "math/host_device.hpp"
#include "math/random.hpp"

namespace ramet::math {

// Largest quantised |g| and h for a number of gradient bits. g is signed, h is not negative.
RAMET_HD constexpr std::int64_t max_quantised_g(int bits) { return (std::int64_t{1} << (bits - 1)) - 1; }
RAMET_HD constexpr std::int64_t max_quantised_h(int bits) { return (std::int64_t{1} << bits) - 1; }

// The largest e with largest * 2^e <= limit; 0 if largest is 0. `largest` is finite and >= 0.
inline int scale_exponent(double largest, std::int64_t limit) {
  if (largest <= 0) return 0;
  int exponent = std::ilogb(static_cast<double>(limit)) - std::ilogb(largest) + 1;
  while (std::ldexp(largest, exponent) > static_cast<double>(limit)) --exponent;
  return exponent;
}

// How one output's gradients become integers in one round: q = round(x * 2^exponent).
struct GradientScale {
  int bits = 16;  // 8, 16: stochastic; 32: to nearest even
  int g_exponent = 0;
  int h_exponent = 0;
  bool constant_hessian = false;  // every h is 1 and is its own integer
};

// 2^exponent as a double, exact for |exponent| < 1022.
RAMET_HD constexpr double pow2(int exponent) {
  const std::uint64_t bits = static_cast<std::uint64_t>(exponent + 1023) << 52;
  return __builtin_bit_cast(double, bits);
}

// Rounds x down or up with probabilities that make the expectation x (but for 2^-17); draw: 16 random bits.
RAMET_HD inline std::int32_t round_stochastic(double x, std::uint32_t draw) {
  return static_cast<std::int32_t>(std::floor(x + (static_cast<double>(draw) + 0.5) * 0x1p-16));
}

// Key of the rounding draws of one output in one round; counter = global row; low half for g, high half for
// h.
RAMET_HD constexpr std::uint64_t rounding_key(std::uint64_t seed, int round, int output) {
  return stream_key(seed, Stream::gradient_rounding, static_cast<std::uint64_t>(round),
                    static_cast<std::uint64_t>(output));
}

// Wide leaf sums: x * 2^e rounded to nearest, with rows * |x| * 2^e < 2^62.
inline int wide_exponent(double largest, std::int64_t total_rows) {
  int log2_rows = 0;
  while ((std::int64_t{1} << log2_rows) < total_rows) ++log2_rows;
  return scale_exponent(largest, (std::int64_t{1} << (62 - log2_rows)) - 1);
}

}  // namespace ramet::math
