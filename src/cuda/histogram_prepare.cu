#include "cuda/histogram_work.cuh"
#include "cuda/launch.cuh"

namespace ramet::cuda {
namespace {

constexpr int zeroing_blocks = 4;  // of a multiprocessor, for all histograms together

__device__ std::int64_t warp_inclusive_sum(std::int64_t value) {
  for (unsigned step = 1; step < warp_lanes; step *= 2) {
    const std::int64_t below = __shfl_up_sync(full_warp, static_cast<long long>(value), step);
    if (threadIdx.x % warp_lanes >= step) value += below;
  }
  return value;
}

// Sum of the values of the threads before this one; adds the block's total to `total`. All threads of the
// block.
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
    const std::int64_t byte_base = byte_total;
    const std::int64_t wide_base = wide_total;
    const std::int64_t byte_before = block_exclusive_sum(byte_work, byte_total);
    const std::int64_t wide_before = block_exclusive_sum(wide_work, wide_total);
    if (i < count) {
      starts.byte_tiles[i] = byte_base + byte_before;
      starts.wide_slices[i] = wide_base + wide_before;
    }
  }
  if (threadIdx.x != 0) return;
  starts.byte_tiles[count] = byte_total;
  starts.wide_slices[count] = wide_total;
}

// Block 0 finds the starts; `parts` blocks zero each histogram.
__global__ void __launch_bounds__(histogram_threads)
    prepare_kernel(const BuildTask* tasks, std::int32_t count, unsigned parts, WorkStarts starts) {
  if (blockIdx.x == 0) {
    write_starts(tasks, count, starts);
    return;
  }
  const unsigned part = (blockIdx.x - 1) % parts;
  const BuildTask& task = tasks[(blockIdx.x - 1) / parts];
  // Cells come in multiples of 32.
  const std::int64_t pairs = task.layout->cells * task.layout->planes / 2;
  auto* sums = reinterpret_cast<longlong2*>(task.histogram);
  const std::int64_t step = std::int64_t{parts} * histogram_threads;
  for (std::int64_t i = std::int64_t{part} * histogram_threads + threadIdx.x; i < pairs; i += step) {
    sums[i] = make_longlong2(0, 0);
  }
}

}  // namespace

void launch_prepare(const BuildTask* tasks, std::int32_t count, WorkStarts starts, cudaStream_t stream) {
  const std::int64_t parts = blocks_for(resident_blocks(zeroing_blocks), count);
  launch(prepare_kernel, 1 + count * parts, histogram_threads, 0, stream, tasks, count,
         static_cast<unsigned>(parts), starts);
}

}  // namespace ramet::cuda
