// cuda/exact_tally.cuh: the sums of math::ExactSum, of numbers of either sign and any size.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "cuda/device_values.hpp"
#include "cuda/exact_tally_kernel.hpp"
#include "cuda/stream.hpp"
#include "math/exact_sum.hpp"

namespace ramet::cuda::test {
namespace {

void expect_exact(const std::vector<double>& values, std::int64_t blocks) {
  const DeviceArray<double> device = to_device(values);
  const DeviceArray<std::int64_t> limbs = to_device(std::vector<std::int64_t>(math::ExactSum::limb_count, 0));
  const Stream stream;
  tally(device.data(), static_cast<std::int64_t>(values.size()), blocks, limbs.data(), stream.get());
  stream.synchronize();
  math::ExactSum found;
  std::ranges::copy(from_device(limbs.data(), math::ExactSum::limb_count), found.limbs().begin());
  math::ExactSum expected;
  for (const double x : values) expected.add(x);
  EXPECT_EQ(found.value(), expected.value());
  EXPECT_TRUE(std::ranges::equal(found.limbs(), expected.limbs()));
}

std::vector<double> random_doubles(std::uint64_t seed, int lowest, int highest) {
  std::mt19937_64 random(seed);
  std::vector<double> values;
  for (int i = 0; i < 500; ++i) {
    const double mantissa = std::ldexp(static_cast<double>(static_cast<std::int64_t>(random()) >> 10), -53);
    const auto range = static_cast<unsigned>(highest - lowest + 1);
    values.push_back(std::ldexp(mantissa, lowest + static_cast<int>(random() % range)));
  }
  return values;
}

TEST(ExactTally, AnySize) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    expect_exact(random_doubles(seed, -1074, 1010), 1 + static_cast<std::int64_t>(seed % 3));
  }
}

TEST(ExactTally, SimilarSizes) {
  for (int e = -1074; e <= 1010; e += 97) expect_exact(random_doubles(7, e, e + 12), 2);
}

TEST(ExactTally, WhatCancels) {
  std::vector<double> values = random_doubles(8, -30, 30);
  const std::size_t count = values.size();
  for (std::size_t i = 0; i < count; ++i) values.push_back(-values[i]);
  expect_exact(values, 2);
  values.push_back(-1e-310);
  expect_exact(values, 2);
}

TEST(ExactTally, AllNegative) { expect_exact(std::vector<double>(3000, -std::nextafter(2.0, 0.0)), 1); }

}  // namespace
}  // namespace ramet::cuda::test
