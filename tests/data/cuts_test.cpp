#include "data/cuts.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "data/naive.hpp"
#include "data/sorted_values.hpp"

namespace ramet::test {
namespace {

using Doubles = std::vector<double>;
using Limits = std::numeric_limits<double>;

TEST(CutBetween, SeparatesAnyTwoValues) {
  const Doubles values{-Limits::infinity(),
                       Limits::lowest(),
                       std::nextafter(Limits::lowest(), 0),
                       -1e300,
                       -1.0,
                       -Limits::min(),
                       -2 * Limits::denorm_min(),
                       -Limits::denorm_min(),
                       0.0,
                       Limits::denorm_min(),
                       2 * Limits::denorm_min(),
                       3 * Limits::denorm_min(),
                       Limits::min(),
                       1.0,
                       std::nextafter(1.0, 2.0),
                       1 + 2 * Limits::epsilon(),
                       1e300,
                       std::nextafter(Limits::max(), 0),
                       Limits::max(),
                       Limits::infinity()};
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = i + 1; j < values.size(); ++j) {
      const double cut = data::cut_between(values[i], values[j]);
      EXPECT_LE(values[i], cut);
      EXPECT_LT(cut, values[j]);
      EXPECT_FALSE(cut == 0 && std::signbit(cut));
      const bool forced = values[i] == -Limits::infinity() && values[j] == Limits::lowest();
      EXPECT_TRUE(std::isfinite(cut) || forced) << values[i] << " " << values[j];
    }
  }
}

TEST(CutBetween, IsTheMidpoint) {
  EXPECT_EQ(data::cut_between(1, 2), 1.5);
  EXPECT_EQ(data::cut_between(-3, 3), 0);
  EXPECT_EQ(data::cut_between(Limits::lowest(), Limits::max()), 0);
  EXPECT_EQ(data::cut_between(1e308, 1.5e308), 1.25e308);
  EXPECT_EQ(data::cut_between(-Limits::infinity(), 5), Limits::lowest());
  EXPECT_EQ(data::cut_between(5, Limits::infinity()), Limits::max());
  EXPECT_EQ(data::cut_between(-Limits::infinity(), Limits::infinity()), 0);
}

data::DistinctValues counted(const Doubles& values) { return data::count_distinct(values); }

Doubles cuts_of(const Doubles& values, int max_bin) { return data::make_cuts(counted(values), max_bin); }

TEST(MakeCuts, FewValuesGetABinEach) {
  EXPECT_EQ(cuts_of({}, 255), Doubles{});
  EXPECT_EQ(cuts_of({4, 4, 4}, 255), Doubles{});
  EXPECT_EQ(cuts_of({4, 2, 4}, 2), Doubles{3});
  EXPECT_EQ(cuts_of({1, 2, 3, 4}, 4), (Doubles{1.5, 2.5, 3.5}));
}

TEST(MakeCuts, ManyEqualWeightsGiveExactQuantiles) {
  for (const int values : {256, 1000, 10'007, 262'144}) {
    for (const int bins : {2, 3, 7, 255, 256}) {
      Doubles all;
      for (int i = 0; i < values; ++i) all.push_back(i);
      const Doubles cuts = cuts_of(all, bins);
      ASSERT_EQ(cuts.size(), static_cast<std::size_t>(std::min(bins, values) - 1));
      double previous = -0.5;
      for (const double cut : cuts) {
        EXPECT_NEAR(cut - previous, static_cast<double>(values) / bins, 1.0);
        previous = cut;
      }
    }
  }
}

TEST(MakeCuts, HeavyValuesOwnABin) {
  Doubles values;
  for (int i = 0; i < 1000; ++i) {
    values.push_back(i);
    values.push_back(500.25);
    if (i < 200) values.push_back(7.75);
  }
  const Doubles cuts = cuts_of(values, 20);
  EXPECT_EQ(cuts.size(), 19u);
  for (const double cut : {7.375, 7.875, 500.125, 500.625})
    EXPECT_TRUE(std::find(cuts.begin(), cuts.end(), cut) != cuts.end()) << cut;
}

TEST(MakeCuts, TwoBinsCannotIsolateAMiddleValue) {
  Doubles values(100, 0.0);
  values.insert(values.end(), {-2, -1, 1, 2});
  EXPECT_EQ(cuts_of(values, 2).size(), 1u);
  EXPECT_EQ(cuts_of(values, 3), (Doubles{-0.5, 0.5}));
}

RC_GTEST_PROP(MakeCuts, AgreesWithNaiveTwin, ()) {
  const int max_bin = *rc::gen::inRange(2, 40);
  const int spread = *rc::gen::inRange(1, 200);
  const int size = *rc::gen::inRange(0, 400);
  std::mt19937 random(static_cast<unsigned>(*rc::gen::inRange(0, 1'000'000)));
  // Squares: some values are much more frequent than others.
  Doubles values;
  for (int i = 0; i < size; ++i) {
    const double u = static_cast<double>(random()) * 0x1p-32;
    values.push_back(std::floor(u * u * u * spread) * (random() % 2 == 0 ? 1 : -1));
  }
  const Doubles cuts = cuts_of(values, max_bin);
  RC_ASSERT(cuts == naive_cuts(values, max_bin));
  RC_ASSERT(cuts.size() < static_cast<std::size_t>(max_bin));
  const std::size_t distinct = counted(values).values.size();
  RC_ASSERT(cuts.size() + 1 == std::max<std::size_t>(1, std::min<std::size_t>(distinct, max_bin)));
  RC_ASSERT(std::is_sorted(cuts.begin(), cuts.end(), std::less_equal<>()));
}

TEST(MakeCuts, ManyHeavyValuesTakeNoLongTime) {
  // Every other value is heavy: far too many runs for 65,535 bins.
  data::DistinctValues distinct;
  for (int i = 0; i < 100'000; ++i) {
    distinct.values.push_back(i);
    distinct.counts.push_back(i % 2 == 0 ? 50 : 1);
  }
  const Doubles cuts = data::make_cuts(distinct, 65'535);
  EXPECT_EQ(cuts.size(), 65'534u);
}

void expect_counted(const Doubles& values, const data::DistinctValues& distinct) {
  std::map<double, std::int64_t> expected;
  for (const double x : values) {
    if (!std::isnan(x)) ++expected[x == 0 ? 0.0 : x];
  }
  ASSERT_EQ(distinct.values.size(), expected.size());
  std::size_t i = 0;
  for (const auto& [value, count] : expected) {
    EXPECT_EQ(distinct.values[i], value);
    EXPECT_EQ(std::signbit(distinct.values[i]), std::signbit(value));
    EXPECT_EQ(distinct.counts[i++], count);
  }
}

Doubles values_with_zeros(int size, bool floats, std::uint32_t zeros_of_100, std::mt19937& random) {
  Doubles values;
  for (int i = 0; i < size; ++i) {
    double x = (static_cast<double>(random()) - 0x1p31) * 1e-5;
    if (floats) x = static_cast<double>(static_cast<float>(x));
    if (random() % 4 == 0) x = static_cast<double>(random() % 5) - 2;
    if (random() % 20 == 0) x = Limits::quiet_NaN();
    if (random() % 20 == 0) x = random() % 2 == 0 ? -Limits::infinity() : Limits::infinity();
    if (random() % 20 == 0 && !floats) x = Limits::denorm_min();
    if (random() % 100 < zeros_of_100) x = random() % 2 == 0 ? -0.0 : 0.0;
    values.push_back(x);
  }
  return values;
}

TEST(CountDistinct, AgreesWithAMap) {
  std::mt19937 random(3);
  for (const int size : {0, 1, 2, 15, 16, 17, 100, 511, 512, 5000}) {
    for (const bool is_float : {false, true}) {
      for (const std::uint32_t zeros : {5u, 97u, 100u}) {  // of 100: blocks of zeros only, and other blocks
        const Doubles values = values_with_zeros(size, is_float, zeros, random);
        expect_counted(values, counted(values));
        if (!is_float) continue;
        const std::vector<float> floats(values.begin(), values.end());
        expect_counted(values, data::count_distinct(floats));
      }
    }
  }
}

}  // namespace
}  // namespace ramet::test
