#include "data/fingerprint.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <limits>
#include <random>
#include <vector>

#include "data/fingerprint_kernel.hpp"

namespace ramet::test {
namespace {

template <class Value>
void expect_sum_of_cells() {
  using Limits = std::numeric_limits<Value>;
  const std::vector<Value> special{0,
                                   -Value{0},
                                   Limits::quiet_NaN(),
                                   -Limits::quiet_NaN(),
                                   Limits::infinity(),
                                   -Limits::infinity(),
                                   Limits::denorm_min(),
                                   Limits::max()};
  std::mt19937_64 random(7);
  for (std::int64_t count = 0; count < 70; ++count) {
    std::vector<Value> values;
    std::vector<std::uint64_t> row_keys;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto x = static_cast<Value>(static_cast<double>(random()) * 1e-19 - 0.5);
      values.push_back(random() % 3 == 0 ? special[random() % special.size()] : x);
      row_keys.push_back(random());
    }
    const std::uint64_t column_key = random();
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      expected += data::cell_hash(row_keys[i], column_key, data::value_bits(static_cast<double>(values[i])));
    EXPECT_EQ(data::hash_numbers(values.data(), row_keys.data(), count, column_key), expected) << count;
  }
}

TEST(Fingerprint, OfNumbersIsTheSumOfTheirCellsOnEveryTarget) {
  for (std::int64_t targets = hwy::SupportedTargets(); targets != 0; targets &= targets - 1) {
    hwy::SetSupportedTargetsForTest(targets & -targets);
    SCOPED_TRACE(hwy::TargetName(targets & -targets));
    expect_sum_of_cells<float>();
    expect_sum_of_cells<double>();
    hwy::SetSupportedTargetsForTest(0);
  }
}

}  // namespace
}  // namespace ramet::test
