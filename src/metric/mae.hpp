// Weighted mean absolute error of the predicted means.
//   sum w |mean - y| / sum w
#pragma once

#include <array>

#include "metric/traits.hpp"

namespace ramet::metric {

struct Mae {
  static constexpr std::array<std::string_view, 4> aliases{"mean_absolute_error", "l1", "regression_l1",
                                                           "absolute_error"};
  static constexpr Traits traits{.name = "mae", .aliases = aliases};
  static constexpr bool fits(objective::Response r) { return r != objective::Response::softmax; }

  objective::Response response = objective::Response::identity;

  RAMET_HD double term(const double* margins, int /*outputs*/, double label) const {
    const double error = mean_at(margins[0], response) - label;
    return error < 0 ? -error : error;
  }
  double finish(double sum, double weight) const { return sum / weight; }
};

static_assert(RowMetric<Mae>);

}  // namespace ramet::metric
