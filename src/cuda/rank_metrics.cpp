#include "cuda/rank_metrics.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "base/tasks.hpp"
#include "cuda/check.hpp"
#include "cuda/launch.hpp"
#include "math/quantise.hpp"
#include "metric/auc.hpp"

namespace ramet::cuda {
namespace {

constexpr std::int64_t most_rows = (std::int64_t{1} << 31) - 1;
constexpr std::int64_t largest_integer_weight = 0xffffffff;
constexpr std::size_t terms_at_once = std::size_t{1} << 16;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Arrays start where all kinds of loads are aligned.
std::size_t aligned(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

std::size_t key_bytes(std::uint64_t rows) { return aligned((rows + 1) * sizeof(std::uint64_t)); }
std::size_t weight_bytes(std::uint64_t rows) { return aligned(rows * sizeof(std::uint32_t)); }

// Of the two buffers that a class is sorted in.
std::size_t class_bytes(std::uint64_t rows, bool weighted) {
  return 2 * key_bytes(rows) + (weighted ? 2 * weight_bytes(rows) : 0);
}

// Takes arrays from a piece of memory, one after the other.
struct Carver {
  std::uint8_t* at = nullptr;

  template <class T>
  T* take(std::size_t bytes) {
    return reinterpret_cast<T*>(std::exchange(at, at + bytes));
  }
};

SortBuffers take_buffers(Carver& memory, std::uint64_t rows, bool weighted) {
  SortBuffers buffers;
  for (std::uint64_t*& keys : buffers.keys) keys = memory.take<std::uint64_t>(key_bytes(rows));
  if (!weighted) return buffers;
  for (std::uint32_t*& weights : buffers.weights) weights = memory.take<std::uint32_t>(weight_bytes(rows));
  return buffers;
}

}  // namespace

double RankMetrics::auc(RankedRows rows, double largest_weight, cudaStream_t stream) {
  if (!summarise_classes(rows, largest_weight, stream)) return not_a_number;
  const Sorted sorted = sort(rows, false, false, stream);
  count_pairs(sorted.classes[1], sorted.classes[0], summary_.data(), blocks_, stream);
  const RankSummary& summary = download(stream);
  using Wide = metric::Auc::Wide;
  Wide twice_pairs = 0;
  for (int i = 0; i < 4; ++i) twice_pairs += Wide{summary.limbs[i]} << (32 * i);
  return metric::Auc::area(twice_pairs, found_.weight[1], found_.weight[0]);
}

double RankMetrics::auc_pr(RankedRows rows, double largest_weight, cudaStream_t stream) {
  if (!summarise_classes(rows, largest_weight, stream)) return not_a_number;
  const Sorted sorted = sort(rows, true, true, stream);
  precision_terms(sorted.classes[1], sorted.classes[0], sorted.terms, stream);
  const double area = sum_of(sorted.terms, sorted.classes[1].rows, stream);
  return area / static_cast<double>(found_.weight[1]);
}

std::int64_t RankMetrics::bytes(std::int64_t rows, bool weighted) {
  // All rows in one class, and what rounding up adds for the other.
  const auto count = static_cast<std::uint64_t>(rows);
  const std::size_t rounding = class_bytes(1, weighted) + aligned(1);
  return static_cast<std::int64_t>(class_bytes(count, weighted) + aligned(count * sizeof(double)) + rounding +
                                   aligned(sort_temporary_bytes(rows, weighted)) + sizeof(RankSummary));
}

bool RankMetrics::summarise_classes(RankedRows& rows, double largest_weight, cudaStream_t stream) {
  if (rows.rows > most_rows) {
    fail(ErrorCode::unsupported, "metrics of order take at most {} rows, not {}", most_rows, rows.rows);
  }
  if (blocks_ == 0) {
    blocks_ = resident_blocks(8);
    summary_ = DeviceArray<RankSummary>(1);
    host_ = PinnedArray<RankSummary>(1);
    terms_ = PinnedArray<double>(terms_at_once);
  }
  rows.weight_scale = math::pow2(math::scale_exponent(largest_weight, largest_integer_weight));
  fill_zero(summary_.data(), 1, stream);
  summarise(rows, summary_.data(), blocks_, stream);
  found_ = download(stream);
  return found_.weight[0] != 0 && found_.weight[1] != 0;
}

const RankSummary& RankMetrics::download(cudaStream_t stream) {
  copy(host_.data(), summary_.data(), 1, stream);
  check(cudaStreamSynchronize(stream), "evaluating a metric");
  return host_[0];
}

RankMetrics::Sorted RankMetrics::sort(const RankedRows& rows, bool descending, bool with_terms,
                                      cudaStream_t stream) {
  const bool weighted = rows.weights != nullptr;
  const auto most = static_cast<std::int64_t>(std::max(found_.rows[0], found_.rows[1]));
  const std::size_t of_terms = with_terms ? aligned(found_.rows[1] * sizeof(double)) : 0;
  const std::size_t of_temporary = aligned(sort_temporary_bytes(most, weighted));
  scratch_.reserve(class_bytes(found_.rows[0], weighted) + class_bytes(found_.rows[1], weighted) + of_terms +
                   of_temporary);
  Carver memory{scratch_.data()};
  Sorted sorted{.classes = {}, .terms = memory.take<double>(of_terms)};
  auto* const temporary = memory.take<std::uint8_t>(of_temporary);
  const std::uint64_t lowest = ~found_.lowest_inverse;
  const RankKey key{.origin = descending ? found_.highest : lowest, .descending = descending};
  const auto bits = static_cast<int>(std::bit_width(found_.highest - lowest));
  for (const int label : {0, 1}) {
    SortBuffers buffers = take_buffers(memory, found_.rows[label], weighted);
    buffers.temporary = temporary;
    buffers.temporary_bytes = of_temporary;
    fill_zero(&summary_.data()->written, 1, stream);
    collect_class(rows, label, key, buffers.keys[0], buffers.weights[0], summary_.data(), stream);
    sorted.classes[label] = sort_class(buffers, static_cast<std::int64_t>(found_.rows[label]), bits, stream);
  }
  return sorted;
}

double RankMetrics::sum_of(const double* terms, std::int64_t count, cudaStream_t stream) {
  const FloatMode mode;
  double sum = 0;
  for (std::size_t first = 0; first < static_cast<std::size_t>(count); first += terms_.size()) {
    const std::size_t part = std::min(terms_.size(), static_cast<std::size_t>(count) - first);
    copy(terms_.data(), terms + first, part, stream);
    check(cudaStreamSynchronize(stream), "evaluating a metric");
    for (const double term : terms_.span().first(part)) sum += term;
  }
  return sum;
}

}  // namespace ramet::cuda
