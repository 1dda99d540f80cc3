// K classes, one margin each; margins that differ by a constant mean the same.
//   p[k] = exp(margin[k]) / sum over j of exp(margin[j])
//   loss      -log(p[y])
//   gradient  p[k] - (k == y),  hessian  2 p[k] (1 - p[k])
// Of the K x K matrix of second derivatives only a diagonal is used. Its own diagonal is p[k] (1 - p[k]);
// twice that is an upper bound of the whole matrix (the difference is diagonally dominant), so that stepping
// in all classes at once cannot overshoot. Friedman, "Greedy function approximation: a gradient boosting
// machine", Annals of Statistics 2001, section 4.6, has the factor K / (K - 1) instead.
#pragma once

#include <array>
#include <cstddef>

#include "math/functions.hpp"
#include "math/host_device.hpp"
#include "objective/traits.hpp"

namespace ramet::objective {

struct Softmax {
  static constexpr std::array<std::string_view, 4> aliases{"multi:softmax", "multiclass", "softmax",
                                                           "softprob"};
  static constexpr Traits traits{.name = "multi:softprob",
                                 .aliases = aliases,
                                 .kind = Kind::row_outputs,
                                 .labels = LabelRange::class_index,
                                 .link = true,
                                 .classification = true,
                                 .response = Response::softmax,
                                 .default_metric = "mlogloss"};

  // Keeps the sum of hessians positive where every row is certain.
  static constexpr double least_hessian = 1e-16;
  // A base margin stays finite for a class that no row has.
  static constexpr double least_share = 1e-15;

  RAMET_HD void gradients(const double* margins, int outputs, double label, GradientPair* out) const {
    double largest = margins[0];
    for (int k = 1; k < outputs; ++k) largest = margins[k] > largest ? margins[k] : largest;
    for (int k = 0; k < outputs; ++k) out[k].g = math::exp(margins[k] - largest);
    double sum = 0;
    for (int k = 0; k < outputs; ++k) sum += out[k].g;
    for (int k = 0; k < outputs; ++k) out[k] = pair(out[k].g / sum, static_cast<double>(k) == label);
  }
  // The same to the bit without memory of its own: every exponential is computed twice. `margin(k)` gives a
  // margin, `store(k, pair)` takes what comes of it.
  template <class Margin, class Store>
  RAMET_HD void each_gradient(const Margin& margin, int outputs, double label, const Store& store) const {
    double largest = margin(0);
    for (int k = 1; k < outputs; ++k) {
      const double m = margin(k);
      largest = m > largest ? m : largest;
    }
    double sum = 0;
    for (int k = 0; k < outputs; ++k) sum += math::exp(margin(k) - largest);
    for (int k = 0; k < outputs; ++k) {
      store(k, pair(math::exp(margin(k) - largest) / sum, static_cast<double>(k) == label));
    }
  }
  // The same to the bit for `rows` rows at once, in loops over rows that become SIMD code. Output k's margins
  // are margins[k * rows ..], and likewise g and h; `scratch` has room for 2 * rows numbers.
  RAMET_HD void gradients_of_rows(const double* margins, int outputs, const double* labels, int rows,
                                  double* scratch, double* g, double* h) const {
    double* largest = scratch;
    double* sum = scratch + rows;
    for (int i = 0; i < rows; ++i) {
      largest[i] = margins[i];
      sum[i] = 0;
    }
    for (int k = 1; k < outputs; ++k) {
      const double* m = margins + static_cast<std::ptrdiff_t>(k) * rows;
      for (int i = 0; i < rows; ++i) largest[i] = m[i] > largest[i] ? m[i] : largest[i];
    }
    for (int k = 0; k < outputs; ++k) {
      const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(k) * rows;
      for (int i = 0; i < rows; ++i) {
        g[first + i] = math::exp(margins[first + i] - largest[i]);
        sum[i] += g[first + i];
      }
    }
    for (int k = 0; k < outputs; ++k) {
      const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(k) * rows;
      for (int i = 0; i < rows; ++i) {
        const GradientPair of_row = pair(g[first + i] / sum[i], static_cast<double>(k) == labels[i]);
        g[first + i] = of_row.g;
        h[first + i] = of_row.h;
      }
    }
  }
  // `predictions` may be `margins`.
  RAMET_HD void predictions(const double* margins, int outputs, double* predictions) const {
    double largest = margins[0];
    for (int k = 1; k < outputs; ++k) largest = margins[k] > largest ? margins[k] : largest;
    double sum = 0;
    for (int k = 0; k < outputs; ++k) {
      predictions[k] = math::exp(margins[k] - largest);
      sum += predictions[k];
    }
    for (int k = 0; k < outputs; ++k) predictions[k] /= sum;
  }
  double base_margin(double share) const { return math::log(share < least_share ? least_share : share); }
  // A base score is added to every class's margin as it is.
  double margin_of(double base_score) const { return base_score; }

 private:
  // Of a class that has probability p.
  RAMET_HD static GradientPair pair(double p, bool is_label) {
    const double h = (2.0 * p) * (1.0 - p);
    return {.g = p - (is_label ? 1.0 : 0.0), .h = h > least_hessian ? h : least_hessian};
  }
};

static_assert(RowOutputsObjective<Softmax> && RowsAtOnceObjective<Softmax>);

}  // namespace ramet::objective
