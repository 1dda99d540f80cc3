// Which candidates need their gain computed: a test in single precision that never drops one that could win.
//
// Of a split's gain S - P, S = g1^2 / (h1 + lambda) + g2^2 / (h2 + lambda) (an L1 term only lowers it), and P
// is the same for all. With b1, b2 = (h + lambda) / (H + lambda) and B = (gain to beat + P) (H + lambda), the
// split loses for certain if g1^2 b2 + g2^2 b1 < B b1 b2. All terms are sums and products of numbers that are
// not negative: each side's relative error is below 2^-20, and B is lowered by 2^-18, which also covers the
// double formula's rounding. Devices with few double units gain most.
#pragma once

#include <cuda_runtime.h>

#include "cuda/search_gain.cuh"

namespace ramet::cuda {

struct GainFilter {
  float h_unit = 0;  // in units of H + lambda
  float lambda = 0;
  double bound_unit = 0;  // (H + lambda) / g_unit^2; 0: everything passes
  double parent_score = 0;

  __device__ GainFilter(const SearchSettings& s, const SearchedNode& node) : parent_score(node.parent_score) {
    const double curvature = static_cast<double>(node.total.h) * node.h_unit + s.regularisation.lambda;
    h_unit = static_cast<float>(node.h_unit / curvature);
    lambda = static_cast<float>(s.regularisation.lambda / curvature);
    const bool precise = s.regularisation.lambda == 0 || lambda >= 0x1p-100f;
    if (precise && !(s.regularisation.max_delta_step > 0))
      bound_unit = curvature / (node.g_unit * node.g_unit);
  }

  // B of a gain that candidates must reach; 0, which all pass, where single precision does not hold it.
  __device__ float bound(double gain) const {
    const double b = (gain + parent_score) * bound_unit * (1 - 0x1p-18);
    return b >= 0x1p-100 && b <= 0x1p120 ? static_cast<float>(b) : 0.0f;
  }

  // True: the gain is below the one that `bound` stands for.
  __device__ bool loses(const DeviceSums& left, const DeviceSums& total, float bound) const {
    const auto left_g = static_cast<float>(left.g);
    const auto right_g = static_cast<float>(total.g - left.g);
    const float left_h = static_cast<float>(left.h) * h_unit + lambda;
    const float right_h = static_cast<float>(total.h - left.h) * h_unit + lambda;
    const float least = bound * left_h * right_h;
    return least >= 0x1p-100f && left_g * left_g * right_h + right_g * right_g * left_h < least;
  }
};

// Reads what other threads change by atomic operations meanwhile.
__device__ inline int atomic_read(int* value) {
#if defined(__CUDACC__)
  return *static_cast<volatile int*>(value);
#else
  return atomicMax(value, 0);  // the emulated device takes plain reads for races
#endif
}

// The highest bound that a block's threads know of, in shared memory: as an int, since floats that are not
// negative are in the same order.
struct SharedBound {
  int* value = nullptr;

  __device__ float get() const { return __int_as_float(atomic_read(value)); }
  __device__ void raise(float bound) const {
    const int to = __float_as_int(bound);
    if (to > atomic_read(value)) atomicMax(value, to);
  }
};

}  // namespace ramet::cuda
