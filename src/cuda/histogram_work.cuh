// How the blocks of a histogram kernel share its work: a sequence of units (task, tile or slice), each as
// long as the task has rows, cut into equal spans.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/histogram_work.hpp"
#include "cuda/launch.hpp"

namespace ramet::cuda {

inline constexpr unsigned histogram_threads = block_threads;
inline constexpr unsigned warp_lanes = 32;
inline constexpr unsigned full_warp = 0xffffffffu;
// Adding a unit's sums to the histogram takes about as long as adding so many rows; a unit is that much
// longer.
inline constexpr std::uint32_t flush_rows = 512;
// A block has at least so much to do, so that small nodes are not spread over the whole device.
inline constexpr std::int64_t least_span = 2 * flush_rows;
// Sums of so many 16-bit values fit 32 bits.
inline constexpr std::uint32_t most_segment_rows = 65'536;

// What one unit of a task adds to the sequence.
__device__ inline std::int64_t unit_length(const BuildTask& task) {
  return task.count == 0 ? 0 : std::int64_t{task.count} + flush_rows;
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

// Calls add(task, unit, first, last) for rows [first, last) of units that together make up this block's span.
// All threads of the block call it alike.
template <class Add>
__device__ void for_each_unit(const BuildTask* tasks, std::int32_t count, const std::int64_t* starts,
                              const Add& add) {
  const std::int64_t total = starts[count];
  const std::int64_t blocks = gridDim.x;
  const std::int64_t span = max((total + blocks - 1) / blocks, least_span);
  std::int64_t at = span * blockIdx.x;
  const std::int64_t end = min(at + span, total);
  if (at >= end) return;
  std::int32_t t = find_task(starts, count, at);
  while (at < end) {
    while (starts[t + 1] <= at) ++t;
    const BuildTask& task = tasks[t];
    const std::int64_t length = unit_length(task);
    const std::int64_t unit = (at - starts[t]) / length;
    const std::int64_t from = at - starts[t] - unit * length;
    const std::int64_t to = min(from + (end - at), length);
    const auto first = static_cast<std::uint32_t>(min(from, std::int64_t{task.count}));
    const auto last = static_cast<std::uint32_t>(min(to, std::int64_t{task.count}));
    if (first < last) add(task, static_cast<std::int32_t>(unit), first, last);
    at += to - from;
  }
}

// What is added up for a row: words of a gradient array, or 1.
struct Limb {
  const std::uint32_t* pairs = nullptr;  // null: counts rows
  bool g_signed = true;
  unsigned shift = 0;                 // of the sums, on their way to the histogram
  unsigned long long* plane = nullptr;  // of g, or of counts; the one of h comes after it
};

// Calls pass(limb) for each of the passes over its rows that the task needs.
template <class Pass>
__device__ void for_each_limb(const BuildTask& task, const Pass& pass) {
  auto* planes = reinterpret_cast<unsigned long long*>(task.histogram);
  const bool wide = task.gradients.scale->limbs == 2;
  pass(Limb{task.gradients.low, !wide, 0, planes});
  if (wide) pass(Limb{task.gradients.high, true, 16, planes});
  if (task.layout->planes == 3) pass(Limb{nullptr, true, 0, planes + 2 * task.layout->cells});
}

// A row's part in the sums: g, and h in the second word; 1 and 0 if rows are counted.
__device__ __forceinline__ uint2 limb_values(const Limb& limb, std::uint32_t pair) {
  const std::uint32_t unsigned_g = pair & 0xffffu;
  const auto signed_g = static_cast<std::uint32_t>(static_cast<std::int16_t>(unsigned_g));
  return make_uint2(limb.g_signed ? signed_g : unsigned_g, pair >> 16);
}

// A 32-bit sum as it is added to the histogram.
__device__ __forceinline__ unsigned long long widened(std::uint32_t sum, bool is_signed, unsigned shift) {
  const std::int64_t value = is_signed ? std::int64_t{static_cast<std::int32_t>(sum)} : std::int64_t{sum};
  return static_cast<unsigned long long>(value) << shift;
}

}  // namespace ramet::cuda
