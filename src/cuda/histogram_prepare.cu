#include "cuda/histogram_cells.cuh"
#include "cuda/histogram_work.cuh"
#include "cuda/launch.cuh"

namespace ramet::cuda {
namespace {

// Up to so many tasks each block finds the starts by itself, which is sooner done than another launch.
constexpr std::int32_t own_tasks = static_cast<std::int32_t>(histogram_threads);

__device__ std::int64_t warp_inclusive_sum(std::int64_t value) {
  for (unsigned step = 1; step < warp_lanes; step *= 2) {
    const std::int64_t below = __shfl_up_sync(full_warp, static_cast<long long>(value), step);
    if (threadIdx.x % warp_lanes >= step) value += below;
  }
  return value;
}

// Sum of the values of the threads before this one, and of all; adds the latter to `total`. All threads of
// the block.
__device__ std::int64_t block_exclusive_sum(std::int64_t value, std::int64_t& total) {
  __shared__ std::int64_t warp_sums[histogram_threads / warp_lanes];
  const unsigned warp = threadIdx.x / warp_lanes;
  const std::int64_t inclusive = warp_inclusive_sum(value);
  if (threadIdx.x % warp_lanes == warp_lanes - 1) warp_sums[warp] = inclusive;
  __syncthreads();
  std::int64_t before = inclusive - value;
  std::int64_t all = 0;
  for (unsigned w = 0; w < histogram_threads / warp_lanes; ++w) {
    if (w == warp) before += all;
    all += warp_sums[w];
  }
  total += all;
  __syncthreads();
  return before;
}

// All threads of the block.
__device__ void write_starts(const BuildTask* tasks, std::int32_t count, const WorkStarts& starts) {
  std::int64_t byte_total = 0;
  std::int64_t wide_total = 0;
  for (std::int32_t first = 0; first < count; first += static_cast<std::int32_t>(histogram_threads)) {
    const std::int32_t i = first + static_cast<std::int32_t>(threadIdx.x);
    std::int64_t byte_work = 0;
    std::int64_t wide_work = 0;
    if (i < count) {
      const std::int64_t length = unit_length(tasks[i]);
      byte_work = length * tasks[i].layout->byte_tiles;
      wide_work = length * tasks[i].layout->wide_slices;
    }
    const std::int64_t byte_before = byte_total;
    const std::int64_t wide_before = wide_total;
    const std::int64_t byte_start = byte_before + block_exclusive_sum(byte_work, byte_total);
    const std::int64_t wide_start = wide_before + block_exclusive_sum(wide_work, wide_total);
    if (i < count) {
      starts.byte_tiles[i] = byte_start;
      starts.wide_slices[i] = wide_start;
    }
  }
  if (threadIdx.x == 0) {
    starts.byte_tiles[count] = byte_total;
    starts.wide_slices[count] = wide_total;
  }
  __syncthreads();
}

// Zeroes this block's share of the cells of the unit that the end of its span cuts in two. All threads of the
// block.
template <class Cells>
__device__ void zero_cut_unit(const BuildTask* tasks, std::int32_t count, const std::int64_t* starts,
                              std::int64_t blocks, const Cells& unit_cells) {
  const Spans spans = make_spans(starts, count, blocks);
  const std::int64_t cut = spans.length * (std::int64_t{blockIdx.x} + 1);
  if (cut >= spans.total) return;
  const std::int32_t t = find_task(starts, count, cut);
  const BuildTask& task = tasks[t];
  const UnitPlace place = unit_at(task, starts[t], cut);
  if (cut == place.begin || cut >= place.begin + task.count) return;
  const std::int64_t first_cut = place.begin / spans.length + 1;
  const std::int64_t last_cut = (place.begin + task.count - 1) / spans.length;
  const std::int64_t share = std::int64_t{blockIdx.x} + 1 - first_cut;
  const std::int64_t step = (last_cut - first_cut + 1) * histogram_threads;
  const UnitCells cells = unit_cells(*task.layout, place.unit);
  for (std::int64_t plane = 0; plane < task.layout->planes; ++plane) {
    auto* pairs = reinterpret_cast<longlong2*>(task.histogram + plane * task.layout->cells + cells.first);
    for (std::int64_t i = share * histogram_threads + threadIdx.x; i < cells.count / 2; i += step) {
      pairs[i] = make_longlong2(0, 0);
    }
  }
}

__global__ void __launch_bounds__(histogram_threads)
    starts_kernel(const BuildTask* tasks, std::int32_t count, WorkStarts starts) {
  write_starts(tasks, count, starts);
}

// `find`: the starts are not there yet.
__global__ void __launch_bounds__(histogram_threads)
    zero_kernel(const BuildTask* tasks, std::int32_t count, WorkStarts starts, WorkBlocks blocks, bool find) {
  __shared__ std::int64_t byte_starts[own_tasks + 1];
  __shared__ std::int64_t wide_starts[own_tasks + 1];
  WorkStarts seen = starts;
  if (find) {
    seen = {byte_starts, wide_starts};
    write_starts(tasks, count, seen);
  }
  if (find && blockIdx.x == 0) {
    for (auto i = static_cast<std::int32_t>(threadIdx.x); i <= count;
         i += static_cast<std::int32_t>(histogram_threads)) {
      starts.byte_tiles[i] = byte_starts[i];
      starts.wide_slices[i] = wide_starts[i];
    }
  }
  if (blockIdx.x < blocks.byte_tiles) {
    zero_cut_unit(tasks, count, seen.byte_tiles, blocks.byte_tiles,
                  [](const LayoutView& layout, std::int32_t unit) { return tile_cells(layout.tiles[unit]); });
  }
  if (blockIdx.x < blocks.wide_slices) {
    zero_cut_unit(tasks, count, seen.wide_slices, blocks.wide_slices,
                  [](const LayoutView& layout, std::int32_t unit) { return find_slice(layout, unit).cells; });
  }
}

}  // namespace

void launch_prepare(const BuildTask* tasks, std::int32_t count, WorkStarts starts, WorkBlocks blocks,
                    cudaStream_t stream) {
  const bool find = count <= own_tasks;
  if (!find) launch(starts_kernel, 1, histogram_threads, 0, stream, tasks, count, starts);
  launch(zero_kernel, max(blocks.byte_tiles, blocks.wide_slices), histogram_threads, 0, stream, tasks, count,
         starts, blocks, find);
}

}  // namespace ramet::cuda
