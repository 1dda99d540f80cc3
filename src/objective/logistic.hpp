// Two classes: the margin is the log-odds of label 1. Labels may be probabilities.
//   p = 1 / (1 + exp(-margin))
//   loss      -y log(p) - (1 - y) log(1 - p)
//   gradient  p - y,  hessian  p (1 - p)
// Friedman, Hastie & Tibshirani, "Additive logistic regression", Annals of Statistics 2000, section 4.
#pragma once

#include <array>

#include "math/functions.hpp"
#include "math/host_device.hpp"
#include "objective/traits.hpp"

namespace ramet::objective {

struct Logistic {
  static constexpr std::array<std::string_view, 7> aliases{
      "binary", "logistic", "logloss", "log_loss", "binary_logloss", "cross_entropy", "xentropy"};
  static constexpr Traits traits{.name = "binary:logistic",
                                 .aliases = aliases,
                                 .labels = LabelRange::zero_one,
                                 .link = true,
                                 .classification = true,
                                 .response = Response::logistic,
                                 .default_metric = "logloss"};

  // Keeps the sum of hessians positive where every row is certain.
  static constexpr double least_hessian = 1e-16;
  // A base margin stays finite where all labels are 0 or all are 1.
  static constexpr double least_mean = 1e-15;

  RAMET_HD GradientPair gradient(double margin, double label) const {
    const double p = math::sigmoid(margin);
    const double h = p * (1.0 - p);
    return {.g = p - label, .h = h > least_hessian ? h : least_hessian};
  }
  RAMET_HD double prediction(double margin) const { return math::sigmoid(margin); }
  double base_margin(double mean_label) const {
    const double at_least = mean_label < least_mean ? least_mean : mean_label;
    return math::logit(at_least > 1.0 - least_mean ? 1.0 - least_mean : at_least);
  }
  double margin_of(double prediction) const { return math::logit(prediction); }
};

static_assert(RowObjective<Logistic>);

}  // namespace ramet::objective
