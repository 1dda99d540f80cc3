// cuda/metrics.hpp, metrics of single rows: the bits of metric::evaluate, whatever the rows.
#include "cuda/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "cuda/metric_runs.hpp"
#include "ramet/error.hpp"

namespace ramet::cuda::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

RowSums sums_of(const metric::Metric& metric, const metric::Rows& rows, std::size_t begin, std::size_t end) {
  const Stream stream;
  Metrics metrics;
  const MetricRows device(rows, begin, end);
  (void)metrics.row_sums(metric, device.info, stream.get());  // what is left of a call must not matter
  return metrics.row_sums(metric, device.info, stream.get());
}

void expect_same(const metric::Metric& metric, const metric::Rows& rows) {
  const RowSums sums = sums_of(metric, rows, 0, rows.size());
  EXPECT_EQ(sums.bad_row, -1);
  EXPECT_EQ(comparable(value_of(metric, {sums})), comparable(metric::evaluate_alone(metric, rows.set())))
      << metric::traits(metric).name << ", " << rows.size() << " rows";
}

// Rows of every kind of label that a metric takes.
metric::Rows rows_for(const metric::Metric& metric, std::size_t count, std::uint64_t seed, bool weighted) {
  const metric::Traits& traits = metric::traits(metric);
  if (traits.multiclass) {
    metric::Rows rows = metric::random_classes(count, seed, weighted, 2 + static_cast<int>(seed % 9));
    for (std::size_t k = 0; k < rows.unit_exponents.size(); k += 2) rows.unit_exponents[k] = 39;
    return rows;
  }
  return metric::random_rows(count, seed, weighted, 0, [&](std::mt19937_64& random) {
    if (traits.labels == metric::Labels::unit_interval)
      return std::ldexp(static_cast<double>(random() >> 11), -53);
    if (traits.labels == metric::Labels::non_negative) return static_cast<double>(random() % 9);
    return std::normal_distribution<double>(0, 1e3)(random);
  });
}

std::vector<metric::Metric> row_metrics() {
  using objective::Response;
  return {metric::Rmse{},
          metric::Rmse{.response = Response::logistic},
          metric::Mae{},
          metric::Mae{.response = Response::log},
          metric::LogLoss{},
          metric::ErrorRate{},
          metric::MLogLoss{},
          metric::MError{},
          metric::PoissonDeviance{}};
}

TEST(Metrics, AllRowMetrics) {
  for (const metric::Metric& metric : row_metrics()) {
    for (const std::size_t rows : {0, 1, 2, 31, 32, 257, 3000}) {
      for (const bool weighted : {false, true}) {
        for (const std::uint64_t seed : {1, 2, 3})
          expect_same(metric, rows_for(metric, rows, seed, weighted));
      }
    }
  }
}

TEST(Metrics, ManyRows) {
  expect_same(metric::LogLoss{}, rows_for(metric::LogLoss{}, 50000, 4, false));
  expect_same(metric::Rmse{}, rows_for(metric::Rmse{}, 50000, 4, true));
}

TEST(Metrics, ManyClasses) {
  expect_same(metric::MLogLoss{}, metric::random_classes(500, 3, true, 700));
  expect_same(metric::MError{}, metric::random_classes(500, 3, false, 700));
}

// Terms of all sizes, denormals too: at margins of 0 the absolute error is the label's magnitude.
TEST(Metrics, TermsOfAnySizeAreSummedExactly) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    metric::Rows rows;
    const int lowest = seed % 2 == 0 ? -1074 : static_cast<int>(random() % 2000) - 1074;
    const int range = seed % 2 == 0 ? 2090 : 60;
    for (int r = 0; r < 700; ++r) {
      const double mantissa = 1 + std::ldexp(static_cast<double>(random() >> 11), -53);
      const int exponent = std::min(lowest + static_cast<int>(random() % static_cast<unsigned>(range)), 1013);
      const double size = std::ldexp(mantissa, exponent);
      rows.scores.push_back(0);
      rows.labels.push_back(random() % 2 == 0 ? -size : size);
      if (seed % 4 >= 2) {
        const int tiny = static_cast<int>(random() % 1000);
        rows.weights.push_back(random() % 8 == 0 ? 0.0 : std::ldexp(mantissa, -tiny));
      }
    }
    expect_same(metric::Mae{}, rows);
  }
}

TEST(Metrics, SumsBeyondTheRangeAreInfinite) {
  metric::Rows rows;
  for (int r = 0; r < 100; ++r) {
    rows.scores.push_back(0);
    rows.labels.push_back(std::numeric_limits<double>::max());
  }
  expect_same(metric::Mae{}, rows);
  EXPECT_EQ(metric::evaluate_alone(metric::Mae{}, rows.set()), infinity);
}

TEST(Metrics, InfiniteTermsAreCounted) {
  metric::Rows rows = rows_for(metric::Rmse{}, 400, 5, true);
  rows.weights.assign(400, 1.5);
  for (const int r : {3, 77, 399}) rows.labels[static_cast<std::size_t>(r)] = 1e300;
  rows.weights[77] = 0;
  const RowSums sums = sums_of(metric::Rmse{}, rows, 0, 400);
  EXPECT_EQ(sums.infinite, 2);
  expect_same(metric::Rmse{}, rows);
  // A finite term may become infinite by its weight.
  metric::Rows heavy = rows_for(metric::Mae{}, 10, 5, true);
  heavy.labels[4] = 1e200;
  heavy.weights[4] = 1e200;
  expect_same(metric::Mae{}, heavy);
}

TEST(Metrics, RowsOfAllWeightsZero) {
  metric::Rows rows = rows_for(metric::Rmse{}, 300, 6, true);
  rows.weights.assign(300, 0.0);
  expect_same(metric::Rmse{}, rows);
}

TEST(Metrics, DevicesAddUp) {
  for (const metric::Metric& metric : row_metrics()) {
    for (const bool weighted : {false, true}) {
      const metric::Rows rows = rows_for(metric, 2000, 7, weighted);
      std::vector<RowSums> parts;
      const std::size_t cuts[] = {0, 0, 700, 701, 2000};
      for (std::size_t i = 0; i + 1 < std::size(cuts); ++i) {
        parts.push_back(sums_of(metric, rows, cuts[i], cuts[i + 1]));
      }
      for (const RowSums& part : parts) {
        for (std::size_t i = 0; i + 1 < part.terms.size(); ++i) {
          ASSERT_GE(part.terms[i], 0);
          ASSERT_LT(part.terms[i], std::int64_t{1} << 32);
        }
      }
      EXPECT_EQ(comparable(value_of(metric, parts)), comparable(metric::evaluate_alone(metric, rows.set())));
    }
  }
}

void expect_bad_row(const metric::Metric& metric, const metric::Rows& rows, std::int64_t row) {
  EXPECT_EQ(sums_of(metric, rows, 0, rows.size()).bad_row, row) << metric::traits(metric).name;
  const Stream stream;
  Metrics metrics;
  const MetricRows device(rows);
  EXPECT_EQ(metrics.check_rows(metric, device.info, stream.get()).bad_row, row);
  try {
    (void)metric::evaluate_alone(metric, rows.set());
    FAIL() << "no error for row " << row;
  } catch (const Error& error) {
    const std::string expected = "row " + std::to_string(row) + ":";
    EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
  }
}

TEST(Metrics, TheLowestBadRowIsFound) {
  const double nan = std::nan("");
  const std::vector<std::pair<metric::Metric, std::vector<double>>> bad_labels{
      {metric::Rmse{}, {nan, infinity, -infinity}},
      {metric::PoissonDeviance{}, {nan, infinity, -1.0, -1e-300}},
      {metric::LogLoss{}, {nan, -0.1, 1.0000000001, infinity}},
      {metric::MLogLoss{}, {nan, -1.0, 0.5, 700.0, 1e18, -infinity}},
      {metric::MError{}, {nan, 12.0, infinity}}};
  for (const auto& [metric, labels] : bad_labels) {
    for (const double label : labels) {
      for (const std::size_t row : {0, 250, 599}) {
        metric::Rows rows = rows_for(metric, 600, 8, false);
        rows.labels[row] = label;
        rows.labels[599] = label;
        expect_bad_row(metric, rows, static_cast<std::int64_t>(row));
      }
    }
  }
  for (const double weight : {-1.0, nan, infinity, -1e-320}) {
    metric::Rows rows = rows_for(metric::Rmse{}, 600, 8, true);
    rows.weights[123] = weight;
    rows.weights[124] = weight;
    expect_bad_row(metric::Rmse{}, rows, 123);
  }
}

TEST(Metrics, ChecksFindTheLargestWeight) {
  const Stream stream;
  Metrics metrics;
  metric::Rows rows = rows_for(metric::Rmse{}, 3000, 9, true);
  const MetricRows device(rows);
  const double largest = *std::max_element(rows.weights.begin(), rows.weights.end());
  EXPECT_EQ(metrics.check_rows(metric::Rmse{}, device.info, stream.get()).largest_weight, largest);
  rows.weights.clear();
  const MetricRows all_one(rows);
  EXPECT_EQ(metrics.check_rows(metric::Rmse{}, all_one.info, stream.get()).largest_weight, 1.0);
  const MetricRows none(rows, 5, 5);
  EXPECT_EQ(metrics.check_rows(metric::Rmse{}, none.info, stream.get()).largest_weight, 0.0);
}

// More rows than one block can add up without folding, all with the largest digits there are.
TEST(Metrics, DigitsCannotOverflow) {
  constexpr std::size_t count = (std::size_t{1} << 20) + 5;
  const double ones = std::nextafter(2.0, 0.0);
  metric::Rows rows;
  rows.scores.assign(count, 0);
  rows.labels.assign(count, ones);
  const MetricRows device(rows);
  const auto sums = to_device(std::vector<std::int64_t>(SumLayout::size, 0));
  const DeviceArray<std::int32_t> exponents = to_device(device.unit_exponents);
  const Stream stream;
  sum_rows(metric::Mae{},
           {.scores = device.scores.data(),
            .labels = device.labels.data(),
            .unit_exponents = exponents.data(),
            .sums = sums.data(),
            .rows = static_cast<std::int64_t>(count)},
           1, stream.get());
  stream.synchronize();
  const std::vector<std::int64_t> limbs = from_device(sums.data(), math::ExactSum::limb_count);
  math::ExactSum sum;
  add_limbs(limbs, sum);
  math::ExactSum expected;
  for (std::size_t r = 0; r < count; ++r) expected.add(ones);
  EXPECT_EQ(sum.value(), expected.value());
  const std::span<std::int64_t> found = sum.limbs();
  EXPECT_TRUE(std::equal(found.begin(), found.end(), expected.limbs().begin()));
}

}  // namespace
}  // namespace ramet::cuda::test
