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

// Scales stop here, so that pow2 of an exponent and of its negative are normal numbers. Values below
// limit * 2^-960 come out smaller than they could be.
inline constexpr int max_scale_exponent = 960;

// The largest e <= max_scale_exponent with largest * 2^e <= limit; 0 if largest is 0. At least -1022.
// `largest` is finite and >= 0, 4 <= limit <= 2^62.
inline int scale_exponent(double largest, std::int64_t limit) {
  if (!(largest > 0)) return 0;
  auto bound = static_cast<double>(limit);
  if (static_cast<std::int64_t>(bound) > limit) bound = std::nextafter(bound, 0.0);
  int exponent = std::ilogb(bound) - std::ilogb(largest);
  if (std::ldexp(largest, exponent) > bound) --exponent;
  return exponent < max_scale_exponent ? exponent : max_scale_exponent;
}

// How one output's gradients become integers in one round: q = round(x * 2^exponent).
struct GradientScale {
  int bits = 16;  // 8, 16: stochastic; 32: to nearest even
  int g_exponent = 0;
  int h_exponent = 0;
  bool constant_hessian = false;  // every h is 1 and is its own integer
};

// 2^exponent, for |exponent| <= 1022 (math::exp2i takes any).
RAMET_HD constexpr double pow2(int exponent) {
  const std::uint64_t bits = static_cast<std::uint64_t>(exponent + 1023) << 52;
  return __builtin_bit_cast(double, bits);
}

// Rounds x down or up with probabilities that make the expectation x (but for 2^-17), for |x| < 2^30;
// integers stay as they are. draw: 16 random bits.
RAMET_HD inline std::int32_t round_stochastic(double x, std::uint32_t draw) {
  return static_cast<std::int32_t>(std::floor(x + (static_cast<double>(draw) + 0.5) * 0x1p-16));
}

// Key of the rounding draws of one output in one round; counter = global row; low half for g, high half for
// h.
RAMET_HD constexpr std::uint64_t rounding_key(std::uint64_t seed, int round, int output) {
  return stream_key(seed, Stream::gradient_rounding, static_cast<std::uint64_t>(round),
                    static_cast<std::uint64_t>(output));
}

// Exponent for wide leaf sums: the largest e with rows * |x| * 2^e < 2^62, for total_rows <= 2^48. x * 2^e is
// rounded to nearest.
inline int wide_exponent(double largest, std::int64_t total_rows) {
  int log2_rows = 0;
  while ((std::int64_t{1} << log2_rows) < total_rows) ++log2_rows;
  return scale_exponent(largest, (std::int64_t{1} << (62 - log2_rows)) - 1);
}

}  // namespace ramet::math
