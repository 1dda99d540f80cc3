// The best split of a warp's or block's threads.
#pragma once

#include <cuda_runtime.h>

#include "cuda/block_reduce.cuh"
#include "cuda/search_gain.cuh"

namespace ramet::cuda {

// In all lanes.
__device__ inline SearchBest warp_best(SearchBest best) {
  for (int distance = warp_threads / 2; distance > 0; distance /= 2) {
    SearchBest other;
    other.gain = __shfl_xor_sync(all_lanes, best.gain, distance);
    other.feature = __shfl_xor_sync(all_lanes, best.feature, distance);
    other.key = __shfl_xor_sync(all_lanes, best.key, distance);
    other.column = __shfl_xor_sync(all_lanes, best.column, distance);
    other.source = __shfl_xor_sync(all_lanes, best.source, distance);
    if (better(other, best)) best = other;
  }
  return best;
}

// In thread 0. Not twice without a barrier of the block between.
__device__ inline SearchBest block_best(SearchBest best) {
  __shared__ double gains[most_warps];
  __shared__ std::int32_t features[most_warps];
  __shared__ std::uint32_t keys[most_warps];
  __shared__ std::int32_t columns[most_warps];
  __shared__ std::int32_t sources[most_warps];
  best = warp_best(best);
  const unsigned warp = threadIdx.x / warp_threads;
  if (threadIdx.x % warp_threads == 0) {
    gains[warp] = best.gain;
    features[warp] = best.feature;
    keys[warp] = best.key;
    columns[warp] = best.column;
    sources[warp] = best.source;
  }
  __syncthreads();
  for (unsigned w = 1; threadIdx.x == 0 && w < blockDim.x / warp_threads; ++w) {
    const SearchBest other{gains[w], features[w], keys[w], columns[w], sources[w]};
    if (better(other, best)) best = other;
  }
  return best;
}

}  // namespace ramet::cuda
