// How a launch's blocks are dealt out to leaves: each works on up to leaf_block_rows rows of one leaf.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/block_reduce.cuh"
#include "cuda/global_pointer.cuh"
#include "cuda/launch.hpp"
#include "cuda/leaves.hpp"

namespace ramet::cuda {

inline constexpr unsigned leaf_rows_per_thread = leaf_block_rows / block_threads;

// A block's leaf, and which of the leaf's rows are its own: [begin, end) of LeafTask::ids.
struct LeafBlock {
  LeafTask task;
  std::int32_t leaf;
  std::uint32_t begin;
  std::uint32_t end;
};

// The last leaf whose blocks begin at `block` or before: 32 probes at a time, each warp for itself, all
// threads of which take part. `count` > 0.
__device__ inline std::int32_t leaf_of_block(const LeafTask* leaves, std::int32_t count,
                                             std::uint32_t block) {
  const auto lane = static_cast<std::int32_t>(threadIdx.x % warp_threads);
  std::int32_t low = 0;
  std::int32_t high = count;
  while (high - low > 1) {
    const std::int32_t step = (high - low - 1) / static_cast<std::int32_t>(warp_threads) + 1;
    const std::int64_t probe = low + std::int64_t{lane} * step;
    const bool begun = probe < high && leaves[probe].first_block <= block;
    // Lane 0 has always begun, and the lanes that have are the first ones.
    low += (__popc(__ballot_sync(all_lanes, begun)) - 1) * step;
    high = high - low > step ? low + step : high;
  }
  return low;
}

__device__ inline LeafBlock leaf_block(const LeafTask* leaves, std::int32_t count) {
  LeafBlock block;
  block.leaf = leaf_of_block(leaves, count, blockIdx.x);
  block.task = leaves[block.leaf];
  const std::uint64_t begin =
      std::uint64_t{blockIdx.x - block.task.first_block} * std::uint64_t{leaf_block_rows};
  const std::uint64_t rows = block.task.count;
  block.begin = static_cast<std::uint32_t>(begin < rows ? begin : rows);
  block.end = static_cast<std::uint32_t>(begin + leaf_block_rows < rows ? begin + leaf_block_rows : rows);
  return block;
}

// Place of this thread's k-th row in its block: neighbouring threads have neighbouring rows.
__device__ inline std::uint32_t leaf_place(unsigned k) { return k * block_threads + threadIdx.x; }

// This thread's rows; 0, which is a row as well, at places from the block's end on.
__device__ inline void leaf_rows(const LeafBlock& block, std::uint32_t (&rows)[leaf_rows_per_thread]) {
  const std::uint32_t count = block.end - block.begin;
  const std::uint32_t* ids = global(block.task.ids);
  for (unsigned k = 0; k < leaf_rows_per_thread; ++k) {
    const std::uint32_t i = block.begin + leaf_place(k);
    rows[k] = leaf_place(k) >= count ? 0 : (ids != nullptr ? ids[i] : i);
  }
}

}  // namespace ramet::cuda
