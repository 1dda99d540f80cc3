#include "cuda/metric_kernels.hpp"

#include <type_traits>
#include <variant>

#include "cuda/dynamic_shared.cuh"
#include "cuda/exact_tally.cuh"
#include "cuda/launch.cuh"
#include "math/score.hpp"
#include "metric/valid.hpp"

namespace ramet::cuda {
namespace {

using Wide = unsigned long long;

constexpr unsigned all_lanes = 0xffffffffu;
constexpr std::int64_t no_row = std::numeric_limits<std::int64_t>::max();

// A row's margins, which lie a column apart.
struct RowMargins {
  const std::int64_t* scores = nullptr;
  std::int64_t stride = 0;
  const std::int32_t* unit_exponents = nullptr;

  __device__ double operator[](int k) const { return math::to_margin(scores[k * stride], unit_exponents[k]); }
};

template <class M>
__device__ double term_of(const M& metric, const TermPass& pass, std::int64_t row, double label) {
  const RowMargins margins{pass.scores + row, pass.rows, pass.unit_exponents};
  if constexpr (M::traits.multiclass) {
    return metric.term(margins, pass.outputs, label);
  } else {
    const double margin = margins[0];
    return metric.term(&margin, 1, label);
  }
}

__device__ double weight_of(const TermPass& pass, std::int64_t row) {
  return pass.weights != nullptr ? pass.weights[row] : 1.0;
}

__device__ void report_bad_row(const TermPass& pass, std::int64_t row) {
  auto* sums = reinterpret_cast<Wide*>(pass.sums);
  if (row != no_row) atomicMax(sums + SumLayout::bad_row, static_cast<Wide>(no_row - row));
}

// Dynamic shared memory: cells for the terms, and, where there are weights, for these.
template <class M>
__global__ void __launch_bounds__(block_threads) sum_terms(M metric, metric::Labels labels, TermPass pass) {
  auto* terms = dynamic_shared<std::int32_t>();
  const bool weighted = pass.weights != nullptr;
  std::int32_t* weights = terms + tally_cells;
  for (unsigned i = threadIdx.x; i < (weighted ? 2 : 1) * tally_cells; i += block_threads) terms[i] = 0;
  __syncthreads();
  std::int64_t bad_row = no_row;
  unsigned infinite = 0;
  const std::int64_t step = std::int64_t{gridDim.x} * block_threads;
  for (std::int64_t row = std::int64_t{blockIdx.x} * block_threads + threadIdx.x; row < pass.rows;
       row += step) {
    const double label = pass.labels[row];
    const double weight = weight_of(pass, row);
    if (!metric::valid_label(labels, label, pass.outputs) || !metric::valid_weight(weight)) {
      bad_row = row < bad_row ? row : bad_row;
      continue;
    }
    if (weight == 0) continue;  // also where the term is infinite
    const double term = term_of(metric, pass, row, label) * weight;
    if (metric::is_finite(term)) {
      add_exactly(terms, term);
    } else {
      ++infinite;
    }
    if (weighted) add_exactly(weights, weight);
  }
  infinite = __reduce_add_sync(all_lanes, infinite);
  if (infinite != 0 && threadIdx.x % 32 == 0) {
    atomicAdd(reinterpret_cast<Wide*>(pass.sums) + SumLayout::infinite, static_cast<Wide>(infinite));
  }
  report_bad_row(pass, bad_row);
  __syncthreads();
  fold_exactly(terms, pass.sums + SumLayout::terms);
  if (weighted) fold_exactly(weights, pass.sums + SumLayout::weights);
}

__global__ void __launch_bounds__(block_threads) find_bad_row(metric::Labels labels, TermPass pass) {
  std::int64_t bad_row = no_row;
  double largest = 0;
  const std::int64_t step = std::int64_t{gridDim.x} * block_threads;
  for (std::int64_t row = std::int64_t{blockIdx.x} * block_threads + threadIdx.x; row < pass.rows;
       row += step) {
    const double weight = weight_of(pass, row);
    if (!metric::valid_label(labels, pass.labels[row], pass.outputs) || !metric::valid_weight(weight)) {
      bad_row = row < bad_row ? row : bad_row;
      continue;
    }
    largest = weight > largest ? weight : largest;
  }
  report_bad_row(pass, bad_row);
  for (int distance = 16; distance > 0; distance /= 2) {
    const double other = __shfl_xor_sync(all_lanes, largest, distance);
    largest = other > largest ? other : largest;
  }
  // Doubles that are not negative have the order of their bits.
  if (largest > 0 && threadIdx.x % 32 == 0) {
    atomicMax(reinterpret_cast<Wide*>(pass.sums) + SumLayout::largest_weight,
              __builtin_bit_cast(Wide, largest));
  }
}

}  // namespace

void sum_rows(const metric::Metric& metric, const TermPass& pass, std::int64_t blocks, cudaStream_t stream) {
  std::visit(
      [&](const auto& m) {
        using M = std::remove_cvref_t<decltype(m)>;
        if constexpr (metric::RowMetric<M>) {
          // A lane of the block adds 8 rows each time that the grid goes on.
          constexpr std::int64_t most_rows = most_lane_terms / (block_threads / 32) * block_threads;
          const std::int64_t filling = blocks_for(pass.rows, block_threads);
          const std::int64_t needed = blocks_for(pass.rows, most_rows);
          const std::int64_t grid = filling < blocks ? filling : (needed < blocks ? blocks : needed);
          launch(sum_terms<M>, grid, block_threads, (pass.weights != nullptr ? 2 : 1) * tally_bytes, stream,
                 m, M::traits.labels, pass);
        }
      },
      metric);
}

void check_rows(metric::Labels labels, const TermPass& pass, std::int64_t blocks, cudaStream_t stream) {
  const std::int64_t filling = blocks_for(pass.rows, block_threads);
  launch(find_bad_row, filling < blocks ? filling : blocks, block_threads, 0, stream, labels, pass);
}

}  // namespace ramet::cuda
