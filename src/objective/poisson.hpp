// Poisson regression with log link: the margin is the log of the expected count.
//   loss      exp(margin) - y margin        (up to a term without the margin)
//   gradient  exp(margin) - y,  hessian  exp(margin) e^d,  d = 0.7
// The second derivative is exp(margin). It grows with the step, so that plain Newton steps overshoot wherever
// a leaf's counts are far above its margin. The hessian here is an upper bound for all steps up to d, and
// leaf weights are bounded by d unless the user gives a max_delta_step: then every full step lowers the loss.
// The same as XGBoost does by default; without it, counts with a heavy tail diverge. Exposure enters as base
// margin log(exposure). McCullagh & Nelder, "Generalized Linear Models", ch. 6.
#pragma once

#include <array>

#include "math/functions.hpp"
#include "math/host_device.hpp"
#include "objective/traits.hpp"

namespace ramet::objective {

struct Poisson {
  static constexpr std::array<std::string_view, 1> aliases{"poisson"};
  static constexpr Traits traits{.name = "count:poisson",
                                 .aliases = aliases,
                                 .labels = LabelRange::non_negative,
                                 .link = true,
                                 .response = Response::log,
                                 .default_metric = "poisson-deviance",
                                 .max_delta_step = 0.7};

  static constexpr double hessian_factor = 0x1.01c2a61268987p+1;  // exp(0.7)

  // A base margin stays finite where all labels are 0.
  static constexpr double least_mean = 1e-15;

  RAMET_HD GradientPair gradient(double margin, double label) const {
    const double mean = math::exp(margin);
    return {.g = mean - label, .h = mean * hessian_factor};
  }
  RAMET_HD double prediction(double margin) const { return math::exp(margin); }
  double base_margin(double mean_label) const {
    return math::log(mean_label < least_mean ? least_mean : mean_label);
  }
  double margin_of(double prediction) const { return math::log(prediction); }
};

static_assert(RowObjective<Poisson>);

}  // namespace ramet::objective
