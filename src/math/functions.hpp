// exp, log and their relatives as our own polynomials, for whatever reaches a model or a metric (contract,
// rule 1).
//
// Only + - * / and bit operations, so every machine and device returns the same bits. No tables and no jumps:
// special cases are selected at the end, so that GCC and Clang turn loops over these functions into SIMD code
// (GCC with -O3 -fno-trapping-math).
// Largest errors, measured by tests/math/functions_test.cpp against long double, in ulp of the result:
//   exp 0.95   log 0.85   log1p 0.9   sigmoid 2.3   softplus 1.6   logit 2.0
// NaN in gives NaN out; nothing sets errno. The polynomials were fitted at Chebyshev nodes with 300-bit
// arithmetic; the ways of reducing the argument are those of Muller, "Elementary Functions", ch. 11.
#pragma once

#include <cstdint>
#include <limits>

#include "math/host_device.hpp"

namespace ramet::math {

namespace detail {

RAMET_HD constexpr std::uint64_t bits_of(double x) { return __builtin_bit_cast(std::uint64_t, x); }
RAMET_HD constexpr double double_of(std::uint64_t bits) { return __builtin_bit_cast(double, bits); }

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
inline constexpr double log2_e = 0x1.71547652b82fep+0;
// log(2) in two pieces; the first has 41 bits, so that its product with an exponent is exact.
inline constexpr double ln2_high = 0x1.62e42fefa3000p-1;
inline constexpr double ln2_low = 0x1.3de6af278ece6p-42;

// (e^r - 1 - r) / r^2 for |r| <= log(2) / 2; relative error of the exponential 2^-61.
RAMET_HD constexpr double exp_tail(double r) {
  double p = 0x1.1f730349868cep-29;
  p = p * r + 0x1.af4de97ca4194p-26;
  p = p * r + 0x1.27e4db646b17ep-22;
  p = p * r + 0x1.71de0231960ebp-19;
  p = p * r + 0x1.a01a01a6d889cp-16;
  p = p * r + 0x1.a01a01abe7fe1p-13;
  p = p * r + 0x1.6c16c16c162d4p-10;
  p = p * r + 0x1.11111111100dcp-7;
  p = p * r + 0x1.5555555555556p-5;
  p = p * r + 0x1.5555555555557p-3;
  return p * r + 0.5;
}

// 2 (atanh(s) - s) / s as a function of z = s^2, for |s| <= 3 - sqrt(8); relative error of the logarithm
// 2^-57.
RAMET_HD constexpr double log_tail(double z) {
  double p = 0x1.2b5bd9a316a24p-3;
  p = p * z + 0x1.39fe16ad885a7p-3;
  p = p * z + 0x1.7462b6e311a89p-3;
  p = p * z + 0x1.c71c62ddb431bp-3;
  p = p * z + 0x1.2492492df7663p-2;
  p = p * z + 0x1.99999999952abp-2;
  p = p * z + 0x1.5555555555558p-1;
  return p * z;
}

// x = 2^exponent * mantissa with sqrt(1/2) <= mantissa < sqrt(2), for positive normal x.
struct Scaled {
  double exponent;
  double mantissa;
};
RAMET_HD constexpr Scaled scaled(double x) {
  constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcdu;
  constexpr std::uint64_t bias = 1024;
  const std::uint64_t bits = bits_of(x);
  const std::uint64_t biased = (bits - sqrt_half + (bias << 52)) >> 52;
  // An integer below 2^52 becomes a double by setting it under the exponent of 2^52.
  const double exponent = double_of(biased | 0x4330000000000000u) - (0x1p52 + 1024.0);
  return {.exponent = exponent, .mantissa = double_of(bits - (biased << 52) + (bias << 52))};
}

// exponent * log(2) + log(1 + f) + correction, for |f| < sqrt(2) - 1 and a correction far below f.
RAMET_HD constexpr double log_sum(double exponent, double f, double correction) {
  const double s = f / (2.0 + f);
  const double half_square = (0.5 * f) * f;
  const double small = s * (half_square + log_tail(s * s)) + (exponent * ln2_low + correction);
  return exponent * ln2_high - ((half_square - small) - f);
}

}  // namespace detail

// 2^n for any int: 0 below 2^-1074, infinity above 2^1023.
RAMET_HD constexpr double exp2i(int n) {
  const int clamped = n < -1100 ? -1100 : (n > 1100 ? 1100 : n);
  const auto biased = static_cast<std::uint64_t>(clamped + 2048);
  const double a = detail::double_of(((biased >> 1) - 1) << 52);
  const double b = detail::double_of(((biased - (biased >> 1)) - 1) << 52);
  return a * b;
}

// e^x; infinity above 709.78, 0 below -745.13, denormal results correctly scaled.
RAMET_HD constexpr double exp(double x) {
  constexpr double to_integer = 0x1.8p52;  // adding it rounds to an integer in the low bits
  double clamped = x < -746.0 ? -746.0 : x;
  clamped = clamped > 710.0 ? 710.0 : clamped;
  const double shifted = clamped * detail::log2_e + to_integer;
  const double n = shifted - to_integer;
  const double r = (clamped - n * detail::ln2_high) - n * detail::ln2_low;
  const double e = 1.0 + (r + (r * r) * detail::exp_tail(r));
  // 2^n as a product of two powers, since it need not be a normal number itself.
  const std::uint64_t biased = detail::bits_of(shifted) - detail::bits_of(to_integer) + 2048;
  const double a = detail::double_of(((biased >> 1) - 1) << 52);
  const double b = detail::double_of(((biased - (biased >> 1)) - 1) << 52);
  return (e * a) * b;
}

// Natural logarithm; -infinity at 0, NaN below.
RAMET_HD constexpr double log(double x) {
  const bool denormal = x < 0x1p-1022;
  const double widened = x * 0x1p54;
  const detail::Scaled s = detail::scaled(denormal ? widened : x);
  const double bias = denormal ? 54.0 : 0.0;
  double result = detail::log_sum(s.exponent - bias, s.mantissa - 1.0, 0.0);
  result = x < detail::infinity ? result : x;
  const double special = x == 0 ? -detail::infinity : detail::not_a_number;
  return x > 0 ? result : special;
}

// log(1 + x), accurate for small x too; -infinity at -1, NaN below.
RAMET_HD constexpr double log1p(double x) {
  const double sum = 1.0 + x;
  const detail::Scaled s = detail::scaled(sum);
  // What the sum lost, relative to it.
  const double lost = x < 1.0 ? x - (sum - 1.0) : 1.0 - (sum - x);
  const double correction = lost / sum;
  const bool near_zero = s.exponent == 0;
  const double f = near_zero ? x : s.mantissa - 1.0;
  double result = detail::log_sum(s.exponent, f, near_zero ? 0.0 : correction);
  result = x < detail::infinity ? result : x;
  const double special = x == -1.0 ? -detail::infinity : detail::not_a_number;
  return x > -1.0 ? result : special;
}

// 1 / (1 + e^-x), also where it is tiny.
RAMET_HD constexpr double sigmoid(double x) {
  const double e = exp(x < 0 ? x : -x);
  const double numerator = x < 0 ? e : 1.0;
  return numerator / (1.0 + e);
}

// log(1 + e^x) without overflow.
RAMET_HD constexpr double softplus(double x) {
  const double positive = x < 0 ? 0.0 : x;
  return positive + log1p(exp(x < 0 ? x : -x));
}

// log(p / (1 - p)), the inverse of sigmoid; -infinity at 0, infinity at 1, NaN outside [0, 1].
RAMET_HD constexpr double logit(double p) {
  // Around 1/2 the quotient is near 1 and would lose the digits of its logarithm.
  if (p >= 0.25 && p < 0.5) return -log1p((1.0 - 2.0 * p) / p);
  if (p >= 0.5 && p <= 0.75) return log1p((2.0 * p - 1.0) / (1.0 - p));
  return log(p / (1.0 - p));
}

}  // namespace ramet::math
