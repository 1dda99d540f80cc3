// math/quantise.hpp: scales at the ends of the range of doubles, rounding without bias.
#include "math/quantise.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

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

// The same by the standard library, step by step.
int scale_exponent_by_library(double largest, std::int64_t limit) {
  if (!(largest > 0)) return 0;
  auto bound = static_cast<double>(limit);
  if (static_cast<std::int64_t>(bound) > limit) bound = std::nextafter(bound, 0.0);
  int exponent = std::ilogb(bound) - std::ilogb(largest);
  if (std::ldexp(largest, exponent) > bound) --exponent;
  return std::min(exponent, max_scale_exponent);
}

std::vector<std::int64_t> limits() {
  std::vector<std::int64_t> result{4, 5, 6, 7, 127, 255, 32767, 65535, 0x7fffffff, 0xffffffff};
  for (int place = 3; place <= 62; ++place) {
    const std::int64_t power = std::int64_t{1} << place;
    result.insert(result.end(), {power - 1, power});
    if (place < 62) result.insert(result.end(), {power + 1, power + power / 2, power + power / 2 + 1});
  }
  return result;
}

TEST(Quantise, ScalesAreThoseOfTheLibrary) {
  for (const std::int64_t limit : limits()) {
    if (limit < 4) continue;
    ASSERT_EQ(scale_exponent(0.0, limit), 0);
    ASSERT_EQ(scale_exponent(-0.0, limit), 0);
    for (int e = -1074; e <= 1023; ++e) {
      const double power = std::ldexp(1.0, e);
      for (const double largest : {power, std::nextafter(power, 0.0), std::nextafter(power, largest_double),
                                   1.5 * power, 1.25 * power, std::nextafter(2 * power, 0.0)}) {
        if (!std::isfinite(largest)) continue;
        ASSERT_EQ(scale_exponent(largest, limit), scale_exponent_by_library(largest, limit))
            << largest << " to " << limit;
      }
    }
  }
}

RC_GTEST_PROP(Quantise, ScalesOfAnyBitsAreThoseOfTheLibrary, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200; ++i) {
    const double largest = std::fabs(__builtin_bit_cast(double, random()));
    if (!std::isfinite(largest)) continue;
    const auto limit = static_cast<std::int64_t>(4 + (random() >> (2 + random() % 58)));
    RC_ASSERT(scale_exponent(largest, limit) == scale_exponent_by_library(largest, limit));
    const auto rows = static_cast<std::int64_t>(random() >> (16 + random() % 48));
    int log2_rows = 0;
    while ((std::int64_t{1} << log2_rows) < rows) ++log2_rows;
    RC_ASSERT(wide_exponent(largest, rows) ==
              scale_exponent_by_library(largest, (std::int64_t{1} << (62 - log2_rows)) - 1));
    RC_ASSERT(most_gradient_bits(rows) == 62 - log2_rows);
  }
}

TEST(Quantise, PlacesOfBits) {
  for (int place = 0; place < 64; ++place) {
    const std::uint64_t power = std::uint64_t{1} << place;
    EXPECT_EQ(log2_floor(power), place);
    EXPECT_EQ(log2_ceil(power), place);
    if (place > 0) {
      EXPECT_EQ(log2_floor(power - 1), place - 1);
      EXPECT_EQ(log2_ceil(power - 1), place == 1 ? 0 : place);
    }
    if (place > 0 && place < 63) {
      EXPECT_EQ(log2_floor(power + 1), place);
      EXPECT_EQ(log2_ceil(power + 1), place + 1);
    }
  }
  EXPECT_EQ(log2_ceil(0), 0);
}

TEST(Quantise, NearestTakesTiesToEven) {
  for (const double x : {0.0, -0.0, 0.5, 1.5, 2.5, 0.49999999999999994, 3.5, 1e9 + 0.5, 1e9 + 1.5,
                         0x1p50 + 0.5, 0x1p50 + 1.5, 0x1p51 - 1.5, 4294967294.5, 4294967295.0, 1e-320}) {
    EXPECT_EQ(nearest(x), std::llrint(x)) << x;
    EXPECT_EQ(nearest(-x), std::llrint(-x)) << -x;
  }
}

RC_GTEST_PROP(Quantise, NearestIsThatOfTheLibrary, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200; ++i) {
    const double x = std::ldexp(static_cast<double>(static_cast<std::int64_t>(random()) >> 12),
                                -static_cast<int>(random() % 60));
    RC_ASSERT(nearest(x) == std::llrint(x));
  }
}

TEST(Quantise, TheSurveyTakesOneRowInSixteen) {
  const std::uint64_t key = survey_key(3, 4, 5);
  EXPECT_NE(key, rounding_key(3, 4, 5));
  for (std::uint64_t first = 0; first < 1600; first += 16) {
    int taken = 0;
    for (std::uint64_t row = first; row < first + 16; ++row) taken += in_survey(key, row) ? 1 : 0;
    EXPECT_EQ(taken, 1);
  }
}

TEST(Quantise, ExponentsBelowAStep) {
  for (int biased = 1; biased < 255; ++biased) {
    for (int exponent = -127; exponent <= 300; ++exponent) {
      ASSERT_EQ(below_step(biased, exponent), std::ldexp(1.9999, biased - 127) < std::ldexp(1.0, -exponent));
    }
  }
  EXPECT_TRUE(below_step(0, 126));
  EXPECT_FALSE(below_step(0, 127));
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
