#include "cuda/rank_kernels.hpp"

#include "cuda/launch.cuh"
#include "math/quantise.hpp"
#include "metric/aucpr.hpp"

namespace ramet::cuda {
namespace {

using Wide = unsigned long long;

constexpr unsigned all_lanes = 0xffffffffu;
constexpr unsigned warps = block_threads / 32;

__device__ std::uint64_t biased(std::int64_t score) {
  return static_cast<std::uint64_t>(score) ^ std::uint64_t{1} << 63;
}

__device__ std::uint64_t key_of(const RankKey& key, std::int64_t score) {
  return key.descending ? key.origin - biased(score) : biased(score) - key.origin;
}

__device__ std::uint32_t weight_of(const RankedRows& rows, std::int64_t row) {
  if (rows.weights == nullptr) return 1;
  return static_cast<std::uint32_t>(math::nearest(rows.weights[row] * rows.weight_scale));
}

__device__ int class_of(const RankedRows& rows, std::int64_t row) { return rows.labels[row] > 0.5 ? 1 : 0; }

__device__ Wide warp_sum(Wide value) {
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(all_lanes, value, distance);
  return value;
}
__device__ Wide warp_max(Wide value) {
  for (int distance = 16; distance > 0; distance /= 2) {
    const Wide other = __shfl_xor_sync(all_lanes, value, distance);
    value = other > value ? other : value;
  }
  return value;
}

__device__ Wide* wide(std::uint64_t* value) { return reinterpret_cast<Wide*>(value); }

__global__ void __launch_bounds__(block_threads) summarise_kernel(RankedRows rows, RankSummary* summary) {
  __shared__ Wide found[6][warps];
  Wide mine[6] = {0, 0, 0, 0, 0, 0};  // two maxima, four sums
  const std::int64_t step = std::int64_t{gridDim.x} * block_threads;
  for (std::int64_t row = std::int64_t{blockIdx.x} * block_threads + threadIdx.x; row < rows.rows;
       row += step) {
    const std::uint64_t score = biased(rows.scores[row]);
    const std::uint32_t weight = weight_of(rows, row);
    const bool positive = class_of(rows, row) == 1;
    mine[0] = score > mine[0] ? score : mine[0];
    mine[1] = ~score > mine[1] ? ~score : mine[1];
    mine[2] += positive ? 0 : weight;
    mine[3] += positive ? weight : 0;
    mine[4] += positive ? 0 : 1;
    mine[5] += positive ? 1 : 0;
  }
  for (int i = 0; i < 6; ++i) {
    const Wide all = i < 2 ? warp_max(mine[i]) : warp_sum(mine[i]);
    if (threadIdx.x % 32 == 0) found[i][threadIdx.x / 32] = all;
  }
  __syncthreads();
  if (threadIdx.x >= 6) return;
  Wide all = 0;
  for (unsigned w = 0; w < warps; ++w) {
    const Wide value = found[threadIdx.x][w];
    all = threadIdx.x >= 2 ? all + value : (value > all ? value : all);
  }
  if (threadIdx.x == 0) atomicMax(wide(&summary->highest), all);
  if (threadIdx.x == 1) atomicMax(wide(&summary->lowest_inverse), all);
  if (threadIdx.x == 2 || threadIdx.x == 3) atomicAdd(wide(&summary->weight[threadIdx.x - 2]), all);
  if (threadIdx.x >= 4) atomicAdd(wide(&summary->rows[threadIdx.x - 4]), all);
}

constexpr int collect_batch = 8;  // rows of a thread
constexpr std::int64_t collect_rows = std::int64_t{collect_batch} * block_threads;

// A block takes its place in the output at once, then its warps theirs in that.
__global__ void __launch_bounds__(block_threads)
    collect_kernel(RankedRows rows, int label, RankKey key, std::uint64_t* keys, std::uint32_t* weights,
                   RankSummary* summary) {
  __shared__ unsigned count;
  __shared__ Wide first;
  if (threadIdx.x == 0) count = 0;
  __syncthreads();
  const std::int64_t begin = blockIdx.x * collect_rows + threadIdx.x;
  unsigned chosen = 0;  // bit i: row i of the thread is of the class
  for (int i = 0; i < collect_batch; ++i) {
    const std::int64_t row = begin + i * std::int64_t{block_threads};
    if (row < rows.rows && class_of(rows, row) == label) chosen |= 1u << i;
  }
  const auto mine = static_cast<unsigned>(__popc(chosen));
  const unsigned of_warp = __reduce_add_sync(all_lanes, mine);
  unsigned place = 0;
  if (threadIdx.x % 32 == 0 && of_warp != 0) place = atomicAdd(&count, of_warp);
  place = __shfl_sync(all_lanes, place, 0);
  __syncthreads();
  if (threadIdx.x == 0) first = atomicAdd(wide(&summary->written), static_cast<Wide>(count));
  __syncthreads();
  const unsigned below = (1u << threadIdx.x % 32) - 1;
  for (int i = 0; i < collect_batch; ++i) {
    const bool here = (chosen >> i & 1u) != 0;
    const unsigned ballot = __ballot_sync(all_lanes, here);
    if (here) {
      const std::int64_t row = begin + i * std::int64_t{block_threads};
      const std::uint64_t to = first + place + static_cast<unsigned>(__popc(ballot & below));
      keys[to] = key_of(key, rows.scores[row]);
      if (weights != nullptr) weights[to] = weight_of(rows, row);
    }
    place += static_cast<unsigned>(__popc(ballot));
  }
}

// Of the rows from `first` on that lie in order, the first whose key is at least (`beyond`: above) `key`.
__device__ std::int64_t first_row_from(const SortedClass& sorted, std::int64_t first, std::uint64_t key,
                                       bool beyond) {
  std::int64_t count = sorted.rows - first;
  while (count > 0) {
    const std::int64_t half = count / 2;
    const std::uint64_t here = sorted.keys[first + half];
    const bool before = here < key || (beyond && here == key);
    first = before ? first + half + 1 : first;
    count = before ? count - half - 1 : half;
  }
  return first;
}

// Given the first row with at least this key, the first one with more. Ties are rare.
__device__ std::int64_t end_of_ties(const SortedClass& sorted, std::int64_t first, std::uint64_t key) {
  if (first >= sorted.rows || sorted.keys[first] != key) return first;
  return first_row_from(sorted, first + 1, key, true);
}

__device__ std::uint64_t weight_before(const SortedClass& sorted, std::int64_t row) {
  return sorted.sums != nullptr ? sorted.sums[row] : static_cast<std::uint64_t>(row);
}

// The searches of neighbouring rows take the same way, so that they run in the first cache.
__global__ void __launch_bounds__(block_threads)
    pairs_kernel(SortedClass positives, SortedClass negatives, RankSummary* summary) {
  __shared__ Wide found[4][warps];
  Wide low = 0;
  Wide high = 0;
  const std::int64_t step = std::int64_t{gridDim.x} * block_threads;
  for (std::int64_t row = std::int64_t{blockIdx.x} * block_threads + threadIdx.x; row < positives.rows;
       row += step) {
    const std::uint64_t key = positives.keys[row];
    const std::int64_t begin = first_row_from(negatives, 0, key, false);
    const std::int64_t end = end_of_ties(negatives, begin, key);
    const Wide sum = weight_before(negatives, begin) + weight_before(negatives, end);
    const Wide weight = weight_before(positives, row + 1) - weight_before(positives, row);
    const Wide product = weight * sum;
    low += product;
    high += __umul64hi(weight, sum) + (low < product ? 1 : 0);
  }
  const Wide limbs[4] = {low & 0xffffffffu, low >> 32, high & 0xffffffffu, high >> 32};
  for (int i = 0; i < 4; ++i) {
    const Wide all = warp_sum(limbs[i]);
    if (threadIdx.x % 32 == 0) found[i][threadIdx.x / 32] = all;
  }
  __syncthreads();
  if (threadIdx.x >= 4) return;
  Wide all = 0;
  for (unsigned w = 0; w < warps; ++w) all += found[threadIdx.x][w];
  atomicAdd(wide(&summary->limbs[threadIdx.x]), all);
}

__global__ void __launch_bounds__(block_threads)
    precision_kernel(SortedClass positives, SortedClass negatives, double* terms) {
  const std::int64_t row = std::int64_t{blockIdx.x} * block_threads + threadIdx.x;
  if (row >= positives.rows) return;
  const std::uint64_t key = positives.keys[row];
  double term = 0;
  if (row == 0 || positives.keys[row - 1] != key) {
    const std::uint64_t before = weight_before(positives, row);
    const std::uint64_t through = weight_before(positives, end_of_ties(positives, row, key));
    const std::uint64_t others = weight_before(negatives, first_row_from(negatives, 0, key, true));
    term = metric::AucPr::term(through - before, through, others);
  }
  terms[row] = term;
}

std::int64_t grid_of(std::int64_t rows, std::int64_t blocks) {
  const std::int64_t filling = blocks_for(rows, block_threads);
  return filling < blocks ? filling : blocks;
}

}  // namespace

void summarise(const RankedRows& rows, RankSummary* summary, std::int64_t blocks, cudaStream_t stream) {
  launch(summarise_kernel, grid_of(rows.rows, blocks), block_threads, 0, stream, rows, summary);
}

void collect_class(const RankedRows& rows, int label, const RankKey& key, std::uint64_t* keys,
                   std::uint32_t* weights, RankSummary* summary, cudaStream_t stream) {
  launch(collect_kernel, blocks_for(rows.rows, collect_rows), block_threads, 0, stream, rows, label, key,
         keys, weights, summary);
}

void count_pairs(const SortedClass& positives, const SortedClass& negatives, RankSummary* summary,
                 std::int64_t blocks, cudaStream_t stream) {
  launch(pairs_kernel, grid_of(positives.rows, blocks), block_threads, 0, stream, positives, negatives,
         summary);
}

void precision_terms(const SortedClass& positives, const SortedClass& negatives, double* terms,
                     cudaStream_t stream) {
  launch(precision_kernel, blocks_for(positives.rows, block_threads), block_threads, 0, stream, positives,
         negatives, terms);
}

}  // namespace ramet::cuda
