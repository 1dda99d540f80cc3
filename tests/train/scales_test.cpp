// Base scores and units, against their definitions.
#include "train/scales.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "expect_error.hpp"
#include "math/score.hpp"
#include "naive/ranks.hpp"

namespace ramet::training {
namespace {

data::DatasetData with_labels(std::vector<double> labels, std::vector<double> weights = {}) {
  data::DatasetData data;
  data.rows = data.total_rows = static_cast<std::int64_t>(labels.size());
  data.labels = std::move(labels);
  data.weights = std::move(weights);
  data.communicator = single_communicator();
  return data;
}

model::OutputScale scale_of(const char* objective, const data::DatasetData& data,
                            const TrainParams& params = {}) {
  return start_scales(objective::make_objective(objective), params, data, 1)[0];
}

TEST(Scales, UnitIsAFractionOfTheSpreadOfLabels) {
  EXPECT_EQ(scale_of("reg:squarederror", with_labels({0, 1})).unit_exponent, 40);
  EXPECT_EQ(scale_of("reg:squarederror", with_labels({100, 1124})).unit_exponent, 30);
  EXPECT_EQ(scale_of("reg:squarederror", with_labels({0, 0x1p-20})).unit_exponent, 60);
  EXPECT_EQ(scale_of("reg:squarederror", with_labels({3, 3})).unit_exponent, 40);
  EXPECT_EQ(scale_of("binary:logistic", with_labels({0, 1})).unit_exponent, 40);
  EXPECT_EQ(scale_of("count:poisson", with_labels({0, 1e6})).unit_exponent, 40);
}

TEST(Scales, UnitIsCoarserFarFromZero) {
  const model::OutputScale scale = scale_of("reg:squarederror", with_labels({0x1p30, 0x1p30 + 0x1p-10}));
  EXPECT_EQ(scale.unit_exponent, 58 - 31);  // 2^30 and something must stay within 2^58 units
  EXPECT_LE(std::abs(scale.base), std::int64_t{1} << 58);
}

TEST(Scales, UnitCoversABaseScoreAwayFromTheLabels) {
  TrainParams params;
  params.base_score = -1023;
  EXPECT_EQ(scale_of("reg:squarederror", with_labels({0, 1}), params).unit_exponent, 30);
}

TEST(Scales, NeedSomeWeightAndAFiniteRange) {
  for (const char* objective : {"reg:squarederror", "reg:absoluteerror", "binary:logistic"}) {
    expect_error(ErrorCode::invalid_data, "all rows have weight 0", [&] {
      scale_of(objective, with_labels({0, 1}, {0, 0}));
    });
  }
  const double huge = std::numeric_limits<double>::max();
  expect_error(ErrorCode::invalid_data, "their range must be finite", [&] {
    scale_of("reg:absoluteerror", with_labels({-huge, huge}));
  });
  expect_error(ErrorCode::invalid_data, "labels times weights", [&] {
    scale_of("reg:squarederror", with_labels({huge, 1}, {2, 1}));
  });
  expect_error(ErrorCode::invalid_data, "their sum must be finite", [&] {
    scale_of("binary:logistic", with_labels({0, 1}, {huge, huge}));
  });
}

TEST(Scales, BaseIsTheBestConstant) {
  const auto margin = [](const model::OutputScale& scale) {
    return math::to_margin(scale.base, scale.unit_exponent);
  };
  EXPECT_EQ(margin(scale_of("reg:squarederror", with_labels({1, 2, 6}))), 3);
  EXPECT_EQ(margin(scale_of("reg:squarederror", with_labels({1, 2, 6}, {1, 1, 0}))), 1.5);
  EXPECT_EQ(margin(scale_of("reg:absoluteerror", with_labels({1, 2, 6}))), 2);
  EXPECT_EQ(margin(scale_of("reg:absoluteerror", with_labels({1, 2, 6}, {1, 1, 3}))), 6);
  EXPECT_NEAR(margin(scale_of("binary:logistic", with_labels({1, 0, 0, 0}))), std::log(1.0 / 3), 1e-11);
  EXPECT_NEAR(margin(scale_of("count:poisson", with_labels({1, 2, 6}))), std::log(3.0), 1e-11);
  const auto softmax =
      start_scales(objective::make_objective("multi:softprob"), {}, with_labels({0, 1, 1, 1}), 3);
  EXPECT_NEAR(margin(softmax[1]) - margin(softmax[0]), std::log(3.0), 1e-11);
  EXPECT_TRUE(std::isfinite(margin(softmax[2]))) << "a class that no row has";
  TrainParams params;
  params.base_score = 0.25;
  EXPECT_NEAR(margin(scale_of("binary:logistic", with_labels({1, 0}), params)), std::log(1.0 / 3), 1e-11);
}

RC_GTEST_PROP(Scales, MedianIsTheFirstLabelThatReachesHalfTheWeight, ()) {
  const auto labels = *rc::gen::nonEmpty(rc::gen::container<std::vector<double>>(
      rc::gen::map(rc::gen::inRange(-20, 20), [](int i) { return i * 0.37; })));
  const bool weighted = *rc::gen::arbitrary<bool>();
  std::vector<double> weights;
  for (std::size_t i = 0; weighted && i < labels.size(); ++i) weights.push_back(*rc::gen::inRange(0, 4));
  if (weighted) weights[0] += 1;

  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return labels[a] < labels[b]; });
  const auto weight = [&](std::size_t i) { return weighted ? weights[i] : 1.0; };
  double total = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) total += weight(i);
  double expected = 0;
  double sum = 0;
  for (const std::size_t i : order) {
    sum += weight(i);
    if (2 * sum >= total) {
      expected = labels[i];
      break;
    }
  }
  RC_ASSERT(weighted_median_label(with_labels(labels, weights)) == expected);

  // The same on two ranks, of which one may be empty.
  const std::size_t cut = *rc::gen::inRange<std::size_t>(0, labels.size() + 1);
  double found[2] = {};
  naive::run_ranks(2, [&](int rank, const std::shared_ptr<Communicator>& communicator) {
    const std::size_t begin = rank == 0 ? 0 : cut;
    const std::size_t end = rank == 0 ? cut : labels.size();
    const auto part = [&](const std::vector<double>& v) {
      return v.empty() ? v
                       : std::vector<double>(v.begin() + static_cast<std::ptrdiff_t>(begin),
                                             v.begin() + static_cast<std::ptrdiff_t>(end));
    };
    data::DatasetData data = with_labels(part(labels), part(weights));
    data.communicator = communicator;
    found[rank] = weighted_median_label(data);
  });
  RC_ASSERT(found[0] == expected);
  RC_ASSERT(found[1] == expected);
}

}  // namespace
}  // namespace ramet::training
