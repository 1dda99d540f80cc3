// What a block finds while it passes over gradients: maxima, bad rows, and the survey of exponents.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/gradient_kernels.hpp"
#include "math/quantise.hpp"

namespace ramet::cuda {

inline constexpr unsigned all_lanes = 0xffffffffu;

// One thread's findings in one output.
struct GradientTally {
  std::uint32_t largest_g = 0;  // bits
  std::uint32_t largest_h = 0;
  std::int64_t bad_row = no_bad_row;  // global
};

// The block's, in shared memory. Surveyed rows are so few (one in 16) that its warps can share the counters.
struct BlockTally {
  std::uint32_t counts[512];
  std::uint32_t largest[2];
};

// Before the first add_gradient; every thread of the block.
__device__ inline void clear_tally(BlockTally& block) {
  for (unsigned i = threadIdx.x; i < 512; i += blockDim.x) block.counts[i] = 0;
  if (threadIdx.x < 2) block.largest[threadIdx.x] = 0;
  __syncthreads();
}

__device__ inline void add_gradient(float g, float h, bool with_h, std::int64_t global_row, bool surveyed,
                                    GradientTally& mine, BlockTally& block) {
  constexpr std::uint32_t infinity_bits = 0x7f800000u;
  const std::uint32_t g_bits = __builtin_bit_cast(std::uint32_t, g) & 0x7fffffffu;
  const std::uint32_t h_bits = with_h ? __builtin_bit_cast(std::uint32_t, h) & 0x7fffffffu : 0;
  mine.largest_g = g_bits > mine.largest_g ? g_bits : mine.largest_g;
  mine.largest_h = h_bits > mine.largest_h ? h_bits : mine.largest_h;
  const bool bad = g_bits >= infinity_bits || h_bits >= infinity_bits;
  if (bad && global_row < mine.bad_row) mine.bad_row = global_row;
  if (!surveyed) return;
  if (g_bits != 0) atomicAdd(&block.counts[g_bits >> 23], 1u);
  if (h_bits != 0) atomicAdd(&block.counts[256 + (h_bits >> 23)], 1u);
}

// After the last add_gradient: folds the block's findings into those of output k. Every thread of the block.
__device__ inline void fold_tally(const GradientTally& mine, BlockTally& block, const GradientPass& pass,
                                  std::int32_t k) {
  using Wide = unsigned long long;
  auto* found = reinterpret_cast<Wide*>(pass.found);
  const FoundLayout layout{pass.outputs};
  const std::uint32_t largest_g = __reduce_max_sync(all_lanes, mine.largest_g);
  const std::uint32_t largest_h = __reduce_max_sync(all_lanes, mine.largest_h);
  if (threadIdx.x % 32 == 0) {
    atomicMax(&block.largest[0], largest_g);
    atomicMax(&block.largest[1], largest_h);
  }
  if (mine.bad_row != no_bad_row) {
    atomicMax(found + layout.bad_row(), static_cast<Wide>(no_bad_row - mine.bad_row));
  }
  __syncthreads();
  if (threadIdx.x < 2 && block.largest[threadIdx.x] != 0) {
    atomicMax(found + layout.largest_g(k) + threadIdx.x, static_cast<Wide>(block.largest[threadIdx.x]));
  }
  for (unsigned i = threadIdx.x; i < 512; i += blockDim.x) {
    if (block.counts[i] != 0) atomicAdd(found + layout.survey(k) + i, static_cast<Wide>(block.counts[i]));
  }
}

}  // namespace ramet::cuda
