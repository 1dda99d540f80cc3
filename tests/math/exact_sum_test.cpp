// math/exact_sum.hpp: exact, rounded once, whatever the order and however it is split up.
#include "math/exact_sum.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

namespace ramet::math {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double denorm_min = std::numeric_limits<double>::denorm_min();
constexpr double largest = std::numeric_limits<double>::max();

double exact_sum(const std::vector<double>& xs) {
  ExactSum sum;
  for (const double x : xs) sum.add(x);
  return sum.value();
}

// The sum by another way: an expansion of non-overlapping doubles (Shewchuk 1997, "Adaptive precision
// floating-point arithmetic"), rounded as Python's math.fsum does. For sums that stay in range.
double expansion_sum(const std::vector<double>& xs) {
  std::vector<double> partials;
  for (double x : xs) {
    std::size_t kept = 0;
    for (double y : partials) {
      if (std::fabs(x) < std::fabs(y)) std::swap(x, y);
      const double high = x + y;
      const double low = y - (high - x);
      if (low != 0) partials[kept++] = low;
      x = high;
    }
    partials.resize(kept);
    partials.push_back(x);
  }
  double high = 0;
  double low = 0;
  while (!partials.empty() && low == 0) {
    const double x = high;
    const double y = partials.back();
    partials.pop_back();
    high = x + y;
    low = y - (high - x);
  }
  const bool same_side =
      !partials.empty() && ((low < 0 && partials.back() < 0) || (low > 0 && partials.back() > 0));
  const double twice = low * 2;
  if (same_side && twice == (high + twice) - high) high += twice;  // a tie that the rest decides
  return high;
}

double any_finite(std::mt19937_64& random, int low_exponent, int high_exponent) {
  std::uniform_real_distribution<double> mantissa(-2, 2);
  std::uniform_int_distribution<int> exponent(low_exponent, high_exponent);
  return std::ldexp(mantissa(random), exponent(random));
}

TEST(ExactSum, KnownSums) {
  EXPECT_EQ(exact_sum({}), 0.0);
  EXPECT_EQ(exact_sum({0.0, -0.0}), 0.0);
  EXPECT_EQ(exact_sum({1.0, 2.0, 3.5}), 6.5);
  EXPECT_EQ(exact_sum({1e100, 1.0, -1e100}), 1.0);
  EXPECT_EQ(exact_sum({1e308, 1e-308, -1e308}), 1e-308);
  EXPECT_EQ(exact_sum({-1e300, 3.0, 1e300, -3.0}), 0.0);
  EXPECT_EQ(exact_sum(std::vector<double>(10, 0.1)), 1.0);
}

TEST(ExactSum, OneValueIsItself) {
  for (const double x : {1.0, -1.0, 0.1, denorm_min, -denorm_min, 0x1p-1022, 0x1.fffffffffffffp-1023, largest,
                         -largest, 0x1.8p31, 0x1.8p-31, 0x1.fffffffffffffp+52}) {
    EXPECT_EQ(exact_sum({x}), x);
    EXPECT_EQ(exact_sum({x, x, -x}), x);
  }
}

TEST(ExactSum, TiesGoToEven) {
  EXPECT_EQ(exact_sum({1.0, 0x1p-53}), 1.0);
  EXPECT_EQ(exact_sum({1.0, 0x1p-53, denorm_min}), 1.0 + 0x1p-52);
  EXPECT_EQ(exact_sum({1.0 + 0x1p-52, 0x1p-53}), 1.0 + 0x1p-51);
  EXPECT_EQ(exact_sum({-1.0, -0x1p-53}), -1.0);
  EXPECT_EQ(exact_sum({-1.0, -0x1p-53, -denorm_min}), -1.0 - 0x1p-52);
}

TEST(ExactSum, Denormals) {
  EXPECT_EQ(exact_sum(std::vector<double>(1000, denorm_min)), 1000 * denorm_min);
  EXPECT_EQ(exact_sum({0x1p-1022, -denorm_min}), 0x1.ffffffffffffep-1023);
  EXPECT_EQ(exact_sum({0x1.ffffffffffffep-1023, denorm_min}), 0x1p-1022);
}

TEST(ExactSum, Overflow) {
  EXPECT_EQ(exact_sum({largest, largest}), inf);
  EXPECT_EQ(exact_sum({-largest, -largest}), -inf);
  EXPECT_EQ(exact_sum({largest, largest, -largest}), largest);
  EXPECT_EQ(exact_sum({largest, 0x1p969}), largest);  // below half a step
  EXPECT_EQ(exact_sum({largest, 0x1p970}), inf);      // the tie goes to 2^1024
  EXPECT_EQ(exact_sum(std::vector<double>(100'000, largest)), inf);
  ExactSum sum;
  for (int i = 0; i < 50; ++i) sum.add(i == 0 ? ExactSum() : sum), sum.add(largest);
  EXPECT_EQ(sum.value(), inf);
}

TEST(ExactSum, AgreesWithExpansions) {
  std::mt19937_64 random(3);
  for (int trial = 0; trial < 2000; ++trial) {
    const int low = static_cast<int>(random() % 1900) - 1000;
    std::vector<double> xs(1 + random() % 40);
    for (double& x : xs) x = any_finite(random, low, low + static_cast<int>(random() % 120));
    if (trial % 2 == 0) {  // nearly cancelling
      const std::size_t size = xs.size();
      for (std::size_t i = 0; i < size; ++i) xs.push_back(-xs[i] * (i % 3 == 0 ? 1 + 0x1p-50 : 1));
    }
    EXPECT_EQ(exact_sum(xs), expansion_sum(xs)) << "trial " << trial;
  }
}

RC_GTEST_PROP(ExactSum, OrderAndSplitDoNotMatter, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  std::vector<double> xs(random() % 200);
  for (double& x : xs) x = any_finite(random, -1070, 1015);
  const double whole = exact_sum(xs);

  std::shuffle(xs.begin(), xs.end(), random);
  RC_ASSERT(exact_sum(xs) == whole);

  std::vector<ExactSum> parts(1 + random() % 7);
  for (const double x : xs) parts[random() % parts.size()].add(x);
  ExactSum merged;
  for (const ExactSum& part : parts) merged.add(part);
  RC_ASSERT(merged.value() == whole);

  std::vector<std::int64_t> limbs(ExactSum::limb_count);
  for (ExactSum& part : parts) {
    const auto mine = part.limbs();
    for (std::size_t i = 0; i < limbs.size(); ++i) limbs[i] += mine[i];
  }
  ExactSum reduced;
  std::copy(limbs.begin(), limbs.end(), reduced.limbs().begin());
  RC_ASSERT(reduced.value() == whole);
  reduced.add(1.5);  // goes on after a reduction
  merged.add(1.5);
  RC_ASSERT(reduced.value() == merged.value());
}

TEST(ExactSum, LimbsAreNormalisedAndCanonical) {
  ExactSum sum;
  for (int i = 0; i < 1000; ++i) sum.add(i % 2 == 0 ? 1e10 + i : -1e-10 * i);
  const auto limbs = sum.limbs();
  for (std::size_t i = 0; i + 1 < limbs.size(); ++i) {
    EXPECT_GE(limbs[i], 0);
    EXPECT_LT(limbs[i], std::int64_t{1} << 32);
  }
  ExactSum negative;
  negative.add(-1.0);
  EXPECT_LT(negative.limbs().back(), 0);  // the sign stands in the last
}

TEST(ExactSum, CarriesBeforeLimbsOverflow) {
  // Doubling a sum 40 times passes the limit of pending additions many times over.
  ExactSum sum;
  for (int i = 0; i < 1000; ++i) sum.add(0x1.fffffffffffffp+40);
  const double once = sum.value();
  for (int i = 0; i < 45; ++i) sum.add(ExactSum(sum));
  EXPECT_EQ(sum.value(), std::ldexp(once, 45));
}

// A double's half digits, put together again.
double of_half_digits(const HalfDigits& digits) {
  ExactSum sum;
  for (int i = 0; i < HalfDigits::count; ++i) {
    EXPECT_LT(std::abs(digits.part[i]), 1 << 16);
    sum.add(std::ldexp(static_cast<double>(digits.part[i]), 16 * (digits.first + i) - 1074));
  }
  return sum.value();
}

RC_GTEST_PROP(ExactSum, HalfDigitsMakeTheDouble, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  std::vector<double> xs{0.0,      denorm_min, -denorm_min, largest,
                         -largest, 1.0,        -0x1p-1022,  0x1.fffffffffffffp-1022};
  for (int i = 0; i < 100; ++i) xs.push_back(any_finite(random, -1074, 1022));
  for (const double x : xs) {
    const HalfDigits digits = half_digits(x);
    RC_ASSERT(digits.first >= 0 && digits.first + HalfDigits::count <= 2 * ExactSum::limb_count);
    RC_ASSERT(of_half_digits(digits) == x);
  }
}

}  // namespace
}  // namespace ramet::math
