// Area under the precision-recall curve, as average precision: the sum over distinct scores, from the
// highest, of the recall gained there times the precision there. No interpolation between the points, which
// would be too kind (Davis & Goadrich, "The relationship between precision-recall and ROC curves", ICML
// 2006). Rows count by weight.
//   sum over thresholds (R[i] - R[i - 1]) P[i]
// NaN if one of the classes has no weight.
#pragma once

#include <array>

#include "metric/traits.hpp"

namespace ramet::metric {

struct AucPr {
  static constexpr std::array<std::string_view, 3> aliases{"average_precision", "pr_auc",
                                                           "average_precision_score"};
  static constexpr Traits traits{
      .name = "aucpr", .aliases = aliases, .higher_is_better = true, .labels = Labels::binary};
  static constexpr bool fits(objective::Response r) { return r != objective::Response::softmax; }

  double evaluate(std::span<const ScoredRow> rows) const;

  // What a distinct score adds to the area times all positives: `gained` is the weight of its own positives,
  // the others that of all rows from the highest score down to it. Added up from the highest score.
  RAMET_HD static double term(std::uint64_t gained, std::uint64_t positives, std::uint64_t negatives) {
    if (gained == 0) return 0.0;
    const double precision = static_cast<double>(positives) / static_cast<double>(positives + negatives);
    return static_cast<double>(gained) * precision;
  }
};

static_assert(SetMetric<AucPr>);

}  // namespace ramet::metric
