// cuda/leaves.hpp: leaf values equal to plain loops over rows, to the bit (contract, rule 5).
#include "cuda/leaves.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "cuda/leaf_cases.hpp"
#include "cuda/thread_order.hpp"

namespace ramet::cuda::test {
namespace {

constexpr std::int64_t too_large = std::numeric_limits<std::int64_t>::min();

// Empty leaves at both ends and in between, and sizes around those of warps and blocks.
const std::vector<std::int64_t> sizes{0, 1, 31, 33, 0, 0, 5000, 2047, 2048, 2049, 32, 0};

void expect_newton(const LeafCase& leaves) { EXPECT_EQ(newton_units(leaves), naive_newton_units(leaves)); }
void expect_median(const LeafCase& leaves) { EXPECT_EQ(median_units(leaves), naive_median_units(leaves)); }

// A leaf of all rows, one row for each value.
LeafCase one_leaf(const std::vector<float>& g, const std::vector<float>& h) {
  LeafCase leaves = random_leaves(1, {static_cast<std::int64_t>(g.size()) - 1}, 1, 1);
  LeafMember& member = leaves.members[0];
  member.g[0] = g;
  member.h[0] = h;
  member.ids[0].resize(g.size());
  std::iota(member.ids[0].begin(), member.ids[0].end(), 0U);
  return leaves;
}

TEST(NewtonLeaves, EqualPlainSums) {
  for (const int members : {1, 2}) {
    for (const int outputs : {1, 3}) {
      LeafCase leaves = random_leaves(static_cast<unsigned>(members + 10 * outputs), sizes, outputs, members);
      for_thread_orders([&] { expect_newton(leaves); });
      leaves.settings.constant_hessian = true;
      expect_newton(leaves);
      leaves.settings.regularisation = {.lambda = 0.3, .alpha = 5, .max_delta_step = 0.25};
      expect_newton(leaves);
    }
  }
}

// More leaves than two steps of the blocks' search tell apart, many of them empty.
TEST(NewtonLeaves, ManyLeaves) {
  std::vector<std::int64_t> many;
  for (int l = 0; l < 1500; ++l) many.push_back(l % 5 == 0 ? l % 7 : 0);
  many[700] = 3000;
  for_thread_orders([&] { expect_newton(random_leaves(5, many, 2, 1)); });
}

TEST(NewtonLeaves, AllRowsWithoutIds) {
  LeafCase leaves = random_leaves(8, {4999}, 1, 2);
  leaves.all_rows = true;
  for (LeafMember& member : leaves.members) {
    member.ids[0].resize(static_cast<std::size_t>(member.rows));
    std::iota(member.ids[0].begin(), member.ids[0].end(), 0U);
  }
  expect_newton(leaves);
  add_weights(leaves, 3);
  expect_median(leaves);
}

// All members without rows, one member without, and leaves without rows at all.
TEST(NewtonLeaves, EmptyMembersAndLeaves) {
  LeafCase leaves = random_leaves(9, {0, 0, 0}, 1, 2);
  expect_newton(leaves);
  expect_median(leaves);
  EXPECT_EQ(newton_units(leaves), std::vector<std::int64_t>(3, 0));
  leaves.members[1].ids[1] = {0};
  expect_newton(leaves);
  expect_median(leaves);
}

TEST(NewtonLeaves, NoLambdaAndNoHessianIsZero) {
  LeafCase leaves = one_leaf({1, 2, -0.5F}, {0, 0, 0});
  leaves.settings.regularisation.lambda = 0;
  EXPECT_EQ(newton_units(leaves), std::vector<std::int64_t>{0});
}

TEST(NewtonLeaves, TinyAndHugeGradients) {
  for (const float scale : {1e-44F, 1e-38F, 1e30F, 3e38F}) {
    LeafCase leaves = one_leaf({scale, -scale * 0.5F, scale * 0.25F}, {scale, scale * 0.1F, 0});
    leaves.settings.regularisation.lambda = 0;
    leaves.settings.eta = 0.1;
    expect_newton(leaves);
  }
}

TEST(NewtonLeaves, TooLargeIsMarked) {
  LeafCase leaves = one_leaf({-0x1p22F}, {1});
  leaves.settings.regularisation.lambda = 0;
  leaves.settings.eta = 1;
  EXPECT_EQ(newton_units(leaves), std::vector{too_large});  // 2^62 units of 2^-40
  leaves.members[0].g[0][0] = 0x1p22F;
  EXPECT_EQ(newton_units(leaves), std::vector{too_large});
  leaves.members[0].g[0][0] = std::nextafter(-0x1p22F, 0.0F);
  EXPECT_EQ(newton_units(leaves), std::vector{(std::int64_t{1} << 62) - (std::int64_t{1} << 38)});
  expect_newton(leaves);
  leaves = one_leaf({1e38F}, {1e-44F});
  leaves.settings.regularisation.lambda = 0;
  EXPECT_EQ(newton_units(leaves), std::vector{too_large});
}

// A sum that would overflow if the exponent did not allow for the number of rows.
TEST(NewtonLeaves, LargestGradientInEveryRow) {
  LeafCase leaves = one_leaf(std::vector<float>(5000, 7.77F), std::vector<float>(5000, 0.3F));
  expect_newton(leaves);
}

TEST(MedianLeaves, EqualPlainSelection) {
  const std::vector<std::int64_t> few{0, 1, 31, 33, 0, 2049, 3000, 0};
  for (const int members : {1, 2}) {
    for (const int outputs : {1, 2}) {
      LeafCase leaves = random_leaves(static_cast<unsigned>(members + 20 * outputs), few, outputs, members);
      for_thread_orders([&] { expect_median(leaves); });
      add_weights(leaves, 7);
      for_thread_orders([&] { expect_median(leaves); });
    }
  }
}

// Residuals of a few values only, on both sides of zero, down to neighbours: ties everywhere.
TEST(MedianLeaves, Ties) {
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    LeafCase leaves = random_leaves(seed, {1, 2, 3, 4, 7, 100, 1001, 0}, 1, 1);
    std::mt19937_64 random(seed);
    for (std::int64_t& score : leaves.members[0].scores[0]) {
      score = static_cast<std::int64_t>(random() % 5) - 2;
    }
    for (double& label : leaves.members[0].labels) label = seed % 2 == 0 ? 0 : 0.5;
    expect_median(leaves);
    add_weights(leaves, seed);
    expect_median(leaves);
  }
}

// At exactly half of the weight the lower one is taken.
TEST(MedianLeaves, LowerOfTwo) {
  LeafCase leaves = one_leaf({0, 0}, {1, 1});
  leaves.settings.eta = 1;
  leaves.members[0].labels = {0, 0};
  leaves.members[0].scores[0] = {-1000, 1000};
  EXPECT_EQ(median_units(leaves), std::vector<std::int64_t>{-1000});
  leaves.members[0].weights = {1, 2};
  EXPECT_EQ(median_units(leaves), std::vector<std::int64_t>{-1000});
  leaves.members[0].weights = {2, 1};
  EXPECT_EQ(median_units(leaves), std::vector<std::int64_t>{1000});
  leaves.members[0].weights = {0, 0};
  EXPECT_EQ(median_units(leaves), std::vector<std::int64_t>{0});
}

// Weights whose scaled sum passes 2^32, and one that vanishes beside the largest.
TEST(MedianLeaves, HeavyWeights) {
  LeafCase leaves = random_leaves(12, {3000, 40, 500}, 1, 2);
  for (LeafMember& member : leaves.members) {
    member.weights.assign(static_cast<std::size_t>(member.rows), 1e9);
    for (std::size_t r = 0; r < member.weights.size(); r += 3) member.weights[r] = r % 2 == 0 ? 1e-3 : 7e8;
  }
  expect_median(leaves);
}

// Residuals that differ in every byte, up to the limits of margins.
TEST(MedianLeaves, WideResiduals) {
  LeafCase leaves = random_leaves(13, {2500, 300, 17, 1}, 1, 2);
  std::mt19937_64 random(13);
  for (LeafMember& member : leaves.members) {
    for (std::int64_t& score : member.scores[0]) {
      const int places = 2 + static_cast<int>(random() % 62);
      score = static_cast<std::int64_t>(random()) >> places;
    }
  }
  for_thread_orders([&] { expect_median(leaves); });
  leaves.settings.eta = 1;
  for (LeafMember& member : leaves.members) {
    std::fill(member.scores[0].begin(), member.scores[0].end(), -((std::int64_t{1} << 62) - 1));
    std::fill(member.labels.begin(), member.labels.end(), 0.0);
  }
  // 2^62 - 1 rounds to 2^62.
  EXPECT_EQ(median_units(leaves), std::vector<std::int64_t>(4, too_large));
  leaves.settings.eta = 0.25;
  EXPECT_EQ(median_units(leaves), std::vector<std::int64_t>(4, std::int64_t{1} << 60));
}

TEST(LeafMemory, BytesGrowWithRowsOnlyForMedians) {
  EXPECT_EQ(LeafValues::bytes(10), 10 * 16);
  EXPECT_GE(LeafValues::bytes(10, 1'000'000), 12'000'000);
  EXPECT_LT(LeafValues::bytes(10, 1'000'000), 13'000'000);
}

}  // namespace
}  // namespace ramet::cuda::test
