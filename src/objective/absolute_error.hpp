// Least absolute deviations: the margin is the predicted median.
//   loss      |margin - y|
//   gradient  sign(margin - y), 0 at equality;  hessian  1, for want of a second derivative
// The gradient only finds the splits; a leaf takes the weighted median of its residuals, which minimises the
// loss. Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 2001,
// section 4.3.
#pragma once

#include <array>

#include "math/host_device.hpp"
#include "objective/traits.hpp"

namespace ramet::objective {

struct AbsoluteError {
  static constexpr std::array<std::string_view, 6> aliases{
      "regression_l1", "l1", "mean_absolute_error", "mae", "absolute_error", "absoluteerror"};
  static constexpr Traits traits{.name = "reg:absoluteerror",
                                 .aliases = aliases,
                                 .leaf_rule = LeafRule::weighted_median,
                                 .unit_hessian = true,
                                 .default_metric = "mae"};

  RAMET_HD GradientPair gradient(double margin, double label) const {
    const double above = margin > label ? 1.0 : 0.0;
    const double below = margin < label ? 1.0 : 0.0;
    return {.g = above - below, .h = 1.0};
  }
  RAMET_HD double prediction(double margin) const { return margin; }
  double base_margin(double median_label) const { return median_label; }
  double margin_of(double prediction) const { return prediction; }
};

static_assert(RowObjective<AbsoluteError>);

}  // namespace ramet::objective
