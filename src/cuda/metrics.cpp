#include "cuda/metrics.hpp"

#include <algorithm>

#include "cuda/check.hpp"
#include "cuda/launch.hpp"
#include "math/exact_sum.hpp"

namespace ramet::cuda {
namespace {

// Limbs that other sums' may be added to.
std::vector<std::int64_t> normalised(std::span<const std::int64_t> limbs) {
  math::ExactSum sum;
  std::ranges::copy(limbs, sum.limbs().begin());
  const std::span<std::int64_t> result = sum.limbs();
  return {result.begin(), result.end()};
}

std::int64_t bad_row_of(std::span<const std::int64_t> sums) {
  const std::int64_t found = sums[SumLayout::bad_row];
  return found == 0 ? -1 : std::numeric_limits<std::int64_t>::max() - found;
}

RankedRows ranked(const ScoredRows& rows) {
  return {.scores = rows.scores, .labels = rows.labels, .weights = rows.weights, .rows = rows.rows};
}

}  // namespace

Metrics::Metrics() : blocks_(resident_blocks(4)), sums_(SumLayout::size), host_(SumLayout::size) {}

TermPass Metrics::begin(const ScoredRows& rows, cudaStream_t stream) {
  unit_exponents_.reserve(rows.unit_exponents.size());
  copy(unit_exponents_.data(), rows.unit_exponents.data(), rows.unit_exponents.size(), stream);
  fill_zero(sums_.data(), sums_.size(), stream);
  return {.scores = rows.scores,
          .labels = rows.labels,
          .weights = rows.weights,
          .unit_exponents = unit_exponents_.data(),
          .sums = sums_.data(),
          .rows = rows.rows,
          .outputs = static_cast<std::int32_t>(rows.unit_exponents.size())};
}

std::span<const std::int64_t> Metrics::download(cudaStream_t stream) {
  copy(host_.data(), sums_.data(), sums_.size(), stream);
  check(cudaStreamSynchronize(stream), "evaluating a metric");
  return host_.span();
}

RowSums Metrics::row_sums(const metric::Metric& metric, const ScoredRows& rows, cudaStream_t stream) {
  sum_rows(metric, begin(rows, stream), blocks_, stream);
  const std::span<const std::int64_t> sums = download(stream);
  constexpr std::size_t limbs = math::ExactSum::limb_count;
  RowSums result{.terms = normalised(sums.subspan(SumLayout::terms, limbs)),
                 .weights = normalised(sums.subspan(SumLayout::weights, limbs)),
                 .infinite = sums[SumLayout::infinite],
                 .bad_row = bad_row_of(sums)};
  if (rows.weights == nullptr) {
    math::ExactSum count;
    count.add(static_cast<double>(rows.rows));
    std::ranges::copy(count.limbs(), result.weights.begin());
  }
  return result;
}

RowCheck Metrics::check_rows(const metric::Metric& metric, const ScoredRows& rows, cudaStream_t stream) {
  cuda::check_rows(metric::traits(metric).labels, begin(rows, stream), 2 * blocks_, stream);
  const std::span<const std::int64_t> sums = download(stream);
  return {.largest_weight = __builtin_bit_cast(double, sums[SumLayout::largest_weight]),
          .bad_row = bad_row_of(sums)};
}

double Metrics::auc(const ScoredRows& rows, double largest_weight, cudaStream_t stream) {
  return rank_.auc(ranked(rows), largest_weight, stream);
}

double Metrics::auc_pr(const ScoredRows& rows, double largest_weight, cudaStream_t stream) {
  return rank_.auc_pr(ranked(rows), largest_weight, stream);
}

}  // namespace ramet::cuda
