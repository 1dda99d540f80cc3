// Root of the weighted mean squared error of the predicted means.
//   sqrt(sum w (mean - y)^2 / sum w)
#pragma once

#include <array>
#include <cmath>

#include "metric/traits.hpp"

namespace ramet::metric {

struct Rmse {
  static constexpr std::array<std::string_view, 2> aliases{"root_mean_squared_error", "l2_root"};
  static constexpr Traits traits{.name = "rmse", .aliases = aliases};
  static constexpr bool fits(objective::Response r) { return r != objective::Response::softmax; }

  objective::Response response = objective::Response::identity;

  RAMET_HD double term(const double* margins, int /*outputs*/, double label) const {
    const double error = mean_at(margins[0], response) - label;
    return error * error;
  }
  double finish(double sum, double weight) const { return std::sqrt(sum / weight); }
};

static_assert(RowMetric<Rmse>);

}  // namespace ramet::metric
