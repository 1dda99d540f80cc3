// Weighted mean negative log-likelihood of two classes; the margin s is the log-odds of label 1.
//   -y log(p) - (1 - y) log(1 - p),  p = 1 / (1 + exp(-s))
// From the margin itself: log(1 + exp(-|s|)) + (s > 0 ? (1 - y) s : -y s). So confident mistakes cost what
// they should, where computing from a rounded p would need a floor for p. Labels may be probabilities.
#pragma once

#include <array>

#include "metric/traits.hpp"

namespace ramet::metric {

struct LogLoss {
  static constexpr std::array<std::string_view, 5> aliases{"binary_logloss", "log_loss", "binary",
                                                           "cross_entropy", "xentropy"};
  static constexpr Traits traits{.name = "logloss", .aliases = aliases, .labels = Labels::unit_interval};
  static constexpr bool fits(objective::Response r) { return r == objective::Response::logistic; }

  RAMET_HD double term(const double* margins, int /*outputs*/, double label) const {
    const double s = margins[0];
    const double mistake = s > 0 ? (1.0 - label) * s : -(label * s);
    return math::log1p(math::exp(s > 0 ? -s : s)) + mistake;
  }
  double finish(double sum, double weight) const { return sum / weight; }
};

static_assert(RowMetric<LogLoss>);

}  // namespace ramet::metric
