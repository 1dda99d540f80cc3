#include "data/bin_lookup.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "data/naive.hpp"

namespace ramet::test {
namespace {

template <class Value>
std::vector<Value> special_values() {
  using Limits = std::numeric_limits<Value>;
  return {Limits::quiet_NaN(),  -Limits::quiet_NaN(),  Limits::infinity(), -Limits::infinity(),
          Limits::max(),        Limits::lowest(),      Limits::min(),      -Limits::min(),
          Limits::denorm_min(), -Limits::denorm_min(), Value{0},           -Value{0}};
}

// Cuts and the values around them, and others.
template <class Value>
std::vector<Value> probes(const std::vector<double>& cuts, std::mt19937& random) {
  std::vector<Value> values = special_values<Value>();
  for (int i = 0; i < 70; ++i) values.push_back(i % 5 == 0 ? -Value{0} : Value{0});
  for (const double cut : cuts) {
    const auto near = static_cast<Value>(cut);
    values.push_back(near);
    values.push_back(std::nextafter(near, std::numeric_limits<Value>::infinity()));
    values.push_back(std::nextafter(near, -std::numeric_limits<Value>::infinity()));
    values.push_back(static_cast<Value>((static_cast<double>(random()) * 0x1p-32 - 0.5) * 20));
  }
  return values;
}

template <class Value, class Code>
void expect_naive(const data::BinLookup& lookup, const std::vector<double>& cuts,
                  const std::vector<Value>& values) {
  // From every offset, so that whole vectors and their rest are met.
  for (std::size_t begin = 0; begin < std::min<std::size_t>(values.size(), 40); begin += 3) {
    const std::size_t count = values.size() - begin;
    std::vector<Code> codes(count + 1, Code{77});
    lookup.codes(values.data() + begin, static_cast<std::int64_t>(count), codes.data());
    EXPECT_EQ(codes[count], Code{77}) << "wrote past the end";
    for (std::size_t i = 0; i < count; ++i) {
      const auto expected = naive_code(cuts, static_cast<double>(values[begin + i]));
      ASSERT_EQ(codes[i], expected) << values[begin + i] << " with " << cuts.size() << " cuts";
      ASSERT_EQ(lookup.code(static_cast<double>(values[begin + i])), expected);
    }
  }
}

void expect_naive_for_all_sizes() {
  std::mt19937 random(5);
  for (const int size :
       {0, 1, 2, 3, 7, 8, 14, 15, 16, 31, 32, 33, 63, 64, 100, 127, 128, 200, 254, 255, 256, 511, 700}) {
    for (const bool float_cuts : {false, true}) {
      std::set<double> chosen;
      while (static_cast<int>(chosen.size()) < size) {
        double cut = (static_cast<double>(random()) * 0x1p-32 - 0.5) * 20;
        if (random() % 16 == 0) cut *= 1e-320;
        if (random() % 16 == 0) cut *= 1e307;
        if (random() % 32 == 0) cut = std::numeric_limits<double>::max();
        if (random() % 32 == 0) cut = std::numeric_limits<double>::lowest();
        if (float_cuts && std::abs(cut) < 1e30) cut = static_cast<double>(static_cast<float>(cut));
        chosen.insert(cut + 0.0);
      }
      const std::vector<double> cuts(chosen.begin(), chosen.end());
      const data::BinLookup lookup(cuts);
      const auto floats = probes<float>(cuts, random);
      const auto doubles = probes<double>(cuts, random);
      expect_naive<float, std::uint16_t>(lookup, cuts, floats);
      expect_naive<float, std::uint32_t>(lookup, cuts, floats);
      expect_naive<double, std::uint16_t>(lookup, cuts, doubles);
      expect_naive<double, std::uint32_t>(lookup, cuts, doubles);
      if (size > 254) continue;
      expect_naive<float, std::uint8_t>(lookup, cuts, floats);
      expect_naive<double, std::uint8_t>(lookup, cuts, doubles);
    }
  }
}

TEST(BinLookup, AgreesWithNaiveTwin) { expect_naive_for_all_sizes(); }

TEST(BinLookup, CodesAreTheSameOnEveryTarget) {
  for (std::int64_t targets = hwy::SupportedTargets(); targets != 0; targets &= targets - 1) {
    hwy::SetSupportedTargetsForTest(targets & -targets);
    SCOPED_TRACE(hwy::TargetName(targets & -targets));
    expect_naive_for_all_sizes();
    hwy::SetSupportedTargetsForTest(0);
  }
}

TEST(BinLookup, CutsBetweenNeighbouringFloats) {
  // Several doubles between two floats round down to the same one.
  std::vector<double> cuts;
  for (int i = 0; i < 20; ++i) cuts.push_back(1 + i * 0x1p-27);
  const data::BinLookup lookup(cuts);
  expect_naive<float, std::uint8_t>(lookup, cuts,
                                    {1.0F, std::nextafter(1.0F, 2.0F), std::nextafter(1.0F, 0.0F)});
}

TEST(BinLookup, ManyCuts) {
  std::vector<double> cuts;
  for (int i = 0; i < 65'534; ++i) cuts.push_back(i);
  const data::BinLookup lookup(cuts);
  std::vector<float> floats;
  std::vector<double> doubles;
  for (int i = -10; i < 65'600; ++i) {
    floats.push_back(static_cast<float>(i) + 0.5F);
    doubles.push_back(i);
  }
  std::vector<std::uint16_t> codes(floats.size());
  lookup.codes(floats.data(), static_cast<std::int64_t>(floats.size()), codes.data());
  for (int i = -10; i < 65'600; ++i) ASSERT_EQ(codes[i + 10], std::clamp(i + 2, 1, 65'535));
  lookup.codes(doubles.data(), static_cast<std::int64_t>(doubles.size()), codes.data());
  for (int i = -10; i < 65'600; ++i) ASSERT_EQ(codes[i + 10], std::clamp(i + 1, 1, 65'535));
}

}  // namespace
}  // namespace ramet::test
