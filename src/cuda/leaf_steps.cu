// From leaf values in units to the integers that the model keeps and what they add to scores (contract, rule
// 6).
#include "cuda/block_reduce.cuh"
#include "cuda/launch.cuh"
#include "cuda/leaf_units.cuh"
#include "cuda/scores.hpp"
#include "math/score.hpp"

namespace ramet::cuda {
namespace {

// A block per tree.
__global__ void __launch_bounds__(block_threads)
    leaf_steps_kernel(const std::int64_t* units, const std::int32_t* first_leaf, std::int32_t* shifts,
                      std::int32_t* values, std::int64_t* steps) {
  __shared__ std::int64_t of_warps[most_warps];
  __shared__ std::int32_t shared_shift;
  const std::int32_t begin = first_leaf[blockIdx.x];
  const std::int32_t end = first_leaf[blockIdx.x + 1];
  const auto first = begin + static_cast<std::int32_t>(threadIdx.x);
  std::int64_t largest = 0;
  for (std::int32_t l = first; l < end; l += static_cast<std::int32_t>(block_threads)) {
    const std::int64_t u = units[l] == no_leaf_units ? 0 : units[l];
    largest = Maximum{}(largest, u < 0 ? -u : u);
  }
  largest = reduce_block(largest, of_warps, Maximum{});
  if (threadIdx.x == 0) {
    shared_shift = math::leaf_shift(largest);
    shifts[blockIdx.x] = shared_shift;
  }
  __syncthreads();
  const std::int32_t shift = shared_shift;
  for (std::int32_t l = first; l < end; l += static_cast<std::int32_t>(block_threads)) {
    const std::int64_t u = units[l] == no_leaf_units ? 0 : units[l];
    const std::int32_t value = math::leaf_to_int(u, shift);
    values[l] = value;
    steps[l] = value * (std::int64_t{1} << shift);
  }
}

}  // namespace

void leaf_steps(const std::int64_t* units, const std::int32_t* first_leaf, std::int32_t trees,
                std::int32_t* shifts, std::int32_t* values, std::int64_t* steps, cudaStream_t stream) {
  launch(leaf_steps_kernel, trees, block_threads, 0, stream, units, first_leaf, shifts, values, steps);
}

}  // namespace ramet::cuda
