// The best split of a warp's or block's threads.
#pragma once

#include <cuda_runtime.h>

#include "cuda/block_reduce.cuh"
#include "cuda/search_gain.cuh"

namespace ramet::cuda {

// In all lanes. The gain decides alone but for ties, which are rare.
__device__ inline SearchBest warp_best(SearchBest best) {
  if (__any_sync(all_lanes, best.gain > 0) == 0) return {};
  double gain = best.gain;
  for (int distance = warp_threads / 2; distance > 0; distance /= 2) {
    const double other = __shfl_xor_sync(all_lanes, gain, distance);
    gain = other > gain ? other : gain;
  }
  unsigned first = __ballot_sync(all_lanes, best.gain == gain);
  if ((first & (first - 1)) != 0) {
    const unsigned long long order =
        best.gain == gain ? static_cast<unsigned long long>(best.feature) << 32 | best.key : ~0ull;
    unsigned long long least = order;
    for (int distance = warp_threads / 2; distance > 0; distance /= 2) {
      const unsigned long long other = __shfl_xor_sync(all_lanes, least, distance);
      least = other < least ? other : least;
    }
    first = __ballot_sync(all_lanes, order == least);
  }
  const int lane = __ffs(static_cast<int>(first)) - 1;
  best.gain = gain;
  best.feature = __shfl_sync(all_lanes, best.feature, lane);
  best.key = __shfl_sync(all_lanes, best.key, lane);
  best.column = __shfl_sync(all_lanes, best.column, lane);
  best.source = __shfl_sync(all_lanes, best.source, lane);
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
