#include "cuda/ingest_numbers.hpp"

#include <algorithm>

#include "cuda/block_reduce.cuh"
#include "cuda/ingest_tile.cuh"
#include "cuda/launch.cuh"
#include "data/sort_key.hpp"

namespace ramet::cuda {
namespace {

constexpr std::int32_t warps = block_threads / warp_threads;
static_assert(tile_columns <= block_threads);

// Block b works on columns group_of(b), and on every (blocks / groups)th tile of their rows.
struct BlockShare {
  std::int32_t first_column;
  std::int32_t columns;
  std::int64_t first_tile;
  std::int64_t tile_step;
};

__device__ BlockShare share_of_block(const ReadableRows& rows) {
  const std::int32_t groups = (rows.columns + tile_columns - 1) / tile_columns;
  const auto group = static_cast<std::int32_t>(blockIdx.x % static_cast<unsigned>(groups));
  const std::int32_t first = group * tile_columns;
  const std::int32_t left = rows.columns - first;
  return {first, left < tile_columns ? left : tile_columns, blockIdx.x / static_cast<unsigned>(groups),
          gridDim.x / static_cast<unsigned>(groups)};
}

// A block's views: lanes that read along rows would fetch one each for every value.
struct SharedViews {
  __align__(8) unsigned char bytes[tile_columns * sizeof(NumberView)];
  __device__ NumberView* get() { return reinterpret_cast<NumberView*>(bytes); }
};

// By all threads of the block, up to a barrier.
__device__ const NumberView* load_views(const ReadableRows& rows, const BlockShare& share,
                                        SharedViews& shared) {
  NumberView* views = shared.get();
  const auto c = static_cast<std::int32_t>(threadIdx.x);
  if (c < share.columns) views[c] = rows.views[share.first_column + c];
  __syncthreads();
  return views;
}

struct AsNumber {
  using Out = double;
  __device__ Out operator()(double value) const { return value; }
};

struct AsKey {
  using Out = std::uint64_t;
  __device__ Out operator()(double value) const {
    return value == value ? data::key_of<std::uint64_t>(value + 0.0) : missing_key;
  }
};

template <class Convert>
__global__ void __launch_bounds__(block_threads)
    transpose(ReadableRows rows, typename Convert::Out* __restrict__ out) {
  __shared__ NumberTile tile;
  __shared__ SharedViews shared_views;
  const BlockShare share = share_of_block(rows);
  const NumberView* views = load_views(rows, share, shared_views);
  const std::int64_t tiles = (rows.count + tile_rows - 1) / tile_rows;
  const auto lane = static_cast<std::int32_t>(threadIdx.x % warp_threads);
  for (std::int64_t t = share.first_tile; t < tiles; t += share.tile_step) {
    const std::int64_t first = t * tile_rows;
    load_tile(rows, views, share.columns, first, tile);
    __syncthreads();
    if (lane < rows_of_tile(rows, first)) {
      for (auto c = static_cast<std::int32_t>(threadIdx.x / warp_threads); c < share.columns; c += warps)
        out[(share.first_column + c) * rows.count + first + lane] = Convert{}(tile[c][lane]);
    }
    __syncthreads();
  }
}

__global__ void __launch_bounds__(block_threads)
    mark_presence(ReadableRows rows, std::uint32_t* __restrict__ presence) {
  __shared__ NumberTile tile;
  __shared__ SharedViews shared_views;
  const BlockShare share = share_of_block(rows);
  const NumberView* views = load_views(rows, share, shared_views);
  const std::int64_t tiles = (rows.count + tile_rows - 1) / tile_rows;
  const auto lane = static_cast<std::int32_t>(threadIdx.x % warp_threads);
  const auto warp = static_cast<std::int32_t>(threadIdx.x / warp_threads);
  constexpr std::int32_t columns_a_warp = tile_columns / warps;
  std::uint32_t found[columns_a_warp] = {};
  for (std::int64_t t = share.first_tile; t < tiles; t += share.tile_step) {
    const std::int64_t first = t * tile_rows;
    load_tile(rows, views, share.columns, first, tile);
    __syncthreads();
    const bool in_tile = lane < rows_of_tile(rows, first);
    for (std::int32_t k = 0; k < columns_a_warp; ++k) {
      const std::int32_t c = warp + k * warps;
      if (!in_tile || c >= share.columns) continue;
      const double value = tile[c][lane];
      found[k] |= value == value ? has_present_value : has_missing_value;
    }
    __syncthreads();
  }
  for (std::int32_t k = 0; k < columns_a_warp; ++k) {
    const unsigned bits = (__any_sync(all_lanes, found[k] & has_missing_value) ? has_missing_value : 0u) |
                          (__any_sync(all_lanes, found[k] & has_present_value) ? has_present_value : 0u);
    if (lane == 0 && bits != 0) atomicOr(presence + share.first_column + warp + k * warps, bits);
  }
}

// As many blocks as the device holds at once, the same number for each group of columns.
std::int64_t blocks_of(const ReadableRows& rows) {
  const std::int64_t groups = blocks_for(rows.columns, tile_columns);
  const std::int64_t tiles = blocks_for(rows.count, tile_rows);
  if (groups == 0 || tiles == 0) return 0;
  constexpr int blocks_a_multiprocessor = 8;
  return groups *
         std::min(tiles, std::max<std::int64_t>(1, resident_blocks(blocks_a_multiprocessor) / groups));
}

}  // namespace

void copy_numbers(const ReadableRows& rows, double* out, cudaStream_t stream) {
  launch(transpose<AsNumber>, blocks_of(rows), block_threads, 0, stream, rows, out);
}

void make_sort_keys(const ReadableRows& rows, std::uint64_t* keys, cudaStream_t stream) {
  launch(transpose<AsKey>, blocks_of(rows), block_threads, 0, stream, rows, keys);
}

void find_presence(const ReadableRows& rows, std::uint32_t* presence, cudaStream_t stream) {
  launch(mark_presence, blocks_of(rows), block_threads, 0, stream, rows, presence);
}

}  // namespace ramet::cuda
