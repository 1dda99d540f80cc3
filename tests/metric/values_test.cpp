// Each metric against a naive version in long double, written from its definition.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "metric/support.hpp"

namespace ramet::metric {
namespace {

using Real = long double;
using objective::Response;

template <class Term>
double weighted_mean(const Rows& rows, const Term& term) {
  Real sum = 0;
  Real total = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    sum += static_cast<Real>(rows.weight(r)) * term(r);
    total += static_cast<Real>(rows.weight(r));
  }
  return static_cast<double>(sum / total);
}

// The share of pairs in the right order, straight from the definition.
double naive_auc(const Rows& rows) {
  Real right = 0;
  Real all = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows.size(); ++j) {
      if (rows.labels[i] != 1 || rows.labels[j] != 0) continue;
      const Real pair = static_cast<Real>(rows.weight(i)) * rows.weight(j);
      all += pair;
      if (rows.scores[i] > rows.scores[j]) right += pair;
      if (rows.scores[i] == rows.scores[j]) right += pair / 2;
    }
  }
  return static_cast<double>(right / all);
}

// Each row of label 1 adds its weight times the precision at its own score as threshold.
double naive_average_precision(const Rows& rows) {
  Real sum = 0;
  Real total = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows.labels[i] != 1 || rows.weight(i) == 0) continue;
    Real positives = 0;
    Real both = 0;
    for (std::size_t j = 0; j < rows.size(); ++j) {
      if (rows.scores[j] < rows.scores[i]) continue;
      both += rows.weight(j);
      if (rows.labels[j] == 1) positives += rows.weight(j);
    }
    sum += static_cast<Real>(rows.weight(i)) * positives / both;
    total += rows.weight(i);
  }
  return static_cast<double>(sum / total);
}

void expect_close(double value, double expected) {
  EXPECT_NEAR(value, expected, 2e-15 * (1 + std::fabs(expected)));
}

class Values : public testing::TestWithParam<bool> {};

TEST_P(Values, OfRegression) {
  const Rows rows =
      random_rows(3000, 1, GetParam(), 0, [](auto& random) { return double(random() % 1000) / 300; });
  const auto check = [&](Response response, const auto& mean) {
    expect_close(evaluate_alone(Rmse{.response = response}, rows.set()),
                 std::sqrt(weighted_mean(rows, [&](auto r) {
                   return std::pow(mean(static_cast<Real>(rows.margin(r))) - rows.labels[r], 2);
                 })));
    expect_close(evaluate_alone(Mae{.response = response}, rows.set()), weighted_mean(rows, [&](auto r) {
                   return std::fabs(mean(static_cast<Real>(rows.margin(r))) - rows.labels[r]);
                 }));
  };
  check(Response::identity, [](Real s) { return s; });
  check(Response::logistic, [](Real s) { return 1 / (1 + std::exp(-s)); });
  check(Response::log, [](Real s) { return std::exp(s); });
}

TEST_P(Values, OfTwoClasses) {
  const Rows rows = random_rows(3000, 2, GetParam(), 0, [](auto& random) {
    return random() % 5 == 0 ? double(random() % 100) / 100 : double(random() % 2);
  });
  expect_close(evaluate_alone(LogLoss{}, rows.set()), weighted_mean(rows, [&](auto r) {
                 const Real s = rows.margin(r);
                 return rows.labels[r] * std::log1p(std::exp(-s)) +
                        (1 - rows.labels[r]) * std::log1p(std::exp(s));
               }));
  expect_close(evaluate_alone(ErrorRate{}, rows.set()), weighted_mean(rows, [&](auto r) {
                 return rows.margin(r) > 0 ? 1 - static_cast<Real>(rows.labels[r]) : rows.labels[r];
               }));
}

TEST_P(Values, OfCounts) {
  const Rows rows = random_rows(3000, 3, GetParam(), 0, [](auto& random) { return double(random() % 8); });
  expect_close(evaluate_alone(PoissonDeviance{}, rows.set()), weighted_mean(rows, [&](auto r) {
                 const Real mean = std::exp(static_cast<Real>(rows.margin(r)));
                 const Real y = rows.labels[r];
                 return y == 0 ? 2 * mean : 2 * (y * std::log(y / mean) - (y - mean));
               }));
}

TEST_P(Values, OfClasses) {
  for (const int classes : {2, 3, 7}) {
    const Rows rows = random_classes(2000, 4, GetParam(), classes);
    expect_close(evaluate_alone(MLogLoss{}, rows.set()), weighted_mean(rows, [&](auto r) {
                   Real sum = 0;
                   for (int k = 0; k < classes; ++k) sum += std::exp(static_cast<Real>(rows.margin(r, k)));
                   return std::log(sum) - rows.margin(r, static_cast<int>(rows.labels[r]));
                 }));
    expect_close(evaluate_alone(MError{}, rows.set()), weighted_mean(rows, [&](auto r) {
                   int best = 0;
                   for (int k = 1; k < classes; ++k) {
                     if (rows.margin(r, k) > rows.margin(r, best)) best = k;
                   }
                   return best == rows.labels[r] ? Real{0} : Real{1};
                 }));
  }
}

TEST_P(Values, OfOrder) {
  for (const int ties : {0, 1, 4, 40}) {
    for (const std::size_t size : {2u, 3u, 30u, 700u}) {
      Rows rows = random_rows(size, size + 10, GetParam(), ties, binary_label);
      rows.labels[0] = 1;
      rows.labels[1] = 0;
      if (GetParam()) rows.weights[0] = rows.weights[1] = 0.5;
      // Weights are rounded to 32 bits of the largest.
      const double tolerance = GetParam() ? 1e-8 : 1e-14;
      EXPECT_NEAR(evaluate_alone(Auc{}, rows.set()), naive_auc(rows), tolerance) << size << " " << ties;
      EXPECT_NEAR(evaluate_alone(AucPr{}, rows.set()), naive_average_precision(rows), tolerance);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Values, testing::Bool(),
                         [](const auto& test) { return test.param ? "Weighted" : "Unweighted"; });

TEST(KnownValues, ByHand) {
  const Rows rows{.scores = {units(1), units(2), units(2), units(-1)}, .labels = {0, 1, 0, 0}};
  EXPECT_EQ(evaluate_alone(Auc{}, rows.set()), 2.5 / 3);
  EXPECT_EQ(evaluate_alone(AucPr{}, rows.set()), 0.5);
  EXPECT_EQ(evaluate_alone(ErrorRate{}, rows.set()), 0.5);
  EXPECT_EQ(evaluate_alone(Mae{}, rows.set()), 1.25);
  EXPECT_EQ(evaluate_alone(Rmse{}, rows.set()), std::sqrt(7.0 / 4));
  const Rows weighted{
      .scores = {units(1), units(2), units(2), units(-1)}, .labels = {0, 1, 0, 0}, .weights = {2, 5, 1, 1}};
  EXPECT_EQ(evaluate_alone(Auc{}, weighted.set()), 3.5 / 4);
  EXPECT_EQ(evaluate_alone(Mae{}, weighted.set()), 10.0 / 9);
  const Rows classes{.outputs = 2, .scores = {0, 0, units(1), 0}, .labels = {1, 0}};
  EXPECT_EQ(evaluate_alone(MError{}, classes.set()), 0.5);  // of equal margins the first wins
}

// A margin that probabilities in double cannot tell from certainty still costs what it should.
TEST(KnownValues, ConfidentMistakesAreNotCutOff) {
  const Rows rows{.scores = {units(800)}, .labels = {0}};
  EXPECT_EQ(evaluate_alone(LogLoss{}, rows.set()), 800.0);
  const Rows right{.scores = {units(50)}, .labels = {1}};
  EXPECT_NEAR(evaluate_alone(LogLoss{}, right.set()), std::exp(-50.0), 1e-36);
  const Rows classes{.outputs = 2, .scores = {units(50), 0}, .labels = {0}};
  EXPECT_NEAR(evaluate_alone(MLogLoss{}, classes.set()), std::exp(-50.0), 1e-36);
}

// An AUC next to 1/2 or of almost equal scores: exact order, no rounding of scores.
TEST(KnownValues, OrderIsThatOfTheIntegers) {
  const std::int64_t big = std::int64_t{1} << 61;
  const Rows rows{.scores = {big + 1, big, -big, -big - 1}, .labels = {1, 0, 0, 1}};
  EXPECT_EQ(evaluate_alone(Auc{}, rows.set()), 0.5);
  const Rows up{.scores = {big, big + 1}, .labels = {0, 1}};
  EXPECT_EQ(evaluate_alone(Auc{}, up.set()), 1.0);
  const std::int64_t low = std::numeric_limits<std::int64_t>::min();
  const Rows ends{.scores = {std::numeric_limits<std::int64_t>::max(), low, 0}, .labels = {1, 0, 0}};
  EXPECT_EQ(evaluate_alone(Auc{}, ends.set()), 1.0);
}

TEST(KnownValues, ExtremeWeightsKeepTheirOrderOfMagnitude) {
  for (const double unit : {0x1p-900, 1.0, 0x1p990}) {
    const Rows rows{
        .scores = {3, 2, 1, 0}, .labels = {1, 0, 1, 0}, .weights = {unit, 0.5 * unit, 0.5 * unit, unit}};
    EXPECT_EQ(evaluate_alone(Auc{}, rows.set()), 2.0 / 2.25) << unit;
  }
}

}  // namespace
}  // namespace ramet::metric
