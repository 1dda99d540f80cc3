// Weighted mean negative log-likelihood of K classes under softmax margins s.
//   -log(p[y]) = log(sum over k of exp(s[k] - m)) + (m - s[y]),  m = max s
// From the margins, so that confident mistakes cost what they should.
#pragma once

#include <array>

#include "metric/traits.hpp"

namespace ramet::metric {

struct MLogLoss {
  static constexpr std::array<std::string_view, 4> aliases{"multi_logloss", "multiclass", "softmax",
                                                           "multi:softprob"};
  static constexpr Traits traits{
      .name = "mlogloss", .aliases = aliases, .multiclass = true, .labels = Labels::class_index};
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
    // Without the largest term, which is 1 and would swallow the others.
    double others = 0;
    for (int k = 0; k < outputs; ++k) others += k == best ? 0.0 : math::exp(margins[k] - largest);
    return math::log1p(others) + (largest - margins[static_cast<int>(label)]);
  }
  double finish(double sum, double weight) const { return sum / weight; }
};

static_assert(RowMetric<MLogLoss>);

}  // namespace ramet::metric
