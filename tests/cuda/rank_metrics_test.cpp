// cuda/rank_metrics.hpp: areas under curves, the bits of metric::evaluate.
#include "cuda/rank_metrics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "cuda/metric_runs.hpp"
#include "ramet/error.hpp"

#if __has_include("emulation/control.hpp")
#include "emulation/control.hpp"
#endif

namespace ramet::cuda::test {
namespace {

void expect_same(const metric::Rows& rows, Metrics& metrics) {
  const Stream stream;
  const MetricRows device(rows);
  const double largest = metrics.check_rows(metric::Auc{}, device.info, stream.get()).largest_weight;
  EXPECT_EQ(comparable(metrics.auc(device.info, largest, stream.get())),
            comparable(metric::evaluate_alone(metric::Auc{}, rows.set())))
      << rows.size() << " rows";
  EXPECT_EQ(comparable(metrics.auc_pr(device.info, largest, stream.get())),
            comparable(metric::evaluate_alone(metric::AucPr{}, rows.set())))
      << rows.size() << " rows";
}

void expect_same(const metric::Rows& rows) {
  Metrics metrics;
  expect_same(rows, metrics);
}

// Labels are 1 for one row in `one_in`.
metric::Rows random_rows(std::size_t rows, std::uint64_t seed, bool weighted, int ties, unsigned one_in) {
  return metric::random_rows(rows, seed, weighted, ties,
                             [&](std::mt19937_64& random) { return random() % one_in == 0 ? 1.0 : 0.0; });
}

metric::Rows flipped(metric::Rows rows) {
  for (double& label : rows.labels) label = 1 - label;
  return rows;
}

TEST(RankMetrics, AnyRowsTiesAndWeights) {
  for (const std::size_t rows : {0, 1, 2, 3, 10, 257, 2049}) {
    for (const bool weighted : {false, true}) {
      for (const int ties : {0, 1, 40}) {
        for (const unsigned one_in : {2u, 20u}) {
          const metric::Rows some = random_rows(rows, rows + one_in, weighted, ties, one_in);
          expect_same(some);
          expect_same(flipped(some));
        }
      }
    }
  }
}

TEST(RankMetrics, ManyRows) {
  expect_same(random_rows(40000, 3, true, 0, 3));
  expect_same(random_rows(40000, 3, false, 400, 3));
}

// Memory that is kept must do for more rows and for fewer.
TEST(RankMetrics, OneAfterTheOther) {
  Metrics metrics;
  for (const std::size_t rows : {300, 3000, 20, 3000, 700}) {
    expect_same(random_rows(rows, rows, rows % 200 == 0, 0, 4), metrics);
  }
}

TEST(RankMetrics, AllScoresEqual) {
  for (const bool weighted : {false, true}) {
    metric::Rows rows = random_rows(500, 4, weighted, 0, 2);
    rows.scores.assign(500, -12345);
    expect_same(rows);
  }
}

TEST(RankMetrics, PerfectAndReversedOrder) {
  for (const double sign : {1.0, -1.0}) {
    metric::Rows rows = random_rows(500, 5, false, 0, 3);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      rows.scores[r] = metric::units(sign * (rows.labels[r] * 100 + static_cast<double>(r) / 1000));
    }
    expect_same(rows);
  }
}

TEST(RankMetrics, ScoresAtTheEndsOfTheRange) {
  metric::Rows rows = random_rows(600, 6, true, 0, 2);
  std::mt19937_64 random(6);
  for (std::int64_t& score : rows.scores) {
    const std::int64_t ends[] = {std::numeric_limits<std::int64_t>::min(),
                                 std::numeric_limits<std::int64_t>::max(), 0, -1, 1};
    score = random() % 3 == 0 ? ends[random() % 5] : static_cast<std::int64_t>(random());
  }
  expect_same(rows);
}

TEST(RankMetrics, AClassWithoutRowsOrWeight) {
  metric::Rows rows = random_rows(300, 7, true, 0, 2);
  metric::Rows no_weight = rows;
  for (std::size_t r = 0; r < rows.size(); ++r) no_weight.weights[r] *= no_weight.labels[r];
  expect_same(no_weight);
  expect_same(flipped(no_weight));
  metric::Rows all_zero = rows;
  all_zero.weights.assign(300, 0.0);
  expect_same(all_zero);
  rows.labels.assign(300, 1.0);
  expect_same(rows);
  rows.labels.assign(300, 0.0);
  expect_same(rows);
}

// Weights that fill 32 bits, so that products and sums need all of theirs.
TEST(RankMetrics, WeightsOfAllSizes) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    std::mt19937_64 random(seed);
    metric::Rows rows = random_rows(3000, seed, true, seed % 2 == 0 ? 0 : 30, 2);
    for (double& weight : rows.weights) {
      weight = seed < 3 ? std::nextafter(1.0, 0.0) : std::exp(std::normal_distribution<double>(0, 5)(random));
      if (seed > 4) weight *= 1e-290;
    }
    expect_same(rows);
  }
}

// Half a step away from integers: rounded to nearest even.
TEST(RankMetrics, WeightsBetweenIntegers) {
  metric::Rows rows = random_rows(1000, 8, true, 0, 2);
  std::mt19937_64 random(8);
  for (double& weight : rows.weights) weight = static_cast<double>(random() % 1000) + 0.5;
  rows.weights[0] = 4294967295.0;
  expect_same(rows);
}

TEST(RankMetrics, MoreRowsThanAreTaken) {
  const Stream stream;
  RankMetrics metrics;
  const RankedRows rows{.rows = std::int64_t{1} << 31};
  for (const bool of_roc : {false, true}) {
    try {
      (void)(of_roc ? metrics.auc(rows, 1, stream.get()) : metrics.auc_pr(rows, 1, stream.get()));
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unsupported);
    }
  }
}

#if __has_include("emulation/control.hpp")
TEST(RankMetrics, TakeNoMoreThanTheySay) {
  for (const bool weighted : {false, true}) {
    for (const unsigned one_in : {1u, 2u, 50u}) {
      metric::Rows rows = random_rows(2000, 9, weighted, 0, one_in);
      rows.labels[0] = 0;
      const MetricRows device(rows);
      const Stream stream;
      const std::size_t before = emulation::live_bytes(0);
      RankMetrics metrics;
      const RankedRows ranked{.scores = device.info.scores,
                              .labels = device.info.labels,
                              .weights = device.info.weights,
                              .rows = device.info.rows};
      (void)metrics.auc(ranked, 100, stream.get());
      (void)metrics.auc_pr(ranked, 100, stream.get());
      EXPECT_LE(emulation::live_bytes(0) - before,
                static_cast<std::size_t>(RankMetrics::bytes(2000, weighted)));
    }
  }
}
#endif

}  // namespace
}  // namespace ramet::cuda::test
