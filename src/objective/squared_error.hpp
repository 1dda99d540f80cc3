// Least squares: the margin is the predicted mean.
//   loss      (margin - y)^2 / 2
//   gradient  margin - y,  hessian  1
// Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 2001,
// section 4.1.
#pragma once

#include <array>

#include "math/host_device.hpp"
#include "objective/traits.hpp"

namespace ramet::objective {

struct SquaredError {
  static constexpr std::array<std::string_view, 11> aliases{
      "regression",    "regression_l2", "l2",      "mean_squared_error",      "mse",
      "squared_error", "rmse",          "l2_root", "root_mean_squared_error", "reg:linear",
      "squarederror"};
  static constexpr Traits traits{
      .name = "reg:squarederror", .aliases = aliases, .unit_hessian = true, .default_metric = "rmse"};

  RAMET_HD GradientPair gradient(double margin, double label) const {
    return {.g = margin - label, .h = 1.0};
  }
  RAMET_HD double prediction(double margin) const { return margin; }
  double base_margin(double mean_label) const { return mean_label; }
  double margin_of(double prediction) const { return prediction; }
};

static_assert(RowObjective<SquaredError>);

}  // namespace ramet::objective
