// Combining one value of each thread of a warp or block into one: sums and maxima, in any order.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace ramet::cuda {

inline constexpr unsigned warp_threads = 32;
inline constexpr unsigned all_lanes = 0xffffffffu;
inline constexpr unsigned most_warps = 32;  // of a block

struct Sum {
  __device__ std::int64_t operator()(std::int64_t a, std::int64_t b) const { return a + b; }
};
struct Maximum {
  __device__ std::int64_t operator()(std::int64_t a, std::int64_t b) const { return a > b ? a : b; }
};

// Over the 32 threads of a warp; all of them take part and get the result.
template <class Combine>
__device__ inline std::int64_t reduce_warp(std::int64_t value, Combine combine) {
  for (int distance = warp_threads / 2; distance > 0; distance /= 2) {
    value = combine(value, __shfl_xor_sync(all_lanes, value, distance));
  }
  return value;
}

// Over the threads of a block of whole warps; thread 0 gets the result. `shared`: one entry per warp, used by
// nothing else between the block's barriers before and after.
template <class Combine>
__device__ inline std::int64_t reduce_block(std::int64_t value, std::int64_t* shared, Combine combine) {
  value = reduce_warp(value, combine);
  if (threadIdx.x % warp_threads == 0) shared[threadIdx.x / warp_threads] = value;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (unsigned w = 1; w < blockDim.x / warp_threads; ++w) value = combine(value, shared[w]);
  }
  return value;
}

}  // namespace ramet::cuda
