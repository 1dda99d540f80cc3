// math/quantise.hpp: scales at the ends of the range of doubles, rounding without bias.
#include "math/quantise.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "math/functions.hpp"

namespace ramet::math {
namespace {

constexpr double denorm_min = std::numeric_limits<double>::denorm_min();
constexpr double largest_double = std::numeric_limits<double>::max();

// Whether x * 2^exponent <= limit, in 128-bit integers for what is in their range.
bool fits(double x, int exponent, std::int64_t limit) {
  int e = 0;
  const double fraction = std::frexp(x, &e);  // x = fraction * 2^e
  const auto mantissa = static_cast<std::int64_t>(std::ldexp(fraction, 53));
  const int shift = e - 53 + exponent;  // x * 2^exponent = mantissa * 2^shift
  if (shift > 62) return false;
  __extension__ using Wide = __int128;
  if (shift >= 0) return (Wide{mantissa} << shift) <= limit;
  if (shift < -64) return true;
  return Wide{mantissa} <= (Wide{limit} << -shift);
}

void expect_largest_scale(double largest, std::int64_t limit) {
  const int exponent = scale_exponent(largest, limit);
  EXPECT_GE(exponent, -1022);
  EXPECT_LE(exponent, max_scale_exponent);
  EXPECT_TRUE(fits(largest, exponent, limit)) << largest << " to " << limit;
  if (exponent < max_scale_exponent) {
    // The limit is a double for this purpose: rounded down to 53 bits.
    auto bound = static_cast<double>(limit);
    if (static_cast<std::int64_t>(bound) > limit) bound = std::nextafter(bound, 0.0);
    EXPECT_FALSE(fits(largest, exponent + 1, static_cast<std::int64_t>(bound))) << largest << " to " << limit;
  }
}

TEST(Quantise, LimitsOfBits) {
  EXPECT_EQ(max_quantised_g(8), 127);
  EXPECT_EQ(max_quantised_h(8), 255);
  EXPECT_EQ(max_quantised_g(16), 32767);
  EXPECT_EQ(max_quantised_h(16), 65535);
  EXPECT_EQ(max_quantised_g(32), 0x7fffffff);
  EXPECT_EQ(max_quantised_h(32), 0xffffffff);
}

TEST(Quantise, KnownScales) {
  EXPECT_EQ(scale_exponent(0, 127), 0);
  EXPECT_EQ(scale_exponent(1, 127), 6);
  EXPECT_EQ(scale_exponent(1, 128), 7);
  EXPECT_EQ(scale_exponent(127, 127), 0);
  EXPECT_EQ(scale_exponent(127.5, 127), -1);
  EXPECT_EQ(scale_exponent(128, 127), -1);
  EXPECT_EQ(scale_exponent(0.25, 65535), 17);
  EXPECT_EQ(scale_exponent(1, std::int64_t{1} << 62), 62);
  EXPECT_EQ(scale_exponent(1, (std::int64_t{1} << 62) - 1), 61);
}

TEST(Quantise, ScalesAtTheEndsOfTheRange) {
  for (const std::int64_t limit : {std::int64_t{4}, std::int64_t{127}, std::int64_t{255}, std::int64_t{32767},
                                   std::int64_t{65535}, std::int64_t{0xffffffff}, (std::int64_t{1} << 53) + 1,
                                   (std::int64_t{1} << 62) - 1, std::int64_t{1} << 62}) {
    for (const double largest : {denorm_min, 3 * denorm_min, 0x1p-1030, 0x1.fffffffffffffp-1023, 0x1p-1022,
                                 1e-300, 1e-40, 1.0, 1e9, 1e300, largest_double}) {
      expect_largest_scale(largest, limit);
    }
  }
}

RC_GTEST_PROP(Quantise, ScaleIsTheLargestThatFits, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  const double largest = std::ldexp(1 + std::ldexp(static_cast<double>(random() >> 11), -53),
                                    static_cast<int>(random() % 2096) - 1073);
  const auto limit = static_cast<std::int64_t>(4 + (random() >> (2 + random() % 58)));
  expect_largest_scale(largest, limit);
}

TEST(Quantise, PowersOfTwo) {
  for (int e = -1022; e <= 1022; ++e) EXPECT_EQ(pow2(e), std::ldexp(1.0, e));
}

TEST(Quantise, IntegersStayAsTheyAre) {
  for (const double x : {0.0, -0.0, 1.0, -1.0, 127.0, -32767.0, 65535.0, 1073741823.0, -1073741823.0}) {
    for (const std::uint32_t draw : {0u, 1u, 0x8000u, 0xffffu}) {
      EXPECT_EQ(round_stochastic(x, draw), static_cast<std::int32_t>(x)) << draw;
    }
  }
}

TEST(Quantise, RoundsDownOrUpWithTheRightShare) {
  for (const double x : {0.25, -0.25, 3.7, -3.7, 1000.001, -32766.5, 0x1p-20, -0x1p-20}) {
    double sum = 0;
    for (std::uint32_t draw = 0; draw < 0x10000; ++draw) {
      const std::int32_t rounded = round_stochastic(x, draw);
      ASSERT_TRUE(rounded == std::floor(x) || rounded == std::ceil(x)) << x << " with draw " << draw;
      sum += rounded;
    }
    EXPECT_NEAR(sum / 0x10000, x, 0x1p-16) << x;
  }
}

// Every scale keeps every quantised value within its bits, however it is rounded.
RC_GTEST_PROP(Quantise, QuantisedValuesStayWithinTheirBits, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  const double largest = std::ldexp(1 + std::ldexp(static_cast<double>(random() >> 11), -53),
                                    static_cast<int>(random() % 1800) - 900);
  for (const int bits : {8, 12, 16}) {
    const double scale = pow2(scale_exponent(largest, max_quantised_g(bits)));
    const double h_scale = pow2(scale_exponent(largest, max_quantised_h(bits)));
    for (const std::uint32_t draw : {0u, 0xffffu}) {
      for (const double part : {1.0, 0.9999999, 0.3}) {
        RC_ASSERT(round_stochastic(largest * part * scale, draw) <= max_quantised_g(bits));
        RC_ASSERT(round_stochastic(-largest * part * scale, draw) >= -max_quantised_g(bits));
        RC_ASSERT(round_stochastic(largest * part * h_scale, draw) <= max_quantised_h(bits));
        RC_ASSERT(round_stochastic(0.0, draw) == 0);
      }
    }
  }
}

TEST(Quantise, WideSumsFit62Bits) {
  for (const std::int64_t rows :
       {std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, std::int64_t{1000}, std::int64_t{1} << 20,
        (std::int64_t{1} << 20) + 1, std::int64_t{1} << 48}) {
    for (const double largest : {1e-300, 0.3, 1.0, 1e9, 1e300}) {
      const int exponent = wide_exponent(largest, rows);
      const double term = std::nearbyint(largest * pow2(exponent));
      EXPECT_LE(static_cast<double>(rows) * term, 0x1p62) << rows << " rows of " << largest;
      if (exponent < max_scale_exponent) {
        EXPECT_GT(static_cast<double>(rows) * term, 0x1p59);
      }
    }
    EXPECT_EQ(wide_exponent(0.0, rows), 0);
  }
}

TEST(Quantise, RoundingKeysDiffer) {
  EXPECT_NE(rounding_key(0, 0, 0), rounding_key(0, 0, 1));
  EXPECT_NE(rounding_key(0, 0, 0), rounding_key(0, 1, 0));
  EXPECT_NE(rounding_key(0, 0, 0), rounding_key(1, 0, 0));
  EXPECT_NE(rounding_key(0, 1, 0), rounding_key(0, 0, 1));
}

}  // namespace
}  // namespace ramet::math
