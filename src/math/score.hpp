// Margins as integers: units, leaf values, and their overflow checks (contract, rule 6).
#pragma once

#include <cstdint>

#include "math/quantise.hpp"

namespace ramet::math {

// Margins of one output are int64 multiples of 2^-unit_exponent.
inline constexpr int link_unit_exponent = 40;  // objectives with a link function

// For objectives on the scale of the labels: the largest e with spread * 2^e <= 2^40.
RAMET_HD constexpr int label_unit_exponent(double spread) {
  return spread > 0 ? scale_exponent(spread, std::int64_t{1} << 40) : link_unit_exponent;
}

RAMET_HD constexpr double to_margin(std::int64_t units, int unit_exponent) {
  return static_cast<double>(units) * pow2(-unit_exponent);
}

// |margin| must stay below 2^62 units, so that one more tree cannot wrap.
inline constexpr std::int64_t max_margin_units = std::int64_t{1} << 62;

// The smallest shift >= 0 with largest_units / 2^shift, rounded, within int32. 0 <= largest_units <= 2^62.
RAMET_HD constexpr int leaf_shift(std::int64_t largest_units) {
  // 2^31 - 1/2 would round to 2^31.
  const auto twice = static_cast<std::uint64_t>(largest_units) * 2;
  int shift = 0;
  while (twice >= std::uint64_t{0xffffffff} << shift) ++shift;
  return shift;
}

// units / 2^shift to nearest, ties to even. |units| <= the number that leaf_shift gave the shift for.
RAMET_HD constexpr std::int32_t leaf_to_int(std::int64_t units, int shift) {
  if (shift == 0) return static_cast<std::int32_t>(units);
  const std::int64_t quotient = units >> shift;  // rounded down
  const std::int64_t rest = units - (quotient << shift);
  const std::int64_t half = std::int64_t{1} << (shift - 1);
  const bool up = rest > half || (rest == half && (quotient & 1) != 0);
  return static_cast<std::int32_t>(quotient + (up ? 1 : 0));
}

}  // namespace ramet::math
