#include "data/sampled_values.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "comm/agree.hpp"

namespace ramet::test {
namespace {

using Doubles = std::vector<double>;

Doubles numbers_of(const data::SampledColumn& column) {
  Doubles numbers;
  std::visit(
      [&](const auto& values) {
        for (const auto value : values) {
          if (!std::isnan(value)) numbers.push_back(static_cast<double>(value));
        }
      },
      column);
  return numbers;
}

// Column 0 is floats in the first batch and doubles in the second one, column 1 booleans.
TEST(SampledValues, HoldWhatTheSourceGivesAndNaNForRowsNotChosen) {
  constexpr std::int64_t half = 5'000;
  std::vector<float> floats;
  Doubles doubles;
  std::vector<std::uint8_t> flags;
  for (std::int64_t i = 0; i < half; ++i) {
    floats.push_back(static_cast<float>(i));
    doubles.push_back(static_cast<double>(half + i) + 1e-9);
    flags.push_back(static_cast<std::uint8_t>(i % 2));
  }
  data::Batch first{.rows = half};
  first.columns = {data::Strided<float>{floats.data(), 1}, data::Strided<std::uint8_t>{flags.data(), 1}};
  data::Batch second{.rows = half};
  second.columns = {data::Strided<double>{doubles.data(), 1}, data::Strided<std::uint8_t>{flags.data(), 1}};

  data::DatasetData data;
  data.rows = 2 * half;
  data.total_rows = 2 * half;
  Tasks tasks(2);
  const auto communicator = single_communicator();
  data::SampledValues sample({.bin_sample = 1'000}, 2, data);
  sample.begin({0, 1});
  sample.add(first, 0, tasks);
  EXPECT_TRUE(std::holds_alternative<RawVector<float>>(sample.values()[0]));
  sample.add(second, half, tasks);
  ASSERT_TRUE(sample.choose(*communicator, 2 * half, tasks));

  ASSERT_EQ(sample.rows().size(), 1'000u);
  Doubles expected;
  for (const std::int64_t row : sample.rows())
    expected.push_back(row < half ? static_cast<double>(floats[row]) : doubles[row - half]);
  EXPECT_TRUE(std::holds_alternative<RawVector<double>>(sample.values()[0]));
  EXPECT_EQ(numbers_of(sample.values()[0]), expected);
  EXPECT_TRUE(std::holds_alternative<RawVector<float>>(sample.values()[1]));
  const Doubles booleans = numbers_of(sample.values()[1]);
  ASSERT_EQ(booleans.size(), 1'000u);
  for (std::size_t i = 0; i < booleans.size(); ++i)
    EXPECT_EQ(booleans[i], static_cast<double>(sample.rows()[i] % half % 2));

  // Another scan, of other columns, gathers the sample's rows only.
  sample.begin({0});
  sample.add(first, 0, tasks);
  sample.add(second, half, tasks);
  EXPECT_EQ(numbers_of(sample.values()[0]), expected);
}

}  // namespace
}  // namespace ramet::test
