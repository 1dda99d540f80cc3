// Margins as integers: units, leaf values, and their overflow checks (contract, rule 6).
#pragma once

#include <cmath>
#include <cstdint>

#include "math/quantise.hpp"

namespace ramet::math {

// Margins of one output are int64 multiples of 2^-unit_exponent.
inline constexpr int link_unit_exponent = 40;  // objectives with a link function

// For objectives on the scale of the labels: the largest e with spread * 2^e <= 2^40.
inline int label_unit_exponent(double spread) {
  return spread > 0 ? scale_exponent(spread, std::int64_t{1} << 40) : link_unit_exponent;
}

RAMET_HD constexpr double to_margin(std::int64_t units, int unit_exponent) {
  return static_cast<double>(units) * pow2(-unit_exponent);
}

// |margin| must stay below 2^62 units, so that one more tree cannot wrap.
inline constexpr std::int64_t max_margin_units = std::int64_t{1} << 62;

// The smallest shift >= 0 with largest_units / 2^shift (rounded) within int32.
inline int leaf_shift(std::int64_t largest_units) {
  int shift = 0;
  while ((largest_units >> shift) >= (std::int64_t{1} << 31) - 1) ++shift;
  return shift;
}

// units / 2^shift to nearest, ties to even.
inline std::int32_t leaf_to_int(std::int64_t units, int shift) {
  return static_cast<std::int32_t>(std::nearbyint(static_cast<double>(units) * pow2(-shift)));
}

}  // namespace ramet::math
