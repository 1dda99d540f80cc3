#include "cuda/dynamic_shared.cuh"
#include "cuda/histogram_cells.cuh"
#include "cuda/histogram_limbs.cuh"
#include "cuda/histogram_work.cuh"
#include "cuda/launch.cuh"
#include "cuda/resident_grid.cuh"

// A unit is a slice of a column's codes: its sums stand in shared memory, g before h, as 32-bit integers. The
// slice's first codes are likely to be frequent (missing values, the largest categories): each has one cell a
// lane, so that rows of the same code do not wait for each other.
namespace ramet::cuda {
namespace {

constexpr unsigned spread_codes = histogram_threads / warp_lanes;
constexpr unsigned spread_cells = spread_codes * warp_lanes;
constexpr unsigned plane_cells = spread_cells + slice_codes - spread_codes;
constexpr std::size_t shared_bytes = 2 * plane_cells * sizeof(std::uint32_t);
constexpr int most_blocks_per_multiprocessor = 3;
constexpr unsigned lane_rows = 4;  // loaded together, so that their latencies overlap

__device__ unsigned cell_of(std::uint32_t code, unsigned lane) {
  return code < spread_codes ? code * warp_lanes + lane : code + (spread_cells - spread_codes);
}

// Adds rows [first, last) of the task, where their codes are in the slice.
__device__ void add_segment(std::uint32_t* cells, const Slice& slice, const std::uint32_t* ids,
                            std::uint32_t first, std::uint32_t last, const Limb& limb) {
  const unsigned lane = threadIdx.x % warp_lanes;
  for (std::uint32_t i = first + threadIdx.x; i < last; i += lane_rows * histogram_threads) {
    std::uint32_t id[lane_rows];
    std::uint32_t code[lane_rows];
    std::uint32_t pair[lane_rows];
    for (unsigned r = 0; r < lane_rows; ++r) {
      const std::uint32_t within = min(i + r * histogram_threads, last - 1);
      id[r] = ids == nullptr ? within : __ldg(ids + within);
    }
    for (unsigned r = 0; r < lane_rows; ++r) {
      code[r] = __ldg(slice.codes + id[r]) - slice.first_code;
      pair[r] = limb.pairs == nullptr ? 1u : __ldg(limb.pairs + id[r]);
    }
    for (unsigned r = 0; r < lane_rows; ++r) {
      if (i + r * histogram_threads >= last || code[r] >= slice.code_count) continue;
      const uint2 values = limb_values(limb, pair[r]);
      std::uint32_t* cell = cells + cell_of(code[r], lane);
      atomicAdd(cell, values.x);
      if (limb.pairs != nullptr) atomicAdd(cell + plane_cells, values.y);
    }
  }
}

// Takes one plane of cells to the histogram and sets them to 0. `store`: nothing is there yet.
__device__ void flush_plane(std::uint32_t* cells, const Slice& slice, unsigned long long* target,
                            bool is_signed, unsigned shift, bool store) {
  // Each warp adds up one of the codes that are spread over the lanes.
  std::uint32_t sum = cells[threadIdx.x];
  cells[threadIdx.x] = 0;
  for (unsigned step = warp_lanes / 2; step > 0; step /= 2) {
    sum += __shfl_xor_sync(full_warp, sum, static_cast<int>(step));
  }
  if (threadIdx.x % warp_lanes == 0) put_sum(target + threadIdx.x / warp_lanes, sum, is_signed, shift, store);
  const auto codes = static_cast<std::uint32_t>(slice.cells.count);
  for (std::uint32_t code = spread_codes + threadIdx.x; code < codes; code += histogram_threads) {
    std::uint32_t* cell = cells + cell_of(code, 0);
    put_sum(target + code, *cell, is_signed, shift, store);
    *cell = 0;
  }
}

__device__ void add_slice(std::uint32_t* cells, const BuildTask& task, const Slice& slice,
                          const UnitRows& rows) {
  std::uint32_t first = rows.first;
  do {
    const std::uint32_t last = first + min(rows.last - first, most_segment_rows);
    for_each_limb(task, [&](const Limb& limb) {
      add_segment(cells, slice, task.ids, first, last, limb);
      __syncthreads();
      const bool store = rows.whole && first == 0 && limb.first;
      unsigned long long* target = limb.plane + slice.cells.first;
      flush_plane(cells, slice, target, limb.g_signed, limb.shift, store);
      if (limb.pairs != nullptr) {
        flush_plane(cells + plane_cells, slice, target + task.layout->cells, false, limb.shift, store);
      }
      __syncthreads();
    });
    first = last;
  } while (first < rows.last);
}

__global__ void __launch_bounds__(histogram_threads, 3)
    wide_histogram_kernel(const BuildTask* tasks, std::int32_t count, const std::int64_t* starts) {
  auto* cells = dynamic_shared<std::uint32_t>();
  for (unsigned i = threadIdx.x; i < 2 * plane_cells; i += histogram_threads) cells[i] = 0;
  __syncthreads();
  for_each_unit(tasks, count, starts, [&](const BuildTask& task, const UnitRows& rows) {
    add_slice(cells, task, find_slice(*task.layout, rows.unit), rows);
  });
}

}  // namespace

std::int64_t wide_histogram_blocks() {
  return resident_grid(wide_histogram_kernel, histogram_threads, shared_bytes,
                       most_blocks_per_multiprocessor);
}

void launch_wide_histogram(std::int64_t blocks, const BuildTask* tasks, std::int32_t count,
                           const std::int64_t* starts, cudaStream_t stream) {
  launch(wide_histogram_kernel, blocks, histogram_threads, shared_bytes, stream, tasks, count, starts);
}

}  // namespace ramet::cuda
