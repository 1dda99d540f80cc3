// Weighted share of rows whose largest margin is not that of their class; of equal margins the first counts
// as the largest.
#pragma once

#include <array>

#include "metric/traits.hpp"

namespace ramet::metric {

struct MError {
  static constexpr std::array<std::string_view, 2> aliases{"multi_error", "multiclass_error"};
  static constexpr Traits traits{
      .name = "merror", .aliases = aliases, .multiclass = true, .labels = Labels::class_index};
  static constexpr bool fits(objective::Response r) { return r == objective::Response::softmax; }

  template <class Margins>  // anything with [k]
  RAMET_HD double term(const Margins& margins, int outputs, double label) const {
    int best = 0;
    double largest = margins[0];
    for (int k = 1; k < outputs; ++k) {
      const double margin = margins[k];
      best = margin > largest ? k : best;
      largest = margin > largest ? margin : largest;
    }
    return best == static_cast<int>(label) ? 0.0 : 1.0;
  }
  double finish(double sum, double weight) const { return sum / weight; }
};

static_assert(RowMetric<MError>);

}  // namespace ramet::metric
