// The two kinds of objective that the library has no example of yet: that their concepts can be met, and that
// what they ask for is enough to compute gradients.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "math/functions.hpp"
#include "math/quantise.hpp"
#include "objective/objective.hpp"

namespace ramet::objective {
namespace {

// RankNet: the higher label of a pair should have the higher margin.
//   loss of a pair  log(1 + exp(-(s[i] - s[j])))
// Burges et al., "Learning to rank using gradient descent", ICML 2005.
struct PairwiseLogistic {
  static constexpr Traits traits{.name = "rank:pairwise",
                                 .aliases = {},
                                 .kind = Kind::query,
                                 .labels = LabelRange::non_negative,
                                 .link = true,
                                 .default_metric = ""};

  PairTerm pair(std::span<const double> margins, std::span<const double> /*labels*/, std::size_t i,
                std::size_t j) const {
    const double wrong = math::sigmoid(margins[j] - margins[i]);
    return {.g = -wrong, .h = wrong * (1.0 - wrong)};
  }
  // Terms are below 1: with 40 bits a query may have 2^22 pairs a row.
  int scale_exponent() const { return 40; }
  double prediction(double margin) const { return margin; }
};
static_assert(QueryObjective<PairwiseLogistic> && AnyObjective<PairwiseLogistic>);
static_assert(!RowObjective<PairwiseLogistic> && !SetObjective<PairwiseLogistic>);

// Cox's proportional hazards, Breslow's form without ties: |label| is the time, negative if censored.
//   loss  sum over events i of log(sum over j at risk at t[i] of exp(s[j])) - s[i]
struct Cox {
  static constexpr Traits traits{
      .name = "survival:cox", .aliases = {}, .kind = Kind::whole_set, .link = true, .default_metric = ""};

  void gradients(std::span<const double> margins, std::span<const double> labels,
                 std::span<GradientPair> out) const {
    double at_risk = 0;  // summed from the last row back: a fixed order
    std::vector<double> risk(margins.size());
    for (std::size_t i = margins.size(); i-- > 0;) risk[i] = at_risk += math::exp(margins[i]);
    double first = 0;  // sums over the events so far of 1 / risk and 1 / risk^2
    double second = 0;
    for (std::size_t i = 0; i < margins.size(); ++i) {
      const bool event = labels[i] > 0;
      if (event) first += 1.0 / risk[i], second += 1.0 / (risk[i] * risk[i]);
      const double e = math::exp(margins[i]);
      out[i] = {.g = e * first - (event ? 1.0 : 0.0), .h = e * first - (e * e) * second};
    }
  }
  double prediction(double margin) const { return math::exp(margin); }
};
static_assert(SetObjective<Cox> && AnyObjective<Cox>);
static_assert(!QueryObjective<Cox> && !RowObjective<Cox>);

static_assert(!AnyObjective<int>);
static_assert(RowOutputsObjective<Softmax> && !RowObjective<Softmax>);
static_assert(CallerObjective<Caller> && !RowObjective<Caller>);

// What an engine does with pairs: integers, so that the order of the pairs does not matter.
std::vector<double> query_gradient(const std::vector<double>& margins, const std::vector<double>& labels,
                                   bool backwards) {
  const PairwiseLogistic objective;
  const double scale = math::pow2(objective.scale_exponent());
  const std::size_t rows = margins.size();
  std::vector<std::int64_t> sums(rows);
  for (std::size_t n = 0; n < rows * rows; ++n) {
    const std::size_t at = backwards ? rows * rows - 1 - n : n;
    const std::size_t i = at / rows;
    const std::size_t j = at % rows;
    if (!(labels[i] > labels[j])) continue;
    const auto g = std::llrint(objective.pair(margins, labels, i, j).g * scale);
    sums[i] += g;
    sums[j] -= g;
  }
  std::vector<double> gradient(rows);
  for (std::size_t i = 0; i < rows; ++i) gradient[i] = static_cast<double>(sums[i]) / scale;
  return gradient;
}

TEST(Kinds, QueryGradientsFollowTheLossInAnyOrder) {
  const std::vector<double> margins{0.3, -1.2, 2.0, 0.1};
  const std::vector<double> labels{1, 0, 2, 2};
  const auto loss = [&](std::vector<double> s) {
    double sum = 0;
    for (std::size_t i = 0; i < s.size(); ++i) {
      for (std::size_t j = 0; j < s.size(); ++j) {
        if (labels[i] > labels[j]) sum += std::log1p(std::exp(s[j] - s[i]));
      }
    }
    return sum;
  };
  const std::vector<double> gradient = query_gradient(margins, labels, false);
  EXPECT_EQ(gradient, query_gradient(margins, labels, true));
  for (std::size_t i = 0; i < margins.size(); ++i) {
    std::vector<double> up = margins;
    std::vector<double> down = margins;
    up[i] += 1e-5;
    down[i] -= 1e-5;
    EXPECT_NEAR(gradient[i], (loss(up) - loss(down)) / 2e-5, 1e-8);
  }
}

TEST(Kinds, SetGradientsFollowTheLoss) {
  const std::vector<double> margins{0.5, -0.2, 1.0, 0.0, -1.0};
  const std::vector<double> labels{1, -2, 3, 4, -5};
  const auto loss = [&](const std::vector<double>& s) {
    double sum = 0;
    for (std::size_t i = 0; i < s.size(); ++i) {
      if (labels[i] < 0) continue;
      double at_risk = 0;
      for (std::size_t j = i; j < s.size(); ++j) at_risk += std::exp(s[j]);
      sum += std::log(at_risk) - s[i];
    }
    return sum;
  };
  std::vector<GradientPair> pairs(margins.size());
  Cox{}.gradients(margins, labels, pairs);
  for (std::size_t i = 0; i < margins.size(); ++i) {
    std::vector<double> up = margins;
    std::vector<double> down = margins;
    up[i] += 1e-4;
    down[i] -= 1e-4;
    EXPECT_NEAR(pairs[i].g, (loss(up) - loss(down)) / 2e-4, 1e-7);
    EXPECT_NEAR(pairs[i].h, (loss(up) - 2 * loss(margins) + loss(down)) / 1e-8, 1e-6);
  }
}

}  // namespace
}  // namespace ramet::objective
