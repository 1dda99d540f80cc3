// Samples of features: nested, of the right size, and a function of the place in the tree alone.
#include "train/column_sampler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "math/random.hpp"

namespace ramet::training {
namespace {

std::vector<std::int32_t> first_features(int count) {
  std::vector<std::int32_t> features(static_cast<std::size_t>(count));
  std::iota(features.begin(), features.end(), 0);
  return features;
}

TEST(SampleFeatures, TakesThoseWithTheSmallestDraws) {
  const std::vector<std::int32_t> all = first_features(20);
  for (const double fraction : {0.01, 0.1, 0.5, 0.93, 1.0}) {
    std::vector<std::int32_t> expected = all;
    std::sort(expected.begin(), expected.end(), [](std::int32_t a, std::int32_t b) {
      return math::draw64(7, static_cast<std::uint64_t>(a)) < math::draw64(7, static_cast<std::uint64_t>(b));
    });
    expected.resize(std::max<std::size_t>(1, static_cast<std::size_t>(std::llround(fraction * 20))));
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(sample_features(all, fraction, 7), expected) << fraction;
  }
}

TEST(ColumnSampler, NullStandsForAll) {
  ColumnSampler sampler(TrainParams{}, 10, 0, 0);
  EXPECT_EQ(sampler.by_tree(), nullptr);
  EXPECT_EQ(sampler.by_node(3, 17), nullptr);
  EXPECT_EQ(ColumnSampler().by_node(0, root_path), nullptr);
}

TEST(ColumnSampler, SamplesNest) {
  TrainParams params;
  params.colsample_bytree = 0.8;
  params.colsample_bylevel = 0.5;
  params.colsample_bynode = 0.5;
  ColumnSampler sampler(params, 100, 2, 1);
  const std::vector<std::int32_t> tree = *sampler.by_tree();
  EXPECT_EQ(tree.size(), 80u);
  std::set<std::int32_t> level;
  for (std::uint64_t path = 1; path < 60; ++path) {
    const std::vector<std::int32_t> node = *sampler.by_node(4, path);
    EXPECT_EQ(node.size(), 20u);
    EXPECT_TRUE(std::includes(tree.begin(), tree.end(), node.begin(), node.end()));
    level.insert(node.begin(), node.end());
  }
  EXPECT_EQ(level.size(), 40u) << "nodes of a level draw from one set";
}

TEST(ColumnSampler, SetsDependOnThePlaceAlone) {
  TrainParams params;
  params.colsample_bylevel = 0.5;
  params.colsample_bynode = 0.5;
  ColumnSampler one(params, 50, 0, 0);
  ColumnSampler other(params, 50, 0, 0);
  const auto late = *one.by_node(5, 99);
  const auto early = *one.by_node(1, 3);
  EXPECT_EQ(*other.by_node(1, 3), early);
  EXPECT_EQ(*other.by_node(5, 99), late);
  EXPECT_NE(*ColumnSampler(params, 50, 1, 0).by_node(1, 3), early) << "rounds differ";
  EXPECT_NE(*ColumnSampler(params, 50, 0, 1).by_node(1, 3), early) << "outputs differ";
  params.seed = 1;
  EXPECT_NE(*ColumnSampler(params, 50, 0, 0).by_node(1, 3), early) << "seeds differ";
}

TEST(ColumnSampler, PathsTellNodesApart) {
  std::set<std::uint64_t> paths{root_path};
  std::vector<std::uint64_t> level{root_path};
  for (int depth = 0; depth < 12; ++depth) {
    std::vector<std::uint64_t> next;
    for (const std::uint64_t path : level) {
      for (const bool right : {false, true}) next.push_back(child_path(path, right));
    }
    paths.insert(next.begin(), next.end());
    level = next;
  }
  EXPECT_EQ(paths.size(), (std::size_t{1} << 13) - 1);
}

}  // namespace
}  // namespace ramet::training
