// Leaf values as weighted medians of the residuals: radix selection, a byte at a time, on exact integers.
#include <cstddef>
#include <limits>

#include "cuda/block_reduce.cuh"
#include "cuda/global_pointer.cuh"
#include "cuda/launch.cuh"
#include "cuda/leaf_block.cuh"
#include "cuda/leaf_units.cuh"
#include "cuda/leaves.hpp"
#include "math/quantise.hpp"

namespace ramet::cuda {
namespace {

constexpr unsigned radix = 256;
static_assert(radix == block_threads, "a thread per digit");

// Below every residual, and so is it of their complements: margins and labels are far from 2^63 units.
constexpr int lowest_byte = 0x80;
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();

// What the median is taken of, all on the device.
struct MedianRows {
  const LeafTask* leaves;
  std::int32_t count;
  const LeafOutput* outputs;
  const double* labels;
  const double* weights;  // null: all 1
  double weight_scale;
};

// What one thread has seen of its leaf.
struct SeenResiduals {
  std::int64_t total;  // weight
  std::int64_t largest;
  std::int64_t largest_complement;
};

// Writes the residuals and weights of this thread's rows to the block's place.
template <bool weighted>
__device__ SeenResiduals write_residuals(const LeafBlock& block, const MedianRows& from,
                                         std::int64_t* residuals, std::uint32_t* weights) {
  const LeafOutput output = from.outputs[block.task.output];
  const std::int64_t* output_scores = global(output.scores);
  const double label_scale = math::pow2(output.unit_exponent);
  std::uint32_t rows[leaf_rows_per_thread];
  leaf_rows(block, rows);
  SeenResiduals seen{0, lowest, lowest};
  constexpr unsigned together = 4;  // rows in flight
  for (unsigned first = 0; first < leaf_rows_per_thread; first += together) {
    double labels[together];
    std::int64_t scores[together];
    double row_weights[together];
    for (unsigned k = 0; k < together; ++k) {
      labels[k] = from.labels[rows[first + k]];
      scores[k] = output_scores[rows[first + k]];
      if (weighted) row_weights[k] = from.weights[rows[first + k]];
    }
    for (unsigned k = 0; k < together; ++k) {
      const std::uint32_t place = leaf_place(first + k);
      if (place >= block.end - block.begin) continue;
      const std::int64_t residual = __double2ll_rn(labels[k] * label_scale) - scores[k];
      residuals[place] = residual;
      seen.largest = Maximum{}(seen.largest, residual);
      seen.largest_complement = Maximum{}(seen.largest_complement, ~residual);
      const std::int64_t weight = weighted ? __double2ll_rn(row_weights[k] * from.weight_scale) : 1;
      if (weighted) weights[place] = static_cast<std::uint32_t>(weight);
      seen.total += weight;
    }
  }
  return seen;
}

// Writes all rows' residuals (and integer weights), and adds up the leaves' totals and ranges.
template <bool weighted>
__global__ void __launch_bounds__(block_threads, 4)
    gather_residuals_kernel(MedianRows rows, std::int64_t* residuals, std::uint32_t* weights,
                            std::int64_t* totals, std::int64_t* ranges) {
  __shared__ std::int64_t of_warps[3][most_warps];
  const LeafBlock block = leaf_block(rows.leaves, rows.count);
  if (block.begin == block.end) return;
  const std::int64_t first = std::int64_t{blockIdx.x} * leaf_block_rows;
  SeenResiduals seen = write_residuals<weighted>(block, rows, residuals + first, weights + first);
  seen.total = reduce_block(seen.total, of_warps[0], Sum{});
  seen.largest = reduce_block(seen.largest, of_warps[1], Maximum{});
  seen.largest_complement = reduce_block(seen.largest_complement, of_warps[2], Maximum{});
  if (threadIdx.x != 0) return;
  atomicAdd(reinterpret_cast<unsigned long long*>(totals + block.leaf),
            static_cast<unsigned long long>(seen.total));
  auto* range = reinterpret_cast<long long*>(ranges + 2 * std::int64_t{block.leaf});
  atomicMax(range, static_cast<long long>(seen.largest));
  atomicMax(range + 1, static_cast<long long>(seen.largest_complement));
}

__global__ void begin_medians_kernel(const std::int64_t* totals, const std::int64_t* ranges,
                                     std::int32_t count, LeafMedian* medians) {
  const std::int64_t l = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (l >= count) return;
  LeafMedian median;
  median.least = ~ranges[2 * l + 1];
  median.total = totals[l];
  // Without weight there is nothing to search.
  median.span = median.total == 0
                    ? 0
                    : static_cast<std::uint64_t>(ranges[2 * l]) - static_cast<std::uint64_t>(median.least);
  median.prefix = 0;
  median.before = 0;
  medians[l] = median;
}

// Leaves whose residuals are all below 2^shift have the digit 0 there.
__device__ bool has_digit(const LeafMedian& median, int shift) { return median.span >> shift != 0; }

__device__ bool matches(std::uint64_t key, std::uint64_t prefix, int shift) {
  return shift == 56 || (key ^ prefix) >> (shift + 8) == 0;
}

// counters[256 * leaf + d] += weight of the leaf's rows whose residuals go on with digit d.
template <bool weighted>
__global__ void __launch_bounds__(block_threads)
    count_digits_kernel(const LeafTask* leaves, std::int32_t count, int shift, const LeafMedian* medians,
                        const std::int64_t* residuals, const std::uint32_t* weights, std::int64_t* counters) {
  // Sums of the weights' low and high 16 bits: neither can overflow, and 32-bit additions are native.
  __shared__ std::uint32_t low[radix];
  __shared__ std::uint32_t high[radix];
  const LeafBlock block = leaf_block(leaves, count);
  const LeafMedian median = medians[block.leaf];
  if (block.begin == block.end || !has_digit(median, shift)) return;
  low[threadIdx.x] = 0;
  if (weighted) high[threadIdx.x] = 0;
  __syncthreads();
  const std::int64_t first = std::int64_t{blockIdx.x} * leaf_block_rows;
  const std::uint32_t rows = block.end - block.begin;
  // What lies behind the leaf's last row is nobody's: its first row is read in its place.
  std::uint64_t keys[leaf_rows_per_thread];
  std::uint32_t row_weights[leaf_rows_per_thread];
  for (unsigned k = 0; k < leaf_rows_per_thread; ++k) {
    const std::int64_t at = first + (leaf_place(k) < rows ? leaf_place(k) : 0);
    keys[k] = static_cast<std::uint64_t>(residuals[at]) - static_cast<std::uint64_t>(median.least);
    row_weights[k] = weighted ? weights[at] : 1;
  }
  for (unsigned k = 0; k < leaf_rows_per_thread; ++k) {
    std::uint32_t digit = radix;
    if (leaf_place(k) < rows && matches(keys[k], median.prefix, shift)) {
      digit = static_cast<std::uint32_t>(keys[k] >> shift) & (radix - 1);
    }
    const std::uint32_t weight = row_weights[k];
    // Leading digits are the same in many rows: a warp adds those of one digit together.
    const unsigned peers = __match_any_sync(all_lanes, digit);
    const std::uint32_t low_sum =
        weighted ? __reduce_add_sync(peers, weight & 0xffffu) : static_cast<std::uint32_t>(__popc(peers));
    const std::uint32_t high_sum = weighted ? __reduce_add_sync(peers, weight >> 16) : 0;
    const bool first_peer =
        static_cast<unsigned>(__ffs(static_cast<int>(peers)) - 1) == threadIdx.x % warp_threads;
    if (digit == radix || !first_peer) continue;
    atomicAdd(&low[digit], low_sum);
    if (weighted) atomicAdd(&high[digit], high_sum);
  }
  __syncthreads();
  std::uint64_t sum = low[threadIdx.x];
  if (weighted) sum += std::uint64_t{high[threadIdx.x]} << 16;
  if (sum == 0) return;
  atomicAdd(reinterpret_cast<unsigned long long*>(counters) + std::int64_t{block.leaf} * radix + threadIdx.x,
            static_cast<unsigned long long>(sum));
}

// Sum of the block's values of this thread and those before it. `of_warps`: one entry per warp.
__device__ std::int64_t inclusive_scan(std::int64_t value, std::int64_t* of_warps) {
  const unsigned lane = threadIdx.x % warp_threads;
  const unsigned warp = threadIdx.x / warp_threads;
  for (unsigned distance = 1; distance < warp_threads; distance *= 2) {
    const std::int64_t other = __shfl_up_sync(all_lanes, value, distance);
    if (lane >= distance) value += other;
  }
  if (lane == warp_threads - 1) of_warps[warp] = value;
  __syncthreads();
  for (unsigned w = 0; w < warp; ++w) value += of_warps[w];
  return value;
}

// A block per leaf, a thread per digit: the first digit at which twice the weight reaches the total. Zeroes
// the counters for the next digit.
__global__ void __launch_bounds__(block_threads)
    choose_digits_kernel(int shift, LeafMedian* medians, std::int64_t* counters) {
  __shared__ std::int64_t of_warps[most_warps];
  const LeafMedian median = medians[blockIdx.x];
  if (!has_digit(median, shift)) return;
  std::int64_t* counter = counters + std::int64_t{blockIdx.x} * radix + threadIdx.x;
  const std::int64_t weight = *counter;
  *counter = 0;
  const std::int64_t up_to = median.before + inclusive_scan(weight, of_warps);
  // Totals are below 2^62: twice a sum fits where there is no sign.
  const bool below = 2 * static_cast<std::uint64_t>(up_to) < static_cast<std::uint64_t>(median.total);
  const auto digit = static_cast<unsigned>(__syncthreads_count(below ? 1 : 0));
  if (threadIdx.x != digit) return;
  medians[blockIdx.x].prefix = median.prefix | std::uint64_t{digit} << shift;
  medians[blockIdx.x].before = up_to - weight;
}

__global__ void median_units_kernel(const LeafMedian* medians, std::int32_t count, double eta,
                                    std::int64_t* units) {
  const std::int64_t l = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (l >= count) return;
  const LeafMedian& median = medians[l];
  const auto value = static_cast<std::int64_t>(static_cast<std::uint64_t>(median.least) + median.prefix);
  units[l] = median.total == 0 ? 0 : leaf_units(static_cast<double>(value) * eta);
}

}  // namespace

void LeafValues::weighted_median(const LeafTask* leaves, std::int32_t count, std::int64_t blocks,
                                 const LeafOutput* outputs, const double* labels, const double* weights,
                                 double largest_weight, DeviceComm& comm, std::int64_t* units,
                                 cudaStream_t stream) {
  if (count == 0) return;
  reserve_median(blocks);
  const auto leaf_count = static_cast<std::size_t>(count);
  fill_zero(sums_.data(), leaf_count, stream);
  fill_bytes(ranges_.data(), lowest_byte, 2 * leaf_count * sizeof(std::int64_t), stream);
  fill_zero(counters_.data(), radix * leaf_count, stream);
  // 32 bits for the largest weight.
  const double weight_scale = math::pow2(math::scale_exponent(largest_weight, 0xffff'ffff));
  const MedianRows rows{leaves, count, outputs, labels, weights, weight_scale};
  launch(weights == nullptr ? gather_residuals_kernel<false> : gather_residuals_kernel<true>, blocks,
         block_threads, 0, stream, rows, residuals_.data(), weights_.data(), sums_.data(), ranges_.data());
  comm.all_reduce_sum(sums_.data(), leaf_count, stream);
  comm.all_reduce_max(ranges_.data(), 2 * leaf_count, stream);
  constexpr unsigned threads = 64;
  launch(begin_medians_kernel, blocks_for(count, threads), threads, 0, stream, sums_.data(), ranges_.data(),
         count, medians_.data());
  for (int shift = 56; shift >= 0; shift -= 8) {
    launch(weights == nullptr ? count_digits_kernel<false> : count_digits_kernel<true>, blocks, block_threads,
           0, stream, leaves, count, shift, medians_.data(), residuals_.data(), weights_.data(),
           counters_.data());
    comm.all_reduce_sum(counters_.data(), radix * leaf_count, stream);
    launch(choose_digits_kernel, count, block_threads, 0, stream, shift, medians_.data(), counters_.data());
  }
  launch(median_units_kernel, blocks_for(count, threads), threads, 0, stream, medians_.data(), count,
         settings_.eta, units);
}

}  // namespace ramet::cuda
