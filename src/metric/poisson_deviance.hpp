// Weighted mean deviance of counts y from expected counts mu = exp(margin): twice the log-likelihood that is
// missing to a perfect model.
//   2 (y log(y / mu) - (y - mu)),  2 mu for y = 0
// McCullagh & Nelder, "Generalized Linear Models", section 2.3.1.
#pragma once

#include <array>

#include "metric/traits.hpp"

namespace ramet::metric {

struct PoissonDeviance {
  static constexpr std::array<std::string_view, 2> aliases{"mean_poisson_deviance", "poisson"};
  static constexpr Traits traits{
      .name = "poisson-deviance", .aliases = aliases, .labels = Labels::non_negative};
  static constexpr bool fits(objective::Response r) { return r == objective::Response::log; }

  RAMET_HD double term(const double* margins, int /*outputs*/, double label) const {
    const double positive = label > 0 ? label : 1.0;
    const double surprise = label > 0 ? label * (math::log(positive) - margins[0]) : 0.0;
    const double half = (surprise - label) + math::exp(margins[0]);
    return half < 0 ? 0.0 : 2.0 * half;  // never negative but for rounding
  }
  double finish(double sum, double weight) const { return sum / weight; }
};

static_assert(RowMetric<PoissonDeviance>);

}  // namespace ramet::metric
