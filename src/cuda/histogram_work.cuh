// How the blocks of a histogram kernel share its work: a sequence of units (task, tile or slice), each as
// long as the task has rows, cut into equal spans, one a block.
//
// Where all rows of a unit are in one span, its block stores the sums. The sums of a unit that several spans
// share are zeroed first and then added to; there are fewer of those than there are blocks.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/histogram_work.hpp"
#include "cuda/launch.hpp"

namespace ramet::cuda {

inline constexpr unsigned histogram_threads = block_threads;
inline constexpr unsigned warp_lanes = 32;
inline constexpr unsigned full_warp = 0xffffffffu;
// Taking a unit's sums to the histogram takes about as long as adding so many rows; a unit is that much
// longer.
inline constexpr std::uint32_t flush_rows = 512;
// A block has at least so much to do, so that small nodes are not spread over the whole device.
inline constexpr std::int64_t least_span = 2 * flush_rows;
// Sums of so many 16-bit values fit 32 bits.
inline constexpr std::uint32_t most_segment_rows = 65'536;

// What a unit of the task adds to the sequence.
__device__ inline std::int64_t unit_length(const BuildTask& task) {
  return std::int64_t{task.count} + flush_rows;
}

// Block b has [b * length, (b + 1) * length) of the sequence.
struct Spans {
  std::int64_t total = 0;
  std::int64_t length = 0;
};

__device__ inline Spans make_spans(const std::int64_t* starts, std::int32_t count, std::int64_t blocks) {
  const std::int64_t total = starts[count];
  return {total, max((total + blocks - 1) / blocks, least_span)};
}

// Number of the last task that begins at or before `at`. All threads of the block.
__device__ inline std::int32_t find_task(const std::int64_t* starts, std::int32_t count, std::int64_t at) {
  std::int32_t before = 0;
  for (std::int32_t first = 0; first < count; first += static_cast<std::int32_t>(histogram_threads)) {
    const std::int32_t i = first + static_cast<std::int32_t>(threadIdx.x);
    before += __syncthreads_count(i < count && starts[i] <= at ? 1 : 0);
  }
  return before - 1;
}

// A unit, and where its rows begin in the sequence.
struct UnitPlace {
  std::int32_t unit = 0;
  std::int64_t begin = 0;
};

// The unit of a task that begins at `start` in which `at` lies.
__device__ inline UnitPlace unit_at(const BuildTask& task, std::int64_t start, std::int64_t at) {
  const std::int64_t length = unit_length(task);
  const std::int64_t unit = (at - start) / length;
  return {static_cast<std::int32_t>(unit), start + unit * length};
}

// Rows [first, last) of a unit. `whole`: they are all that it has, which may be none.
struct UnitRows {
  std::int32_t unit = 0;
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  bool whole = false;
};

// Calls add(task, rows) for the units, or parts of them, that make up this block's span. All threads of the
// block call it alike.
template <class Add>
__device__ void for_each_unit(const BuildTask* tasks, std::int32_t count, const std::int64_t* starts,
                              const Add& add) {
  const Spans spans = make_spans(starts, count, gridDim.x);
  std::int64_t at = spans.length * blockIdx.x;
  const std::int64_t end = min(at + spans.length, spans.total);
  if (at >= end) return;
  std::int32_t t = find_task(starts, count, at);
  while (at < end) {
    while (starts[t + 1] <= at) ++t;
    const BuildTask& task = tasks[t];
    const UnitPlace place = unit_at(task, starts[t], at);
    const std::int64_t task_rows = task.count;
    const std::int64_t from = at - place.begin;
    const std::int64_t to = min(end - place.begin, unit_length(task));
    const UnitRows rows{place.unit, static_cast<std::uint32_t>(min(from, task_rows)),
                        static_cast<std::uint32_t>(min(to, task_rows)), from == 0 && to >= task_rows};
    if (rows.first < rows.last || rows.whole) add(task, rows);
    at = place.begin + to;
  }
}

}  // namespace ramet::cuda
