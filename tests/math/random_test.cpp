// math/random.hpp: known values, bijections, uniformity, independence of streams.
#include "math/random.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

namespace ramet::math {
namespace {

// Inverts x ^= x >> shift.
std::uint64_t unshift(std::uint64_t y, int shift) {
  std::uint64_t x = y;
  for (int done = shift; done < 64; done += shift) x = y ^ (x >> shift);
  return x;
}

// The inverse of an odd number modulo 2^64, by Newton's iteration.
std::uint64_t inverse(std::uint64_t odd) {
  std::uint64_t x = odd;
  for (int i = 0; i < 6; ++i) x *= 2 - odd * x;
  return x;
}

std::uint64_t unmix64(std::uint64_t x) {
  x = unshift(x, 31) * inverse(0x94d049bb133111ebu);
  x = unshift(x, 27) * inverse(0xbf58476d1ce4e5b9u);
  return unshift(x, 30);
}

// Sum of (observed - expected)^2 / expected over equally likely cells.
double chi_square(const std::vector<std::int64_t>& counts) {
  std::int64_t total = 0;
  for (const std::int64_t count : counts) total += count;
  const double expected = static_cast<double>(total) / static_cast<double>(counts.size());
  double sum = 0;
  for (const std::int64_t count : counts) {
    sum += (static_cast<double>(count) - expected) * (static_cast<double>(count) - expected) / expected;
  }
  return sum;
}

// Six standard deviations around the mean of chi-square with many degrees of freedom.
void expect_uniform(const std::vector<std::int64_t>& counts) {
  const auto freedom = static_cast<double>(counts.size() - 1);
  EXPECT_NEAR(chi_square(counts), freedom, 6 * std::sqrt(2 * freedom));
}

// The values are part of the numbers contract: a change of any of them changes models.
TEST(Random, KnownValues) {
  EXPECT_EQ(mix64(0x9e3779b97f4a7c15u), 0xe220a8397b1dcdafu);  // SplitMix64's first output for seed 0
  EXPECT_EQ(mix64(0), 0u);
  EXPECT_EQ(stream_key(0, Stream::bin_sample), 0x2130748aaac80268u);
  EXPECT_EQ(stream_key(42, Stream::gradient_rounding, 3, 1), 0x14dad76c1aa8f0d8u);
  EXPECT_EQ(draw64(0x0123456789abcdefu, 7), 0xf8915919be81ff4du);
  EXPECT_EQ(draw32(0x0123456789abcdefu, 7), 0x9ca93362u);
  EXPECT_EQ(draw32(0x0123456789abcdefu, (std::uint64_t{5} << 32) + 7), 0x2593e2f8u);
}

RC_GTEST_PROP(Random, Mix64IsABijection, (std::uint64_t x)) { RC_ASSERT(unmix64(mix64(x)) == x); }

RC_GTEST_PROP(Random, Draw64IsABijectionOfTheCounter, (std::uint64_t key, std::uint64_t counter)) {
  RC_ASSERT((unmix64(unmix64(draw64(key, counter)) - key) ^ key) == counter);
}

TEST(Random, OneBitOfInputChangesHalfOfTheOutput) {
  for (int bit = 0; bit < 64; ++bit) {
    std::int64_t flipped64 = 0;
    std::int64_t flipped32 = 0;
    for (std::uint64_t counter = 0; counter < 2000; ++counter) {
      const std::uint64_t key = stream_key(1, Stream::row_sample);
      const std::uint64_t other = counter ^ (std::uint64_t{1} << bit);
      flipped64 += std::popcount(draw64(key, counter) ^ draw64(key, other));
      flipped32 += std::popcount(draw32(key, counter) ^ draw32(key, other));
    }
    EXPECT_NEAR(static_cast<double>(flipped64) / 2000, 32, 1) << bit;
    EXPECT_NEAR(static_cast<double>(flipped32) / 2000, 16, 1) << bit;
  }
}

TEST(Random, DrawsAreUniform) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const std::uint64_t key = stream_key(seed, Stream::gradient_rounding, 5, 2);
    std::vector<std::int64_t> high64(1024), low64(1024), high32(1024), low32(1024), pairs(1024);
    std::uint32_t last = 0;
    for (std::uint64_t i = 0; i < 200'000; ++i) {
      const std::uint64_t wide = draw64(key, i);
      const std::uint32_t narrow = draw32(key, i);
      ++high64[wide >> 54];
      ++low64[wide & 1023];
      ++high32[narrow >> 22];
      ++low32[narrow & 1023];
      ++pairs[(narrow & 31) * 32 + (last & 31)];
      last = narrow;
    }
    for (const auto* counts : {&high64, &low64, &high32, &low32, &pairs}) expect_uniform(*counts);
  }
}

TEST(Random, HalvesOf32BitDrawsAreIndependent) {
  const std::uint64_t key = stream_key(3, Stream::gradient_rounding);
  std::vector<std::int64_t> cells(32 * 32);
  for (std::uint64_t i = 0; i < 400'000; ++i) {
    const std::uint32_t draw = draw32(key, i);
    ++cells[(draw & 0xffff) / 2048 * 32 + (draw >> 16) / 2048];
  }
  expect_uniform(cells);
}

TEST(Random, StreamsDiffer) {
  std::set<std::uint64_t> keys;
  int made = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (int purpose = 1; purpose <= 7; ++purpose) {
      for (std::uint64_t a = 0; a < 12; ++a) {
        for (std::uint64_t b = 0; b < 12; ++b, ++made) {
          keys.insert(stream_key(seed, static_cast<Stream>(purpose), a, b));
        }
      }
    }
  }
  EXPECT_EQ(static_cast<int>(keys.size()), made);
}

TEST(Random, DrawsOfNeighbouringStreamsAreUncorrelated) {
  for (std::uint64_t b = 0; b < 4; ++b) {
    const std::uint64_t one = stream_key(9, Stream::gradient_rounding, 0, b);
    const std::uint64_t two = stream_key(9, Stream::gradient_rounding, 0, b + 1);
    std::vector<std::int64_t> cells(32 * 32);
    for (std::uint64_t i = 0; i < 200'000; ++i) {
      ++cells[(draw32(one, i) >> 27) * 32 + (draw32(two, i) >> 27)];
    }
    expect_uniform(cells);
  }
}

TEST(Random, SamplesHaveTheirShare) {
  const std::uint64_t key = stream_key(4, Stream::row_sample, 1);
  for (const double fraction : {0.01, 0.3, 0.5, 0.999}) {
    int inside = 0;
    for (std::uint64_t i = 0; i < 100'000; ++i) inside += in_sample(key, i, fraction) ? 1 : 0;
    EXPECT_NEAR(inside, 100'000 * fraction, 6 * std::sqrt(100'000 * fraction * (1 - fraction))) << fraction;
  }
  for (std::uint64_t i = 0; i < 1000; ++i) {
    EXPECT_TRUE(in_sample(key, i, 1.0));
    EXPECT_FALSE(in_sample(key, i, 0.0));
    // A larger sample holds the smaller one.
    EXPECT_TRUE(!in_sample(key, i, 0.2) || in_sample(key, i, 0.6));
  }
}

}  // namespace
}  // namespace ramet::math
