#include "metric/evaluate.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>
#include <vector>

#include "base/buffer.hpp"
#include "base/error.hpp"
#include "comm/agree.hpp"
#include "math/exact_sum.hpp"
#include "math/quantise.hpp"
#include "metric/row_terms.hpp"
#include "metric/sort_rows.hpp"
#include "metric/valid.hpp"

namespace ramet::metric {
namespace {

constexpr std::int64_t task_rows = 32 * term_block_rows;
constexpr std::int64_t most_sorted_rows = (std::int64_t{1} << 31) - 1;
constexpr std::int64_t largest_weight = 0xffffffff;
constexpr std::int64_t no_row = std::numeric_limits<std::int64_t>::max();

std::string allowed_labels(Labels labels, std::int32_t outputs) {
  switch (labels) {
    case Labels::any:
      return "finite";
    case Labels::non_negative:
      return "finite and not negative";
    case Labels::unit_interval:
      return "between 0 and 1";
    case Labels::binary:
      return "0 or 1";
    case Labels::class_index:
      return fmt::format("a whole number between 0 and {}", outputs - 1);
  }
  return {};
}

bool valid_row(const ScoredSet& set, Labels labels, std::int64_t row) {
  return valid_label(labels, set.labels[row], set.outputs) &&
         (set.weights.empty() || valid_weight(set.weights[row]));
}

void check_outputs(const Traits& traits, std::int32_t outputs) {
  if (traits.multiclass && outputs < 2) {
    fail(ErrorCode::invalid_parameter,
         "metric = {}: needs two margins a row or more, one for each class, not {}", traits.name, outputs);
  }
  if (!traits.multiclass && outputs != 1) {
    fail(ErrorCode::invalid_parameter,
         "metric = {}: needs one margin a row, not {} (for classes use mlogloss or merror)", traits.name,
         outputs);
  }
}

void check_sizes(const Traits& traits, const ScoredSet& set) {
  const auto rows = static_cast<std::size_t>(set.rows);
  if (set.labels.size() != rows) {
    fail(ErrorCode::invalid_data, "metric = {}: needs {} labels, one a row, not {}", traits.name, rows,
         set.labels.size());
  }
  if (!set.weights.empty() && set.weights.size() != rows) {
    fail(ErrorCode::invalid_data, "metric = {}: needs {} weights, one a row, not {}", traits.name, rows,
         set.weights.size());
  }
}

[[noreturn]] void fail_row(const Traits& traits, const ScoredSet& set, std::int64_t row) {
  const std::int64_t global = set.first_row + row;
  if (!valid_label(traits.labels, set.labels[row], set.outputs)) {
    fail(ErrorCode::invalid_data, "row {}: label = {}: must be {} for metric = {}", global, set.labels[row],
         allowed_labels(traits.labels, set.outputs), traits.name);
  }
  fail(ErrorCode::invalid_data, "row {}: weight = {}: must be finite and not negative", global,
       set.weights[row]);
}

// Sums over rows; infinite terms are only counted, since an exact sum has no place for them.
struct RowSums {
  math::ExactSum terms;
  math::ExactSum weights;
  std::int64_t infinite = 0;
  std::int64_t bad_row = no_row;

  void add_term(double term) {
    if (is_finite(term)) {
      terms.add(term);
    } else {
      ++infinite;
    }
  }
  void add(const RowSums& other) {
    terms.add(other.terms);
    weights.add(other.weights);
    infinite += other.infinite;
    bad_row = std::min(bad_row, other.bad_row);
  }
};

void add_block(const Metric& metric, const ScoredSet& set, std::int64_t begin, std::int64_t end,
               double* scratch, RowSums& sums) {
  const Labels labels = traits(metric).labels;
  for (std::int64_t r = begin; r < end; ++r) {
    if (valid_row(set, labels, r)) continue;
    sums.bad_row = std::min(sums.bad_row, r);
    return;
  }
  std::array<double, term_block_rows> terms;
  row_terms(metric, set, begin, end - begin, scratch, terms.data());
  if (set.weights.empty()) {
    for (std::int64_t r = begin; r < end; ++r) sums.add_term(terms[r - begin]);
    sums.weights.add(static_cast<double>(end - begin));
    return;
  }
  for (std::int64_t r = begin; r < end; ++r) {
    const double weight = set.weights[r];
    if (weight == 0) continue;  // also where the term is infinite
    sums.add_term(terms[r - begin] * weight);
    sums.weights.add(weight);
  }
}

RowSums local_sums(const Metric& metric, const ScoredSet& set, Tasks& tasks) {
  check_sizes(traits(metric), set);
  const std::int64_t pieces = (set.rows + task_rows - 1) / task_rows;
  std::vector<RowSums> parts(static_cast<std::size_t>(pieces));
  tasks.for_each(pieces, [&](std::int64_t piece) {
    std::vector<double> scratch(static_cast<std::size_t>(set.outputs));
    const std::int64_t end = std::min((piece + 1) * task_rows, set.rows);
    for (std::int64_t b = piece * task_rows; b < end; b += term_block_rows) {
      add_block(metric, set, b, std::min(b + term_block_rows, end), scratch.data(), parts[piece]);
    }
  });
  RowSums sums;
  for (const RowSums& part : parts) sums.add(part);
  if (sums.bad_row != no_row) fail_row(traits(metric), set, sums.bad_row);
  return sums;
}

// Replaces a rank's sums by those of all ranks.
void reduce(RowSums& sums, Communicator& communicator) {
  if (communicator.size() == 1) return;
  constexpr std::size_t limbs = math::ExactSum::limb_count;
  std::array<std::int64_t, 2 * limbs + 1> values{};
  std::copy_n(sums.terms.limbs().begin(), limbs, values.begin());
  std::copy_n(sums.weights.limbs().begin(), limbs, values.begin() + limbs);
  values.back() = sums.infinite;
  communicator.all_reduce_sum(values);
  std::copy_n(values.begin(), limbs, sums.terms.limbs().begin());
  std::copy_n(values.begin() + limbs, limbs, sums.weights.limbs().begin());
  sums.infinite = values.back();
}

template <RowMetric M>
double evaluate_rows(const M& metric, const ScoredSet& set, Communicator& communicator, Tasks& tasks) {
  RowSums sums;
  comm::together(communicator, [&] { sums = local_sums(metric, set, tasks); });
  reduce(sums, communicator);
  const double weight = sums.weights.value();
  if (!(weight > 0)) return std::numeric_limits<double>::quiet_NaN();
  if (sums.infinite > 0) return std::numeric_limits<double>::infinity();
  const FloatMode mode;
  return metric.finish(sums.terms.value(), weight);
}

// The largest weight of a rank's rows, 0 if it has none. Checks sizes, labels and weights.
double checked_largest_weight(const Traits& traits, const ScoredSet& set, Tasks& tasks) {
  check_sizes(traits, set);
  struct Found {
    double largest = 0;
    std::int64_t bad_row = no_row;
  };
  std::vector<Found> parts(static_cast<std::size_t>((set.rows + task_rows - 1) / task_rows));
  tasks.for_ranges(set.rows, task_rows, [&](std::int64_t begin, std::int64_t end) {
    Found& found = parts[begin / task_rows];
    for (std::int64_t r = begin; r < end; ++r) {
      if (!valid_row(set, traits.labels, r)) {
        found.bad_row = r;
        return;
      }
      found.largest = std::max(found.largest, set.weights.empty() ? 1.0 : set.weights[r]);
    }
  });
  double largest = 0;
  for (const Found& found : parts) {
    if (found.bad_row != no_row) fail_row(traits, set, found.bad_row);
    largest = std::max(largest, found.largest);
  }
  return largest;
}

// A rank's rows, with weights as integers of which `largest` just fits 32 bits.
Buffer<ScoredRow> scored_rows(const ScoredSet& set, double largest, Tasks& tasks) {
  const double scale = math::pow2(math::scale_exponent(largest, largest_weight));
  Buffer<ScoredRow> rows(static_cast<std::size_t>(set.rows));
  tasks.for_ranges(set.rows, task_rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const double weight = set.weights.empty() ? 1.0 : set.weights[r];
      rows[r] = {.score = set.scores[r * set.row_stride],
                 .label = static_cast<float>(set.labels[r]),
                 .weight = static_cast<std::uint32_t>(std::nearbyint(weight * scale))};
    }
  });
  return rows;
}

Buffer<ScoredRow> gather(Buffer<ScoredRow> mine, Communicator& communicator) {
  if (communicator.size() == 1) return mine;
  const std::vector<std::byte> bytes = communicator.all_gather(std::as_bytes(mine.span()));
  Buffer<ScoredRow> all(bytes.size() / sizeof(ScoredRow));
  if (!bytes.empty()) std::memcpy(all.data(), bytes.data(), bytes.size());
  return all;
}

template <SetMetric M>
double evaluate_set(const M& metric, const ScoredSet& set, Communicator& communicator, Tasks& tasks) {
  double largest = 0;
  comm::together(communicator, [&] { largest = checked_largest_weight(M::traits, set, tasks); });
  if (const std::int64_t rows = comm::sum(communicator, set.rows); rows > most_sorted_rows) {
    fail(ErrorCode::unsupported, "metric = {}: takes at most {} rows, not {}", M::traits.name,
         most_sorted_rows, rows);
  }
  // Doubles that are not negative have the order of their bits.
  largest = std::bit_cast<double>(comm::max(communicator, std::bit_cast<std::int64_t>(largest)));
  Buffer<ScoredRow> rows;
  comm::together(communicator, [&] { rows = scored_rows(set, largest, tasks); });
  rows = gather(std::move(rows), communicator);
  double value = 0;
  comm::together(communicator, [&] {
    sort_by_score(rows, tasks);
    const FloatMode mode;
    value = metric.evaluate(rows.span());
  });
  return value;
}

}  // namespace

double evaluate(const Metric& metric, const ScoredSet& set, Communicator& communicator, Tasks& tasks) {
  return std::visit(
      [&](const auto& m) {
        using M = std::remove_cvref_t<decltype(m)>;
        check_outputs(M::traits, set.outputs);
        if constexpr (RowMetric<M>) {
          return evaluate_rows(m, set, communicator, tasks);
        } else {
          return evaluate_set(m, set, communicator, tasks);
        }
      },
      metric);
}

}  // namespace ramet::metric
