// Going through one tile of a node's histogram with a block: first sums (and the subtraction), then prefixes.
//
// In byte tiles lanes are slots, so that a warp reads whole rows of cells, and a slot's codes are cut into
// segments, one for each thread that has the slot. In wide tiles a warp has a segment of the one column, and
// its lanes neighbouring codes.
#pragma once

#include <cuda_runtime.h>

#include "cuda/block_reduce.cuh"
#include "cuda/launch.hpp"
#include "cuda/search_gain.cuh"

namespace ramet::cuda {

inline constexpr std::int32_t tile_threads = static_cast<std::int32_t>(block_threads);
inline constexpr std::int32_t tile_warps = tile_threads / 32;

__device__ inline std::int32_t thread_index() { return static_cast<std::int32_t>(threadIdx.x); }

// The codes of the tile that this thread loads: first, first + step, ... < end.
struct ThreadCodes {
  std::int32_t column = -1;  // of DeviceColumns; -1: padding
  std::int32_t slots = 1;    // of the tile
  std::int32_t first = 0;
  std::int32_t end = 0;
  std::int32_t step = 1;
  std::int64_t cell = 0;  // of code 0

  __device__ bool wide() const { return slots == 1; }
  __device__ std::int64_t cell_of(std::int32_t code) const { return cell + std::int64_t{code} * slots; }
};

__device__ inline ThreadCodes codes_of_thread(const LayoutView& layout, const Tile& tile) {
  const std::int32_t slot = thread_index() % tile.slots;
  ThreadCodes mine;
  mine.column = layout.slot_columns[tile.first_slot + slot];
  mine.slots = tile.slots;
  mine.cell = tile.first_cell + slot;
  const std::int32_t segments = mine.wide() ? tile_warps : tile_threads / tile.slots;
  const std::int32_t segment = thread_index() * segments / tile_threads;
  const std::int32_t unit = mine.wide() ? 32 : 1;  // codes of a segment are a multiple of this
  const std::int32_t length = (tile.codes + segments * unit - 1) / (segments * unit) * unit;
  mine.first = segment * length + (mine.wide() ? thread_index() % 32 : 0);
  mine.step = unit;
  mine.end = mine.column < 0 ? 0 : min(tile.codes, (segment + 1) * length);
  return mine;
}

// A node's cells. Without `counted` there is no third plane.
template <bool counted>
struct NodeCells {
  std::int64_t* histogram = nullptr;
  const std::int64_t* parent = nullptr;
  const std::int64_t* sibling = nullptr;
  std::int64_t cells = 0;
  bool third_plane = false;
  bool h_counts_rows = false;

  __device__ NodeCells(const SearchSettings& s, const SearchTask& task, const LayoutView& layout)
      : histogram(task.histogram),
        parent(task.parent),
        sibling(task.sibling),
        cells(layout.cells),
        third_plane(counted && layout.planes == 3),
        h_counts_rows(s.h_counts_rows) {}

  __device__ DeviceSums load(std::int64_t cell) const {
    DeviceSums sums{histogram[cell], histogram[cells + cell], 0};
    if (counted && third_plane) sums.rows = histogram[2 * cells + cell];
    if (counted && !third_plane && h_counts_rows) sums.rows = sums.h;
    return sums;
  }
  // Sums of the thread's codes.
  __device__ DeviceSums sum(const ThreadCodes& mine) const {
    DeviceSums sums{sum_plane(0, mine), sum_plane(cells, mine), 0};
    if (counted && third_plane) sums.rows = sum_plane(2 * cells, mine);
    if (counted && !third_plane && h_counts_rows) sums.rows = sums.h;
    return sums;
  }

 private:
  // Where the node is a difference its cells are stored first, several at a time, since loads cannot pass
  // stores.
  __device__ std::int64_t sum_plane(std::int64_t plane, const ThreadCodes& mine) const {
    constexpr std::int32_t batch = 8;
    std::int64_t sum = 0;
    if (parent == nullptr) {
#pragma unroll 8
      for (std::int32_t code = mine.first; code < mine.end; code += mine.step) {
        sum += histogram[plane + mine.cell_of(code)];
      }
      return sum;
    }
    for (std::int32_t code = mine.first; code < mine.end; code += batch * mine.step) {
      std::int64_t values[batch];
#pragma unroll
      for (std::int32_t k = 0; k < batch; ++k) {
        const std::int64_t at = plane + mine.cell_of(code + k * mine.step);
        values[k] = code + k * mine.step < mine.end ? parent[at] - sibling[at] : 0;
      }
#pragma unroll
      for (std::int32_t k = 0; k < batch; ++k) {
        if (code + k * mine.step < mine.end)
          histogram[plane + mine.cell_of(code + k * mine.step)] = values[k];
        sum += values[k];
      }
    }
    return sum;
  }
};

__device__ inline DeviceSums shuffle_from(const DeviceSums& a, std::int32_t lane) {
  return {__shfl_sync(all_lanes, a.g, lane), __shfl_sync(all_lanes, a.h, lane),
          __shfl_sync(all_lanes, a.rows, lane)};
}

// Sums of this lane and of every stride'th before.
__device__ inline DeviceSums warp_prefix(DeviceSums a, std::int32_t stride = 1) {
  for (std::int32_t lanes = stride; lanes < 32; lanes *= 2) {
    const auto up = static_cast<unsigned>(lanes);
    const DeviceSums lower{__shfl_up_sync(all_lanes, a.g, up), __shfl_up_sync(all_lanes, a.h, up),
                           __shfl_up_sync(all_lanes, a.rows, up)};
    if (thread_index() % 32 >= lanes) a = a + lower;
  }
  return a;
}

// A thread's column at the node, after the first pass.
struct ColumnSums {
  DeviceSums total;
  DeviceSums before;   // of the codes before the thread's (wide: the warp's) segment
  DeviceSums missing;  // code 0
};

// First pass. To be called by the whole block. Padding has no sums.
template <bool counted>
__device__ ColumnSums sum_tile(const NodeCells<counted>& node, const ThreadCodes& mine) {
  __shared__ std::int64_t g[tile_warps][32];
  __shared__ std::int64_t h[tile_warps][32];
  __shared__ std::int64_t rows[tile_warps][32];
  const DeviceSums own = node.sum(mine);
  const DeviceSums prefix = warp_prefix(own, mine.slots);
  const std::int32_t warp = thread_index() / 32;
  const std::int32_t lane = thread_index() % 32;
  const std::int32_t last = lane - (32 - mine.slots);
  __syncthreads();  // the last tile's sums have been read
  if (last >= 0) {
    g[warp][last] = prefix.g;
    h[warp][last] = prefix.h;
    if (counted) rows[warp][last] = prefix.rows;
  }
  __syncthreads();
  ColumnSums result;
  if (mine.column < 0) return result;
  const std::int32_t slot = lane % mine.slots;
  for (std::int32_t w = 0; w < tile_warps; ++w) {
    if (w == warp) result.before = result.total;
    result.total = result.total + DeviceSums{g[w][slot], h[w][slot], counted ? rows[w][slot] : 0};
  }
  if (!mine.wide()) result.before = result.before + (prefix - own);
  result.missing = node.load(mine.cell);
  return result;
}

// What the caller is told of a node's sums.
template <bool counted>
__device__ DeviceSums reported_sums(const SearchSettings& s, const DeviceSums& total) {
  return {total.g, total.h, !counted && s.h_counts_rows ? total.h : total.rows};
}

// Second pass: visit(code, its sums, sums of codes 0 .. code) for the thread's codes.
template <bool counted, class Visit>
__device__ void scan_tile(const NodeCells<counted>& node, const ThreadCodes& mine, DeviceSums before,
                          const Visit& visit) {
  const bool wide = mine.wide();
  const std::int32_t ahead = wide ? thread_index() % 32 : 0;  // of the warp's first code
  DeviceSums next;
  if (mine.first < mine.end) next = node.load(mine.cell_of(mine.first));
  for (std::int32_t code = mine.first; code - ahead < mine.end; code += mine.step) {
    const DeviceSums cell = code < mine.end ? next : DeviceSums{};
    if (code + mine.step < mine.end) next = node.load(mine.cell_of(code + mine.step));
    const DeviceSums low = before + (wide ? warp_prefix(cell) : cell);
    before = wide ? shuffle_from(low, 31) : low;
    if (code < mine.end) visit(code, cell, low);
  }
}

}  // namespace ramet::cuda
