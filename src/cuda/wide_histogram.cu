#include "cuda/dynamic_shared.cuh"
#include "cuda/histogram_work.cuh"
#include "cuda/launch.cuh"

// A unit is a slice of a column's codes: its sums stand in shared memory, g before h, as 32-bit integers. The
// slice's first codes are likely to be frequent (missing values, the largest categories): each has one cell a
// lane, so that rows of the same code do not wait for each other.
namespace ramet::cuda {
namespace {

constexpr unsigned spread_codes = histogram_threads / warp_lanes;
constexpr unsigned spread_cells = spread_codes * warp_lanes;
constexpr unsigned plane_cells = spread_cells + slice_codes - spread_codes;
constexpr std::size_t shared_bytes = 2 * plane_cells * sizeof(std::uint32_t);
constexpr unsigned lane_rows = 4;  // loaded together, so that their latencies overlap

struct Slice {
  const std::uint16_t* codes = nullptr;  // of all rows
  std::int64_t first_cell = 0;
  std::uint32_t first_code = 0;
  std::uint32_t code_count = 0;
};

// Slice `number` of the layout's wide tiles.
__device__ Slice find_slice(const LayoutView& layout, std::int32_t number) {
  std::int32_t low = layout.byte_tiles;
  std::int32_t high = layout.tile_count - 1;
  while (low < high) {
    const std::int32_t middle = (low + high + 1) / 2;
    if (layout.tiles[middle].first_slice <= number) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const Tile& tile = layout.tiles[low];
  const std::int32_t first = (number - tile.first_slice) * slice_codes;
  return {reinterpret_cast<const std::uint16_t*>(tile.rows), tile.first_cell + first,
          static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(min(tile.codes - first, slice_codes))};
}

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

// Adds one plane of cells to the histogram and sets them to 0.
__device__ void flush_plane(std::uint32_t* cells, const Slice& slice, unsigned long long* target,
                            bool is_signed, unsigned shift) {
  // Each warp adds up one of the codes that are spread over the lanes.
  std::uint32_t sum = cells[threadIdx.x];
  cells[threadIdx.x] = 0;
  for (unsigned step = warp_lanes / 2; step > 0; step /= 2) {
    sum += __shfl_xor_sync(full_warp, sum, static_cast<int>(step));
  }
  if (sum != 0 && threadIdx.x % warp_lanes == 0) {
    atomicAdd(target + threadIdx.x / warp_lanes, widened(sum, is_signed, shift));
  }
  for (std::uint32_t code = spread_codes + threadIdx.x; code < slice.code_count; code += histogram_threads) {
    std::uint32_t* cell = cells + cell_of(code, 0);
    if (*cell != 0) atomicAdd(target + code, widened(*cell, is_signed, shift));
    *cell = 0;
  }
}

__device__ void add_slice(std::uint32_t* cells, const BuildTask& task, const Slice& slice,
                          std::uint32_t first, std::uint32_t last) {
  const std::int64_t histogram_cells = task.layout->cells;
  while (first < last) {
    const std::uint32_t end = first + min(last - first, most_segment_rows);
    for_each_limb(task, [&](const Limb& limb) {
      add_segment(cells, slice, task.ids, first, end, limb);
      __syncthreads();
      unsigned long long* target = limb.plane + slice.first_cell;
      flush_plane(cells, slice, target, limb.g_signed, limb.shift);
      if (limb.pairs != nullptr) {
        flush_plane(cells + plane_cells, slice, target + histogram_cells, false, limb.shift);
      }
      __syncthreads();
    });
    first = end;
  }
}

__global__ void __launch_bounds__(histogram_threads, 3)
    wide_histogram_kernel(const BuildTask* tasks, std::int32_t count, const std::int64_t* starts) {
  auto* cells = dynamic_shared<std::uint32_t>();
  for (unsigned i = threadIdx.x; i < 2 * plane_cells; i += histogram_threads) cells[i] = 0;
  __syncthreads();
  for_each_unit(tasks, count, starts,
                [&](const BuildTask& task, std::int32_t unit, std::uint32_t first, std::uint32_t last) {
                  add_slice(cells, task, find_slice(*task.layout, unit), first, last);
                });
}

}  // namespace

std::int64_t wide_histogram_blocks() {
  allow_shared(wide_histogram_kernel, shared_bytes);
  int blocks = 0;
  check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, wide_histogram_kernel,
                                                      static_cast<int>(histogram_threads), shared_bytes),
        "asking for a kernel's occupancy");
  return resident_blocks(max(1, blocks));
}

void launch_wide_histogram(std::int64_t blocks, const BuildTask* tasks, std::int32_t count,
                           const std::int64_t* starts, cudaStream_t stream) {
  launch(wide_histogram_kernel, blocks, histogram_threads, shared_bytes, stream, tasks, count, starts);
}

}  // namespace ramet::cuda
