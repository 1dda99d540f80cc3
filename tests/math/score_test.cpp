// math/score.hpp: units, and leaves that fit 32 bits.
#include "math/score.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace ramet::math {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();

TEST(Score, UnitsFollowTheSpread) {
  EXPECT_EQ(label_unit_exponent(1.0), 40);
  EXPECT_EQ(label_unit_exponent(1.5), 39);
  EXPECT_EQ(label_unit_exponent(2.0), 39);
  EXPECT_EQ(label_unit_exponent(0x1p-20), 60);
  EXPECT_EQ(label_unit_exponent(0.0), link_unit_exponent);
  EXPECT_EQ(label_unit_exponent(1e300), 40 - 997);
  EXPECT_EQ(label_unit_exponent(1e-300), max_scale_exponent);
}

TEST(Score, MarginsAreExactBelow53Bits) {
  EXPECT_EQ(to_margin(3, 1), 1.5);
  EXPECT_EQ(to_margin(-(std::int64_t{1} << 40), 40), -1.0);
  EXPECT_EQ(to_margin(5, -3), 40.0);
  EXPECT_EQ(to_margin((std::int64_t{1} << 53) + 1, 0), 0x1p53);  // nearest even
  EXPECT_EQ(to_margin((std::int64_t{1} << 53) + 3, 0), 0x1p53 + 4);
}

TEST(Score, ShiftIsZeroWhileInt32Holds) {
  EXPECT_EQ(leaf_shift(0), 0);
  EXPECT_EQ(leaf_shift(most), 0);
  EXPECT_EQ(leaf_shift(most + 1), 1);
  EXPECT_EQ(leaf_shift(2 * most), 1);
  EXPECT_EQ(leaf_shift(2 * most + 1), 2);  // half of it would round up to 2^31
  EXPECT_EQ(leaf_shift(std::int64_t{1} << 62), 32);
}

TEST(Score, UnitsAndShiftsAreKnownToCompilers) {
  static_assert(label_unit_exponent(1.0) == 40);
  static_assert(leaf_shift(std::int64_t{1} << 31) == 1);
}

TEST(Score, TiesGoToEven) {
  EXPECT_EQ(leaf_to_int(5, 1), 2);
  EXPECT_EQ(leaf_to_int(7, 1), 4);
  EXPECT_EQ(leaf_to_int(-5, 1), -2);
  EXPECT_EQ(leaf_to_int(-7, 1), -4);
  EXPECT_EQ(leaf_to_int(6, 2), 2);
  EXPECT_EQ(leaf_to_int(-6, 2), -2);
  EXPECT_EQ(leaf_to_int(-1, 2), 0);
  EXPECT_EQ(leaf_to_int(-3, 2), -1);
}

// Numbers of all sizes up to 2^62.
std::int64_t units_from(std::uint64_t x) {
  const int bits = static_cast<int>(x % 63);
  const auto size = static_cast<std::int64_t>((x >> 1) & ((std::uint64_t{1} << bits) - 1));
  return (x >> 63) != 0 ? -size : size;
}

RC_GTEST_PROP(Score, LeavesFitAndAreTheNearest, (std::uint64_t x, std::uint64_t y)) {
  const std::int64_t largest = std::llabs(units_from(x));
  const int shift = leaf_shift(largest);
  RC_ASSERT(shift >= 0 && shift <= 32);
  for (const std::int64_t units : {largest, -largest, largest / 3, units_from(y) % (largest + 1)}) {
    const auto exact = static_cast<long double>(units) / std::ldexp(1.0L, shift);
    const std::int32_t leaf = leaf_to_int(units, shift);
    RC_ASSERT(leaf == std::nearbyint(exact));  // long double holds 64 bits: exact
    RC_ASSERT(leaf_to_int(-units, shift) == -leaf);
  }
  // One less would not do.
  if (shift > 0) {
    RC_ASSERT(std::nearbyint(static_cast<long double>(largest) / std::ldexp(1.0L, shift - 1)) > most);
  }
}

}  // namespace
}  // namespace ramet::math
