// Gains and leaf weights: the one formula both backends and the tests use (contract, rule 4).
// Chen & Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016, equations 5 to 7 (without the 1/2 of
// equation 7, as in that system's own code), with an L1 term by soft thresholding and a bound on the leaf
// weight.
#pragma once

#include "math/host_device.hpp"

namespace ramet::math {

struct Regularisation {
  double lambda = 1.0;
  double alpha = 0.0;
  double max_delta_step = 0.0;  // 0 = none
};

RAMET_HD inline double soft_threshold(double g, double alpha) {
  if (g > alpha) return g - alpha;
  if (g < -alpha) return g + alpha;
  return 0.0;
}

// The weight that minimises g w + (h + lambda) w^2 / 2 + alpha |w|; 0 where h + lambda is not positive.
RAMET_HD inline double leaf_weight(double g, double h, const Regularisation& r) {
  const double curvature = h + r.lambda;
  if (!(curvature > 0)) return 0.0;
  const double w = -soft_threshold(g, r.alpha) / curvature;
  if (r.max_delta_step > 0 && !(w <= r.max_delta_step)) return r.max_delta_step;
  if (r.max_delta_step > 0 && !(w >= -r.max_delta_step)) return -r.max_delta_step;
  return w;
}

// Twice the loss that the best weight saves. Requires h + lambda > 0.
RAMET_HD inline double node_score(double g, double h, const Regularisation& r) {
  if (r.max_delta_step > 0) {
    const double w = leaf_weight(g, h, r);
    const double magnitude = w < 0 ? -w : w;
    return -((2.0 * g) * w + ((h + r.lambda) * w) * w + (2.0 * r.alpha) * magnitude);
  }
  const double t = soft_threshold(g, r.alpha);
  return (t * t) / (h + r.lambda);
}

// A split must gain more than this: gamma, and a relative 2^-40 of the parent's score (rounding noise).
RAMET_HD inline double least_gain(double parent_score, double gamma) {
  const double noise = (parent_score < 0 ? -parent_score : parent_score) * 0x1p-40;
  return gamma > noise ? gamma : noise;
}

}  // namespace ramet::math
