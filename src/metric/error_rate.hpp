// Weighted share of rows in the wrong one of two classes: class 1 is predicted where its probability exceeds
// 1/2, that is where the margin is positive. A label y between 0 and 1 counts as y of a row of class 1 and
// 1 - y of a row of class 0.
#pragma once

#include <array>

#include "metric/traits.hpp"

namespace ramet::metric {

struct ErrorRate {
  static constexpr std::array<std::string_view, 2> aliases{"binary_error", "error_rate"};
  static constexpr Traits traits{.name = "error", .aliases = aliases, .labels = Labels::unit_interval};
  static constexpr bool fits(objective::Response r) { return r == objective::Response::logistic; }

  RAMET_HD double term(const double* margins, int /*outputs*/, double label) const {
    return margins[0] > 0 ? 1.0 - label : label;
  }
  double finish(double sum, double weight) const { return sum / weight; }
};

static_assert(RowMetric<ErrorRate>);

}  // namespace ramet::metric
