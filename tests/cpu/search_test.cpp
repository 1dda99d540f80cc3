#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "cpu/column_search.hpp"
#include "cpu/level_search.hpp"
#include "cpu/split_scan.hpp"
#include "random_pages.hpp"
#include "simd_targets.hpp"

namespace ramet::cpu {
namespace {

// One column with random cells, as packed and as wide histogram.
struct RandomNode {
  HistogramColumn cells;
  SearchColumn column;
  std::vector<std::int64_t> packed;
  std::vector<WideCell> wide;
  SearchNode node;

  RandomNode(std::int32_t bins, bool missing, std::uint32_t seed, int empty_of_8) {
    cells.cells = bins + (missing ? 1 : 0);
    cells.code_base = missing ? 0 : -1;
    column = {.cells = &cells, .feature = 3, .value_bins = bins, .has_missing = missing};
    std::mt19937 random(seed);
    for (std::int32_t c = 0; c < cells.cells; ++c) {
      const bool empty = static_cast<int>(random() % 8) < empty_of_8;
      const std::int64_t g = empty ? 0 : static_cast<std::int64_t>(random() % 2'000'000) - 1'000'000;
      const std::int64_t h = empty ? 0 : random() % 1'000'000;
      packed.push_back(static_cast<std::int64_t>(static_cast<std::uint64_t>(g) << 32) + h);
      wide.push_back({g, h});
      node.sums.g += g;
      node.sums.h += h;
      node.sums.rows += empty ? 0 : 20;
    }
    packed.resize(static_cast<std::size_t>(padded_cells(cells.cells)));
    wide.resize(packed.size());
  }
  RandomNode(const RandomNode&) = delete;

  // A count of 0 to 40 rows for each cell that is not empty.
  void add_counts(std::uint32_t seed) {
    std::mt19937 random(seed);
    cells.counted = true;
    cells.code_base = column.has_missing ? 0 : -2;
    node.sums.rows = 0;
    const std::vector<std::int64_t> sums = std::exchange(packed, {});
    const std::vector<WideCell> wide_sums = std::exchange(wide, {});
    for (std::size_t c = 0; c < sums.size(); ++c) {
      const std::int64_t rows = wide_sums[c].h == 0 ? 0 : random() % 41;
      packed.insert(packed.end(), {sums[c], rows});
      wide.insert(wide.end(), {wide_sums[c], {0, rows}});
      node.sums.rows += rows;
    }
  }

  SearchNode view(bool as_wide) {
    SearchNode result = node;
    result.histogram.wide = as_wide;
    result.histogram.data = as_wide ? reinterpret_cast<std::int64_t*>(wide.data()) : packed.data();
    return result;
  }
};

void search_column(const SearchSettings& s, const SearchColumn& column, const SearchNode& node,
                   SearchScratch& scratch, BestSplit& best) {
  search_columns(s, {&column, 1}, {}, node, scratch, best);
}

SearchSettings settings(double lambda = 1.0, double min_child_weight = 1.0) {
  TrainParams params;
  params.lambda = lambda;
  params.min_child_weight = min_child_weight;
  math::GradientScale scale;
  scale.g_exponent = 14;
  scale.h_exponent = 16;
  return search_settings(params, scale);
}

void expect_same(const BestSplit& a, const BestSplit& b) {
  EXPECT_EQ(a.gain, b.gain);
  EXPECT_EQ(a.feature, b.feature);
  EXPECT_EQ(a.order, b.order);
  EXPECT_EQ(a.missing_left, b.missing_left);
}

TEST(SplitScan, FindsWhatThePlainSearchFinds) {
  test::for_each_simd_target([&](const std::string& target) {
    SCOPED_TRACE(target);
    std::uint32_t seed = 0;
    for (const std::int32_t bins : {1, 2, 3, 7, 8, 9, 64, 255, 1'000}) {
      for (int repeat = 0; repeat < 40; ++repeat) {
        ++seed;
        RandomNode random(bins, repeat % 2 == 0, seed, repeat % 9);
        for (const bool wide : {false, true}) {
          SearchSettings s = settings(repeat % 3, repeat % 5 == 0 ? 40.0 : 1.0);
          s.regularisation.alpha = repeat % 7 == 0 ? 3.0 : 0.0;
          s.regularisation.max_delta_step = repeat % 6 == 0 ? 0.5 : 0.0;
          SearchNode node = random.view(wide);
          if (!prepare_node(s, node)) continue;
          ASSERT_TRUE(scan_applies(s));
          SearchScratch scratch;
          BestSplit fast;
          BestSplit plain;
          if (repeat % 4 == 0) fast.gain = plain.gain = 2.0;
          if (repeat % 4 == 0) fast.feature = plain.feature = repeat % 8 == 0 ? 2 : 5;
          search_column(s, random.column, node, scratch, fast);
          ColumnSums sums;
          sums.load(random.column, node.histogram, false);
          search_numeric(s, random.column, node, sums, plain);
          expect_same(fast, plain);
        }
      }
    }
  });
}

TEST(SplitScan, FindsTheCategoryThatThePlainSearchFinds) {
  test::for_each_simd_target([&](const std::string& target) {
    SCOPED_TRACE(target);
    for (std::uint32_t seed = 0; seed < 200; ++seed) {
      const std::int32_t categories = 1 + static_cast<std::int32_t>(seed % 40);
      RandomNode random(categories, seed % 2 == 0, seed, static_cast<int>(seed % 9));
      random.column.categorical = true;
      SearchSettings s = settings(seed % 3, seed % 5 == 0 ? 40.0 : 1.0);
      s.max_onehot = 40;
      s.regularisation.alpha = seed % 7 == 0 ? 3.0 : 0.0;
      for (const bool wide : {false, true}) {
        SearchNode node = random.view(wide);
        if (!prepare_node(s, node)) continue;
        SearchScratch scratch;
        BestSplit fast;
        BestSplit plain;
        if (seed % 4 == 0) fast.gain = plain.gain = 2.0;
        if (seed % 4 == 0) fast.feature = plain.feature = 2;
        search_column(s, random.column, node, scratch, fast);
        ColumnSums sums;
        sums.load(random.column, node.histogram, false);
        search_one_against_rest(s, random.column, node, sums, plain);
        expect_same(fast, plain);
        EXPECT_EQ(fast.categorical, plain.categorical);
        EXPECT_EQ(fast.left_categories, plain.left_categories);
      }
    }
  });
}

TEST(SplitScan, ConstantHessianBoundsTheRows) {
  SearchSettings s = settings(0.0, 0.0);
  s.scale.constant_hessian = true;
  s.scale.h_exponent = 0;
  s.h_unit = 1;
  for (const std::int64_t min_rows : {1, 5, 400'000, 3'000'000}) {
    s.min_rows = min_rows;
    for (std::uint32_t seed = 0; seed < 50; ++seed) {
      RandomNode random(30, seed % 2 == 0, seed, 2);
      SearchNode node = random.view(true);
      node.sums.rows = node.sums.h;
      if (!prepare_node(s, node)) continue;
      SearchScratch scratch;
      BestSplit fast;
      BestSplit plain;
      search_column(s, random.column, node, scratch, fast);
      ColumnSums sums;
      sums.load(random.column, node.histogram, true);
      search_numeric(s, random.column, node, sums, plain);
      expect_same(fast, plain);
    }
  }
}

TEST(SplitScan, TiesGoToTheLowerFeatureThenTheLowerBin) {
  // Two equal columns whose best gain is reached at bins 1 and 2 (an empty bin between them).
  std::vector<std::int64_t> cells = {
      (std::int64_t{-100'000} << 32) + 400'000, 0, (std::int64_t{100'000} << 32) + 400'000, 0, 0, 0, 0, 0};
  HistogramColumn layout;
  layout.cells = 3;
  layout.code_base = -1;
  SearchNode node;
  node.histogram = {cells.data(), false};
  node.sums = {0, 800'000, 10};
  const SearchSettings s = settings();
  ASSERT_TRUE(prepare_node(s, node));
  SearchScratch scratch;
  BestSplit best;
  for (const std::int32_t feature : {9, 4, 7}) {
    search_column(s, {.cells = &layout, .feature = feature, .value_bins = 3}, node, scratch, best);
  }
  EXPECT_EQ(best.feature, 4);
  EXPECT_EQ(best.order, 1u);
  EXPECT_TRUE(best.missing_left);  // equal hessians on both sides
}

TEST(SplitScan, GainAtOrBelowGammaIsNoSplit) {
  std::vector<std::int64_t> cells = {
      (std::int64_t{-100'000} << 32) + 400'000, (std::int64_t{100'000} << 32) + 400'000, 0, 0, 0, 0, 0, 0};
  HistogramColumn layout;
  layout.cells = 2;
  layout.code_base = -1;
  SearchNode node;
  node.histogram = {cells.data(), false};
  node.sums = {0, 800'000, 10};
  SearchSettings s = settings();
  ASSERT_TRUE(prepare_node(s, node));
  SearchScratch scratch;
  BestSplit best;
  const SearchColumn column{.cells = &layout, .feature = 0, .value_bins = 2};
  search_column(s, column, node, scratch, best);
  ASSERT_GT(best.gain, 0);
  s.min_split_gain = best.gain;
  BestSplit none;
  search_column(s, column, node, scratch, none);
  EXPECT_EQ(none.feature, -1);
}

// Categories with counts of their own, or counted by a constant hessian.
TEST(CategoryScan, FindsWhatThePlainSearchFinds) {
  int splits = 0;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    RandomNode random(40, seed % 2 == 0, seed, static_cast<int>(seed % 8));
    random.column.categorical = true;
    SearchSettings s = settings(seed % 3, seed % 5 == 0 ? 40.0 : 1.0);
    s.max_onehot = 0;
    s.max_threshold = seed % 7 == 0 ? 3 : 32;
    s.cat_smooth = seed % 4;
    s.category_regularisation.lambda = s.regularisation.lambda + 1;
    s.scale.constant_hessian = seed % 2 == 0;
    s.min_category_rows = s.scale.constant_hessian ? 300'000 : 20;
    random.add_counts(seed);
    for (const bool wide : {false, true}) {
      SearchNode node = random.view(wide);
      if (s.scale.constant_hessian) node.sums.rows = node.sums.h;
      if (!prepare_node(s, node)) continue;
      SearchScratch scratch;
      BestSplit fast;
      BestSplit plain;
      search_column(s, random.column, node, scratch, fast);
      ColumnSums sums;
      sums.load(random.column, node.histogram, s.scale.constant_hessian);
      search_many_against_many(s, random.column, node, sums, plain);
      expect_same(fast, plain);
      EXPECT_EQ(fast.left_categories, plain.left_categories);
      splits += plain.feature >= 0 ? 1 : 0;
    }
  }
  EXPECT_GT(splits, 200);
}

TEST(LevelSearch, OneNodeIsSearchedAsAlone) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    RandomNode random(20, seed % 2 == 0, seed, static_cast<int>(seed % 8));
    random.column.categorical = seed % 3 == 0;
    for (const std::int32_t onehot : {4, 40}) {
      SearchSettings s = settings();
      s.max_onehot = onehot;
      s.scale.constant_hessian = random.column.categorical;
      s.min_category_rows = 1'000;
      LevelNode level{random.view(false), false};
      if (s.scale.constant_hessian) level.node.sums.rows = level.node.sums.h;
      level.splittable = prepare_node(s, level.node);
      if (!level.splittable) continue;
      BestSplit alone;
      BestSplit together;
      SearchScratch scratch;
      search_column(s, random.column, level.node, scratch, alone);
      search_level_column(s, random.column, {&level, 1}, level_parent_score({&level, 1}), together);
      expect_same(alone, together);
      EXPECT_EQ(alone.left_categories, together.left_categories);
    }
  }
}

}  // namespace
}  // namespace ramet::cpu
