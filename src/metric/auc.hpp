// Area under the ROC curve: the probability that a row of label 1 scores higher than one of label 0, ties
// counting half. Rows count by weight. Hanley & McNeil, "The meaning and use of the area under a receiver
// operating characteristic (ROC) curve", Radiology 1982.
//   sum over pairs w1 w0 ([s1 > s0] + [s1 == s0] / 2) / (sum w1 * sum w0)
// Exact but for one rounding at the end. NaN if one of the classes has no weight.
#pragma once

#include <array>

#include "metric/traits.hpp"

namespace ramet::metric {

struct Auc {
  static constexpr std::array<std::string_view, 2> aliases{"roc_auc", "roc_auc_score"};
  static constexpr Traits traits{
      .name = "auc", .aliases = aliases, .higher_is_better = true, .labels = Labels::binary};
  static constexpr bool fits(objective::Response r) { return r != objective::Response::softmax; }

  double evaluate(std::span<const ScoredRow> rows) const;

  // The area, from the sum over pairs w1 w0 (2 [s1 > s0] + [s1 == s0]) and the weight of each class, below
  // 2^63. NaN if a class has none.
  __extension__ using Wide = unsigned __int128;
  static double area(Wide twice_pairs, std::uint64_t positives, std::uint64_t negatives);
};

static_assert(SetMetric<Auc>);

}  // namespace ramet::metric
