// The order of a column's categories: ascending by G / (H + cat_smooth), ties by code; in parallel by a
// block.
#pragma once

#include <cuda_runtime.h>

#include "cuda/search_tile.cuh"

namespace ramet::cuda {

inline constexpr double no_ratio = __builtin_huge_val();

// Categories in the making of their order.
struct Order {
  double* ratios = nullptr;
  std::uint16_t* codes = nullptr;
  std::int32_t capacity = 0;  // a power of two
  std::int32_t held = 0;      // how many are in the arrays
  std::int32_t usable = 0;    // how many there are in all
};

// A unit and one of its columns.
struct CategoryColumn {
  const SearchTask* tasks = nullptr;  // of the unit
  const DeviceSums* sums = nullptr;
  const double* parent_scores = nullptr;
  std::int32_t nodes = 0;
  std::int64_t cell = 0;  // of code 0
  std::int32_t slots = 0;
  std::int32_t column = 0;
  std::int32_t feature = 0;
  std::int32_t value_bins = 0;
};

__device__ inline bool before(double a_ratio, std::uint16_t a_code, double b_ratio, std::uint16_t b_code) {
  return a_ratio != b_ratio ? a_ratio < b_ratio : a_code < b_code;
}

// Sorts the categories held, ascending by (ratio, code). By the whole block.
__device__ __forceinline__ void sort_order(const Order& order) {
  std::int32_t size = 2;
  while (size < order.held) size *= 2;
  for (std::int32_t i = order.held + thread_index(); i < size; i += tile_threads) {
    order.ratios[i] = no_ratio;
    order.codes[i] = 0xffff;
  }
  for (std::int32_t run = 2; run <= size; run *= 2) {
    for (std::int32_t stride = run / 2; stride > 0; stride /= 2) {
      __syncthreads();
      for (std::int32_t pair = thread_index(); pair < size / 2; pair += tile_threads) {
        const std::int32_t low = 2 * pair - (pair & (stride - 1));
        const std::int32_t high = low + stride;
        const double a = order.ratios[low];
        const double b = order.ratios[high];
        const std::uint16_t a_code = order.codes[low];
        const std::uint16_t b_code = order.codes[high];
        const bool ascending = (low & run) == 0;
        if (before(b, b_code, a, a_code) != ascending) continue;
        order.ratios[low] = b;
        order.ratios[high] = a;
        order.codes[low] = b_code;
        order.codes[high] = a_code;
      }
    }
  }
  __syncthreads();
}

// Keeps the `ends` first and last of those held.
__device__ inline void keep_ends(Order& order, std::int32_t ends) {
  sort_order(order);
  // What moves ends up below where it was, but maybe where another was.
  for (std::int32_t base = 0; base < ends; base += tile_threads) {
    const std::int32_t i = base + thread_index();
    double ratio = 0;
    std::uint16_t code = 0;
    if (i < ends) {
      ratio = order.ratios[order.held - ends + i];
      code = order.codes[order.held - ends + i];
    }
    __syncthreads();
    if (i < ends) {
      order.ratios[ends + i] = ratio;
      order.codes[ends + i] = code;
    }
    __syncthreads();
  }
  order.held = 2 * ends;
}

__device__ inline DeviceSums unit_sums(const SearchSettings& s, const CategoryColumn& column,
                                       std::int32_t code) {
  DeviceSums sums;
  const std::int64_t cell = column.cell + static_cast<std::int64_t>(code) * column.slots;
#pragma unroll 4
  for (std::int32_t n = 0; n < column.nodes; ++n) {
    sums = sums + NodeCells<true>(s, column.tasks[n], *column.tasks[n].layout).load(cell);
  }
  return sums;
}

// Puts the usable categories in order; afterwards those with the lowest ratios stand at the front of the
// arrays, those with the highest at the end of what is held.
__device__ inline void order_categories(const SearchSettings& s, const CategoryColumn& column, Order& order) {
  __shared__ std::int32_t next;
  const double g_unit = column.tasks[0].scale->g_unit;
  const double h_unit = column.tasks[0].scale->h_unit;
  const unsigned lane = threadIdx.x % 32;
  __syncthreads();
  if (threadIdx.x == 0) next = 0;
  __syncthreads();
  order.held = 0;
  order.usable = 0;
  for (std::int32_t base = 1; base <= column.value_bins; base += tile_threads) {
    if (order.held + tile_threads > order.capacity && column.value_bins > order.capacity) {
      const std::int32_t held = order.held;
      keep_ends(order, s.max_threshold);
      order.usable += held - order.held;
      if (threadIdx.x == 0) next = order.held;
      __syncthreads();
    }
    const std::int32_t code = base + thread_index();
    double ratio = no_ratio;
    bool usable = false;
    if (code <= column.value_bins) {
      const DeviceSums sums = unit_sums(s, column, code);
      const double weight = static_cast<double>(sums.h) * h_unit + s.cat_smooth;
      usable = sums.rows >= s.min_category_rows && weight > 0;
      if (usable) ratio = static_cast<double>(sums.g) * g_unit / weight;
    }
    const unsigned all = __ballot_sync(all_lanes, usable);
    std::int32_t at = 0;
    if (lane == 0 && all != 0) at = atomicAdd(&next, __popc(all));
    at = __shfl_sync(all_lanes, at, 0) + __popc(all & ((1u << lane) - 1));
    if (usable) {
      order.ratios[at] = ratio;
      order.codes[at] = static_cast<std::uint16_t>(code);
    }
    __syncthreads();
    order.held = next;
    __syncthreads();
  }
  order.usable += order.held;
  sort_order(order);
}

// The code that a prefix of this length ends with.
__device__ inline std::int32_t code_at_length(const Order& order, bool back, std::int32_t length) {
  return order.codes[back ? order.held - length : length - 1];
}

}  // namespace ramet::cuda
