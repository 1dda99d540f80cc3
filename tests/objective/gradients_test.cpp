// Each objective's gradient and hessian: by hand, against differences of its loss, and at the extremes.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "objective/objective.hpp"

namespace ramet::objective {
namespace {

using Real = long double;

// The losses as the objectives' comments state them, straight from the standard library.
Real loss(const SquaredError&, Real s, Real y) { return (s - y) * (s - y) / 2; }
Real loss(const Logistic&, Real s, Real y) {
  return y * std::log1p(std::exp(-s)) + (1 - y) * std::log1p(std::exp(s));  // -log(p), -log(1 - p)
}
Real loss(const Poisson&, Real s, Real y) { return std::exp(s) - y * s; }
Real loss(const AbsoluteError&, Real s, Real y) { return std::fabs(s - y); }
Real softmax_loss(const std::vector<double>& margins, int moved, Real by, int label) {
  Real sum = 0;
  const auto at = [&](int k) { return static_cast<Real>(margins[k]) + (k == moved ? by : 0); };
  for (int k = 0; k < static_cast<int>(margins.size()); ++k) sum += std::exp(at(k));
  return std::log(sum) - at(label);
}

struct Point {
  double margin, label;
};

Point draw_point(std::uint64_t seed, double margin_reach, LabelRange labels) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  const double margin = margin_reach * (2 * unit(random) - 1);
  if (labels == LabelRange::zero_one)
    return {margin, random() % 3 == 0 ? unit(random) : double(random() % 2)};
  if (labels == LabelRange::non_negative) return {margin, std::floor(10 * unit(random))};
  return {margin, 20 * unit(random) - 10};
}

// `curvature`: hessian over second derivative.
template <class O>
void expect_derivatives(const O& objective, std::uint64_t seed, double reach, double curvature) {
  const Point at = draw_point(seed, reach, O::traits.labels);
  const GradientPair pair = objective.gradient(at.margin, at.label);
  const Real step = 1e-4L;
  const Real before = loss(objective, at.margin - step, at.label);
  const Real here = loss(objective, at.margin, at.label);
  const Real after = loss(objective, at.margin + step, at.label);
  const auto slope = static_cast<double>((after - before) / (2 * step));
  const auto bend = static_cast<double>((after - 2 * here + before) / (step * step));
  RC_ASSERT(std::fabs(pair.g - slope) <= 1e-6 * (1 + std::fabs(slope)));
  RC_ASSERT(std::fabs(pair.h - curvature * bend) <= 1e-6 * (1 + curvature * std::fabs(bend)));
}

RC_GTEST_PROP(Gradients, SquaredErrorFollowsItsLoss, (std::uint64_t seed)) {
  expect_derivatives(SquaredError{}, seed, 20, 1);
}
RC_GTEST_PROP(Gradients, LogisticFollowsItsLoss, (std::uint64_t seed)) {
  expect_derivatives(Logistic{}, seed, 12, 1);
}
RC_GTEST_PROP(Gradients, PoissonFollowsItsLoss, (std::uint64_t seed)) {
  expect_derivatives(Poisson{}, seed, 4, std::exp(0.7));
}

RC_GTEST_PROP(Gradients, AbsoluteErrorFollowsItsLoss, (std::uint64_t seed)) {
  const Point at = draw_point(seed, 20, LabelRange::any);
  const AbsoluteError objective;
  const Real step = 1e-6L;
  RC_PRE(std::fabs(at.margin - at.label) > 1e-5);
  const Real slope =
      (loss(objective, at.margin + step, at.label) - loss(objective, at.margin - step, at.label)) /
      (2 * step);
  RC_ASSERT(objective.gradient(at.margin, at.label).g == std::round(static_cast<double>(slope)));
  RC_ASSERT(objective.gradient(at.margin, at.label).h == 1.0);
}

RC_GTEST_PROP(Gradients, SoftmaxFollowsItsLoss, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> draw(-6, 6);
  std::vector<double> margins(2 + random() % 6);
  for (double& margin : margins) margin = draw(random);
  const int outputs = static_cast<int>(margins.size());
  const int label = static_cast<int>(random() % margins.size());
  std::vector<GradientPair> pairs(margins.size());
  Softmax{}.gradients(margins.data(), outputs, label, pairs.data());
  double total = 0;
  for (int k = 0; k < outputs; ++k) {
    const Real step = 1e-4L;
    const Real before = softmax_loss(margins, k, -step, label);
    const Real here = softmax_loss(margins, k, 0, label);
    const Real after = softmax_loss(margins, k, step, label);
    RC_ASSERT(std::fabs(pairs[k].g - static_cast<double>((after - before) / (2 * step))) < 1e-6);
    RC_ASSERT(std::fabs(pairs[k].h - 2 * static_cast<double>((after - 2 * here + before) / (step * step))) <
              1e-5);
    total += pairs[k].g;
  }
  RC_ASSERT(std::fabs(total) < 1e-14);
}

// Rows together give the bits of each row alone.
TEST(Gradients, SoftmaxOfManyRows) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> draw(0, 20);
  for (const int outputs : {2, 3, 10}) {
    for (const int rows : {1, 5, 64}) {
      std::vector<double> margins(static_cast<std::size_t>(outputs * rows));
      for (double& margin : margins) margin = draw(random);
      std::vector<double> labels(static_cast<std::size_t>(rows));
      for (double& label : labels) label = static_cast<double>(random() % static_cast<unsigned>(outputs));
      std::vector<double> scratch(2 * labels.size());
      std::vector<double> g(margins.size());
      std::vector<double> h(margins.size());
      Softmax{}.gradients_of_rows(margins.data(), outputs, labels.data(), rows, scratch.data(), g.data(),
                                  h.data());
      for (int r = 0; r < rows; ++r) {
        std::vector<double> row;
        for (int k = 0; k < outputs; ++k) row.push_back(margins[static_cast<std::size_t>(k * rows + r)]);
        std::vector<GradientPair> pairs(row.size());
        Softmax{}.gradients(row.data(), outputs, labels[static_cast<std::size_t>(r)], pairs.data());
        for (int k = 0; k < outputs; ++k) {
          const auto at = static_cast<std::size_t>(k * rows + r);
          EXPECT_EQ(g[at], pairs[static_cast<std::size_t>(k)].g);
          EXPECT_EQ(h[at], pairs[static_cast<std::size_t>(k)].h);
        }
      }
    }
  }
}

TEST(Gradients, ByHand) {
  const auto check = [](GradientPair pair, double g, double h) {
    EXPECT_DOUBLE_EQ(pair.g, g);
    EXPECT_DOUBLE_EQ(pair.h, h);
  };
  check(SquaredError{}.gradient(3, 5), -2, 1);
  check(AbsoluteError{}.gradient(3, 5), -1, 1);
  check(AbsoluteError{}.gradient(7, 5), 1, 1);
  check(AbsoluteError{}.gradient(5, 5), 0, 1);
  check(Logistic{}.gradient(0, 1), -0.5, 0.25);
  check(Logistic{}.gradient(0, 0), 0.5, 0.25);
  check(Logistic{}.gradient(std::log(3), 1), -0.25, 0.1875);
  check(Logistic{}.gradient(std::log(3), 0.75), 0, 0.1875);
  check(Poisson{}.gradient(0, 3), -2, std::exp(0.7));
  check(Poisson{}.gradient(std::log(4), 3), 1, 4 * std::exp(0.7));
  const double margins[3] = {0, 0, std::log(2)};
  GradientPair pairs[3];
  Softmax{}.gradients(margins, 3, 1, pairs);
  check(pairs[0], 0.25, 0.375);
  check(pairs[1], -0.75, 0.375);
  check(pairs[2], 0.5, 0.5);
}

TEST(Gradients, HessiansStayPositive) {
  for (const double margin : {-1000.0, -50.0, 0.0, 50.0, 1000.0}) {
    for (const double label : {0.0, 1.0}) {
      const GradientPair pair = Logistic{}.gradient(margin, label);
      EXPECT_GE(pair.h, 1e-16);
      EXPECT_LE(std::fabs(pair.g), 1);
    }
  }
  const double margins[3] = {-1000, 0, 1000};
  GradientPair pairs[3];
  Softmax{}.gradients(margins, 3, 0, pairs);
  for (const GradientPair& pair : pairs) EXPECT_GE(pair.h, 1e-16);
  EXPECT_EQ(pairs[0].g, -1);
  EXPECT_EQ(pairs[2].g, 1);
}

// Twice the diagonal bounds the whole matrix of second derivatives: v' (2 D - H) v >= 0.
RC_GTEST_PROP(Gradients, SoftmaxHessianIsAnUpperBound, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> draw(-4, 4);
  const int outputs = 2 + static_cast<int>(random() % 5);
  std::vector<double> margins(outputs), direction(outputs), p(outputs);
  for (double& margin : margins) margin = draw(random);
  for (double& v : direction) v = draw(random);
  std::vector<GradientPair> pairs(outputs);
  Softmax{}.gradients(margins.data(), outputs, 0, pairs.data());
  Softmax{}.predictions(margins.data(), outputs, p.data());
  double bound = 0;
  double square = 0;
  double mean = 0;
  for (int k = 0; k < outputs; ++k) {
    bound += pairs[k].h * direction[k] * direction[k];
    square += p[k] * direction[k] * direction[k];
    mean += p[k] * direction[k];
  }
  RC_ASSERT(bound >= square - mean * mean - 1e-12);
}

// A full Newton step of a leaf lowers the loss however far its counts are from its margin.
RC_GTEST_PROP(Gradients, BoundedPoissonStepsLowerTheLoss, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  const double margin = std::uniform_real_distribution<double>(-8, 8)(random);
  const double label = std::floor(std::exp(std::uniform_real_distribution<double>(-1, 12)(random)));
  const GradientPair pair = Poisson{}.gradient(margin, label);
  const double bound = Poisson::traits.max_delta_step;
  const double step = std::fmin(std::fmax(-pair.g / pair.h, -bound), bound);
  RC_ASSERT(loss(Poisson{}, margin + step, label) <= loss(Poisson{}, margin, label) + 1e-9L);
}

TEST(BaseMargin, MinimisesTheLossOfAConstant) {
  EXPECT_EQ(SquaredError{}.base_margin(2.5), 2.5);
  EXPECT_EQ(AbsoluteError{}.base_margin(2.5), 2.5);
  EXPECT_NEAR(Logistic{}.base_margin(0.75), std::log(3), 1e-15);
  EXPECT_NEAR(Poisson{}.base_margin(7), std::log(7), 1e-15);
  EXPECT_NEAR(Softmax{}.base_margin(0.25), std::log(0.25), 1e-15);
}

TEST(BaseMargin, StaysFiniteWhereOneClassIsAll) {
  EXPECT_NEAR(Logistic{}.base_margin(0), -34.5, 0.1);
  EXPECT_NEAR(Logistic{}.base_margin(1), 34.5, 0.1);
  EXPECT_NEAR(Poisson{}.base_margin(0), -34.5, 0.1);
  EXPECT_NEAR(Softmax{}.base_margin(0), -34.5, 0.1);
  EXPECT_EQ(Softmax{}.base_margin(1), 0);
}

TEST(BaseMargin, InvertsThePrediction) {
  for (const double prediction : {0.01, 0.5, 0.9}) {
    EXPECT_NEAR(Logistic{}.prediction(Logistic{}.margin_of(prediction)), prediction, 1e-15);
    EXPECT_NEAR(Poisson{}.prediction(Poisson{}.margin_of(prediction)), prediction, 1e-15);
    EXPECT_EQ(SquaredError{}.prediction(SquaredError{}.margin_of(prediction)), prediction);
    EXPECT_EQ(AbsoluteError{}.prediction(AbsoluteError{}.margin_of(prediction)), prediction);
  }
  // What no prediction can be is no finite margin.
  EXPECT_FALSE(std::isfinite(Logistic{}.margin_of(0)));
  EXPECT_FALSE(std::isfinite(Logistic{}.margin_of(2)));
  EXPECT_FALSE(std::isfinite(Poisson{}.margin_of(0)));
  EXPECT_FALSE(std::isfinite(Poisson{}.margin_of(-1)));
  EXPECT_EQ(Softmax{}.margin_of(0.5), 0.5);
}

}  // namespace
}  // namespace ramet::objective
