// Bins become cuts, category sets become words, leaves keep their integers.
#include "train/assemble.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "expect_error.hpp"

namespace ramet::training {
namespace {

data::Bins some_bins() {
  data::Bins bins;
  bins.features.push_back({.type = ColumnType::numeric, .cuts = {1.5, 2.5}});
  bins.features.push_back({.type = ColumnType::categorical, .cuts = {}, .categories = 70});
  return bins;
}

backend::SplitRule numeric(std::uint32_t bin, bool missing_left) {
  backend::SplitRule rule;
  rule.feature = 0;
  rule.bin = bin;
  rule.missing_left = missing_left;
  return rule;
}

backend::SplitRule categorical(std::vector<std::uint32_t> words) {
  backend::SplitRule rule;
  rule.feature = 1;
  rule.categorical = true;
  rule.left_categories = std::move(words);
  return rule;
}

TEST(MakeTree, CopiesSplitsAndLeaves) {
  const backend::FinishedTree finished{
      .tree = 0,
      .nodes = {{.source = 0, .left = 1, .right = 2, .rule = numeric(2, true)},
                {.source = 5, .left = 3, .right = 4, .rule = categorical({6, 1})},
                {.source = 6, .left = 5, .right = 6, .rule = numeric(3, false)},
                {.source = 7, .rule = {}},
                {.source = 8, .rule = {}},
                {.source = 9, .rule = {}},
                {.source = 10, .rule = {}}}};
  const backend::TreeValues values{.shift = 2,
                                   .leaf_value = {0, 0, 0, 10, -20, 30, -40},
                                   .cover = {7, 4, 3, 2, 2, 1, 2},
                                   .rows = {70, 40, 30, 20, 20, 10, 20}};
  const std::vector<double> gains{5, 3, 2, 0, 0, 0, 0};
  const model::Tree tree = make_tree(finished, values, gains, 4, some_bins());
  EXPECT_EQ(tree.output, 4);
  EXPECT_EQ(tree.shift, 2);
  EXPECT_EQ(tree.left, (std::vector<std::int32_t>{1, 3, 5, -1, -1, -1, -1}));
  EXPECT_EQ(tree.right, (std::vector<std::int32_t>{2, 4, 6, -1, -1, -1, -1}));
  EXPECT_EQ(tree.feature, (std::vector<std::int32_t>{0, 1, 0, -1, -1, -1, -1}));
  // Bin 3 is the last: all values go left, missing ones right.
  EXPECT_EQ(tree.cut, (std::vector<double>{2.5, 0, std::numeric_limits<double>::infinity(), 0, 0, 0, 0}));
  EXPECT_EQ(tree.missing_left, (std::vector<std::uint8_t>{1, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(tree.category_set, (std::vector<std::int32_t>{-1, 0, -1, -1, -1, -1, -1}));
  EXPECT_EQ(tree.category_words, (std::vector<std::uint32_t>{6, 1, 0}));
  EXPECT_EQ(tree.leaf_value, values.leaf_value);
  EXPECT_EQ(tree.gain, gains);
  EXPECT_EQ(tree.cover, values.cover);
  EXPECT_EQ(tree.rows, values.rows);
}

TEST(MakeTree, RefusesValuesOfAnotherTree) {
  const backend::FinishedTree finished{.tree = 0, .nodes = {{.source = 0, .rule = {}}}};
  expect_error(ErrorCode::internal, "a tree of 1 nodes with 2 values", [&] {
    make_tree(finished, {.shift = 0, .leaf_value = {1, 2}, .cover = {}, .rows = {}}, {0}, 0, some_bins());
  });
}

}  // namespace
}  // namespace ramet::training
