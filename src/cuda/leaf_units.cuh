// From a leaf's value to the integer that it adds to margins.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <limits>

#include "math/score.hpp"

namespace ramet::cuda {

// What stands for a leaf value that is too large.
inline constexpr std::int64_t no_leaf_units = std::numeric_limits<std::int64_t>::min();

// To nearest even; no_leaf_units from 2^62 on, and for NaN.
__device__ inline std::int64_t leaf_units(double units) {
  const auto most = static_cast<double>(math::max_margin_units);
  // Doubles of that size are integers, so that rounding cannot bring one up to it.
  return units > -most && units < most ? __double2ll_rn(units) : no_leaf_units;
}

}  // namespace ramet::cuda
