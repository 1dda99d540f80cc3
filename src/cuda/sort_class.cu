#include <algorithm>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>

#include "cuda/launch.cuh"
#include "cuda/memory.hpp"
#include "cuda/rank_kernels.hpp"

namespace ramet::cuda {
namespace {

// sums[i + 1] = weights[i], to be added up in place.
__global__ void __launch_bounds__(block_threads)
    widen_kernel(const std::uint32_t* weights, std::int64_t rows, std::uint64_t* sums) {
  const std::int64_t row = std::int64_t{blockIdx.x} * block_threads + threadIdx.x;
  if (row < rows) sums[row + 1] = weights[row];
  if (row == 0) sums[0] = 0;
}

void sort_pairs(void* temporary, std::size_t& bytes, cub::DoubleBuffer<std::uint64_t>& keys,
                cub::DoubleBuffer<std::uint32_t>& weights, std::int64_t rows, int bits, cudaStream_t stream) {
  const auto count = static_cast<std::uint32_t>(rows);  // a narrow type makes CUB's kernels faster
  check(weights.Current() == nullptr
            ? cub::DeviceRadixSort::SortKeys(temporary, bytes, keys, count, 0, bits, stream)
            : cub::DeviceRadixSort::SortPairs(temporary, bytes, keys, weights, count, 0, bits, stream),
        "sorting scores");
}

void sum_up(void* temporary, std::size_t& bytes, std::uint64_t* values, std::int64_t rows,
            cudaStream_t stream) {
  check(cub::DeviceScan::InclusiveSum(temporary, bytes, values, values, static_cast<std::uint32_t>(rows),
                                      stream),
        "adding up weights");
}

}  // namespace

std::size_t sort_temporary_bytes(std::int64_t rows, bool weighted) {
  std::size_t sorting = 0;
  std::size_t summing = 0;
  // Only whether there are arrays matters here, not where.
  std::uint64_t* const keys = nullptr;
  std::uint32_t nothing = 0;
  std::uint32_t* const weights = weighted ? &nothing : nullptr;
  cub::DoubleBuffer<std::uint64_t> key_buffers(keys, keys);
  cub::DoubleBuffer<std::uint32_t> weight_buffers(weights, weights);
  sort_pairs(nullptr, sorting, key_buffers, weight_buffers, rows, 64, nullptr);
  if (weighted) sum_up(nullptr, summing, keys, rows, nullptr);
  return std::max(sorting, summing);
}

SortedClass sort_class(const SortBuffers& buffers, std::int64_t rows, int bits, cudaStream_t stream) {
  const bool weighted = buffers.weights[0] != nullptr;
  cub::DoubleBuffer<std::uint64_t> keys(buffers.keys[0], buffers.keys[1]);
  cub::DoubleBuffer<std::uint32_t> weights(buffers.weights[0], buffers.weights[1]);
  std::size_t bytes = buffers.temporary_bytes;
  // No bits: there is but one score.
  if (rows > 0 && bits > 0) sort_pairs(buffers.temporary, bytes, keys, weights, rows, bits, stream);
  SortedClass sorted{.keys = keys.Current(), .sums = nullptr, .rows = rows};
  if (!weighted) return sorted;
  std::uint64_t* sums = keys.Alternate();
  launch(widen_kernel, std::max<std::int64_t>(blocks_for(rows, block_threads), 1), block_threads, 0, stream,
         weights.Current(), rows, sums);
  bytes = buffers.temporary_bytes;
  if (rows > 0) sum_up(buffers.temporary, bytes, sums + 1, rows, stream);
  sorted.sums = sums;
  return sorted;
}

}  // namespace ramet::cuda
