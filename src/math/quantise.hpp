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

// Of x > 0: the place of its highest bit, and the smallest e with 2^e >= x.
RAMET_HD constexpr int log2_floor(std::uint64_t x) {
  int place = 0;
  for (int step = 32; step > 0; step /= 2) {
    if (x >> step == 0) continue;
    x >>= step;
    place += step;
  }
  return place;
}
RAMET_HD constexpr int log2_ceil(std::uint64_t x) { return x <= 1 ? 0 : log2_floor(x - 1) + 1; }

// The largest e <= max_scale_exponent with largest * 2^e <= limit; 0 if largest is 0. At least -1022.
// `largest` is finite and >= 0, 4 <= limit <= 2^62.
RAMET_HD constexpr int scale_exponent(double largest, std::int64_t limit) {
  if (!(largest > 0)) return 0;
  const auto bits = __builtin_bit_cast(std::uint64_t, largest);
  const std::uint64_t fraction = bits & 0xfffffffffffffu;
  const bool normal = bits >> 52 != 0;
  const std::uint64_t mantissa = normal ? fraction | (std::uint64_t{1} << 52) : fraction;
  // largest = mantissa * 2^lowest. Both numbers are compared with their highest bits at place 63.
  const int lowest = normal ? static_cast<int>(bits >> 52) - 1075 : -1074;
  const int place = log2_floor(mantissa);
  const auto bound = static_cast<std::uint64_t>(limit);
  const int bound_place = log2_floor(bound);
  const bool above = mantissa << (63 - place) > bound << (63 - bound_place);
  const int exponent = bound_place - (lowest + place) - (above ? 1 : 0);
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

// x to the nearest integer, ties to even, for |x| < 2^51.
RAMET_HD constexpr std::int64_t nearest(double x) {
  // Adding 1.5 x 2^52 leaves no place for a fraction, and the integer in the low bits.
  const double shifted = x + 0x1.8p52;
  return __builtin_bit_cast(std::int64_t, shifted) - __builtin_bit_cast(std::int64_t, 0x1.8p52);
}

// Key of the rounding draws of one output in one round; counter = global row; low half for g, high half for
// h.
RAMET_HD constexpr std::uint64_t rounding_key(std::uint64_t seed, int round, int output) {
  return stream_key(seed, Stream::gradient_rounding, static_cast<std::uint64_t>(round),
                    static_cast<std::uint64_t>(output));
}

// Exponent for wide leaf sums: the largest e with rows * |x| * 2^e < 2^62, for total_rows <= 2^48. x * 2^e is
// rounded to nearest.
RAMET_HD constexpr int wide_exponent(double largest, std::int64_t total_rows) {
  const int log2_rows = log2_ceil(static_cast<std::uint64_t>(total_rows));
  return scale_exponent(largest, (std::int64_t{1} << (62 - log2_rows)) - 1);
}

// The most bits that gradients of so many rows may have: their integers' sum cannot leave an int64.
RAMET_HD constexpr int most_gradient_bits(std::int64_t total_rows) {
  return 62 - log2_ceil(static_cast<std::uint64_t>(total_rows));
}

// Key of the survey for heavy tails of one output in one round, and whether it looks at a global row.
RAMET_HD constexpr std::uint64_t survey_key(std::uint64_t seed, int round, int output) {
  constexpr std::uint64_t salt = 0x5bd1e995;  // keeps it apart from the rounding draws
  return rounding_key(seed, round, output) ^ salt;
}
RAMET_HD constexpr bool in_survey(std::uint64_t key, std::uint64_t row) {
  return draw32(key, row / 16) % 16 == row % 16;
}

// Whether floats with this biased exponent lie below one step, 2^-exponent. Denormals (biased 0) are not told
// apart: below steps from 2^-126 on, not below smaller ones.
RAMET_HD constexpr bool below_step(int biased, int exponent) {
  return biased == 0 ? -exponent >= -126 : biased - 127 < -exponent;
}

}  // namespace ramet::math
