// math/gain.hpp: the weight minimises the regularised loss, the score is what it saves.
#include "math/gain.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

namespace ramet::math {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// The second-order loss of a leaf of weight w.
double loss(double w, double g, double h, const Regularisation& r) {
  return g * w + (h + r.lambda) * w * w / 2 + r.alpha * std::fabs(w);
}

TEST(Gain, KnownValues) {
  EXPECT_EQ(leaf_weight(-6, 2, {.lambda = 1}), 2.0);
  EXPECT_EQ(leaf_weight(-6, 2, {.lambda = 1, .alpha = 3}), 1.0);
  EXPECT_EQ(leaf_weight(6, 2, {.lambda = 1, .alpha = 7}), 0.0);
  EXPECT_EQ(leaf_weight(-6, 2, {.lambda = 1, .max_delta_step = 0.7}), 0.7);
  EXPECT_EQ(leaf_weight(6, 2, {.lambda = 1, .max_delta_step = 0.7}), -0.7);
  EXPECT_EQ(node_score(-6, 2, {.lambda = 1}), 12.0);
  EXPECT_EQ(node_score(6, 2, {.lambda = 1, .alpha = 3}), 3.0);
  EXPECT_EQ(soft_threshold(3, 1), 2.0);
  EXPECT_EQ(soft_threshold(-3, 1), -2.0);
  EXPECT_EQ(soft_threshold(0.5, 1), 0.0);
}

TEST(Gain, NoCurvatureNoWeight) {
  EXPECT_EQ(leaf_weight(5, 0, {.lambda = 0}), 0.0);
  EXPECT_EQ(leaf_weight(5, -2, {.lambda = 1}), 0.0);
  EXPECT_EQ(leaf_weight(5, nan, {.lambda = 1}), 0.0);
}

TEST(Gain, LeastGain) {
  EXPECT_EQ(least_gain(100, 0.5), 0.5);
  EXPECT_EQ(least_gain(0x1p50, 0.5), 0x1p10);
  EXPECT_EQ(least_gain(-0x1p50, 0.5), 0x1p10);
  EXPECT_EQ(least_gain(0, 0), 0.0);
  EXPECT_FALSE(0.0 > least_gain(0, 0));  // a split that gains nothing is none
}

struct Case {
  double g, h;
  Regularisation r;
};

Case draw_case(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  return {.g = 20 * unit(random) - 10,
          .h = 5 * unit(random) + 0.01,
          .r = {.lambda = 3 * unit(random),
                .alpha = random() % 2 == 0 ? 0 : 4 * unit(random),
                .max_delta_step = random() % 2 == 0 ? 0 : 2 * unit(random) + 0.01}};
}

RC_GTEST_PROP(Gain, WeightMinimisesTheLoss, (std::uint64_t seed)) {
  const Case c = draw_case(seed);
  const double best = leaf_weight(c.g, c.h, c.r);
  const double bound = c.r.max_delta_step > 0 ? c.r.max_delta_step : 1e6;
  RC_ASSERT(std::fabs(best) <= bound);
  for (const double step : {-1.0, -0.1, -1e-4, 1e-4, 0.1, 1.0}) {
    const double other = std::fmin(std::fmax(best + step, -bound), bound);
    RC_ASSERT(loss(best, c.g, c.h, c.r) <= loss(other, c.g, c.h, c.r) + 1e-12);
  }
}

RC_GTEST_PROP(Gain, ScoreIsTwiceWhatTheWeightSaves, (std::uint64_t seed)) {
  const Case c = draw_case(seed);
  const double saved = -2 * loss(leaf_weight(c.g, c.h, c.r), c.g, c.h, c.r);
  RC_ASSERT(std::fabs(node_score(c.g, c.h, c.r) - saved) <= 1e-12 * (1 + saved));
  RC_ASSERT(node_score(c.g, c.h, c.r) == node_score(-c.g, c.h, c.r));
}

RC_GTEST_PROP(Gain, SplittingNeverLosesWithoutRegularisation, (std::uint64_t seed)) {
  const Case left = draw_case(seed);
  const Case right = draw_case(seed + 1);
  const Regularisation none{.lambda = 0};
  const double parent = node_score(left.g + right.g, left.h + right.h, none);
  const double children = node_score(left.g, left.h, none) + node_score(right.g, right.h, none);
  RC_ASSERT(children >= parent - 1e-9 * parent);
}

}  // namespace
}  // namespace ramet::math
