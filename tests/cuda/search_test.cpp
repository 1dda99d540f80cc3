// cuda/search.hpp: the candidates of nodes and levels, to the bit, as the naive search has them.
#include "cuda/search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "cuda/random_search.hpp"
#include "cuda/search_case.hpp"

#if __has_include("emulation/control.hpp")
#include "emulation/control.hpp"
#endif

namespace ramet::cuda::test {
namespace {

// Settings, and some trees that differ in everything that trees of one call may differ in; without nodes.
struct RandomTrees {
  SearchCall call;
  std::vector<CaseSpec> specs;

  explicit RandomTrees(std::mt19937& random) {
    call.settings = random_settings(random);
    call.settings.h_counts_rows = random() % 4 == 0;
    call.blocks = one_of(random, {4'096, 40, 5, 1});
    bool counted = random() % 3 == 0;
    for (int tree = one_of(random, {1, 1, 2}); tree > 0; --tree) {
      specs.push_back(random_case(random));
      specs.back().gradients.constant_hessian = call.settings.h_counts_rows;
      if (call.settings.h_counts_rows) specs.back().gradients.h_exponent = 0;
      counted = counted || need_counts(specs.back(), call.settings);
    }
    call.parts = one_of(random, {1, 1, 2, 3});
    for (CaseSpec& spec : specs) {
      spec.counted = counted;
      spec.parts = call.parts;
    }
    call.planes = counted || random() % 4 == 0 ? 3 : 2;
  }
};

std::int64_t count_splits(const std::vector<NaiveSplit>& splits) {
  return std::count_if(splits.begin(), splits.end(), [](const NaiveSplit& s) { return s.gain > 0; });
}

TEST(NodeSearch, FindsWhatTheNaiveSearchFinds) {
  std::mt19937 random(1);
  std::int64_t splits = 0;
  for (int repeat = 0; repeat < 100 && !HasFailure(); ++repeat) {
    SCOPED_TRACE("repeat " + std::to_string(repeat));
    auto [call, specs] = RandomTrees(random);
    for (std::size_t t = 0; t < specs.size(); ++t) {
      specs[t].nodes = one_of(random, {1, 2, 5});
      call.trees.emplace_back(specs[t], random);
      for (std::int32_t n = 0; n < specs[t].nodes; ++n) {
        call.tasks.push_back(
            random_task(random, static_cast<std::int32_t>(t), n, call.trees[t].column_count()));
      }
    }
    std::shuffle(call.tasks.begin(), call.tasks.end(), random);
    splits += count_splits(expect_as_naive(call, random));
  }
  EXPECT_GT(splits, 80);
}

TEST(LevelSearch, FindsWhatTheNaiveSearchFinds) {
  std::mt19937 random(2);
  std::int64_t splits = 0;
  for (int repeat = 0; repeat < 60 && !HasFailure(); ++repeat) {
    SCOPED_TRACE("repeat " + std::to_string(repeat));
    auto [call, specs] = RandomTrees(random);
    std::int32_t first = 0;
    for (std::size_t t = 0; t < specs.size(); ++t) {
      const auto tree = static_cast<std::int32_t>(t);
      specs[t].nodes = one_of(random, {1, 2, 4, 7, 16});
      call.trees.emplace_back(specs[t], random);
      const SearchedTask shared = random_task(random, tree, 0, call.trees[t].column_count());
      for (std::int32_t n = 0; n < specs[t].nodes; ++n) {
        call.tasks.push_back(random_task(random, tree, n, 0));
        call.tasks.back().allowed = shared.allowed;
        call.tasks.back().search = shared.search;
      }
      call.levels.push_back({first, specs[t].nodes});
      first += specs[t].nodes;
    }
    splits += count_splits(expect_as_naive(call, random));
  }
  EXPECT_GT(splits, 25);
}

// One tree whose nodes are searched with these parameters, alone and as a level.
std::vector<NaiveSplit> search_both_ways(const CaseSpec& spec, const TrainParams& params,
                                         std::mt19937& random) {
  SearchCall call;
  call.settings = search_settings(params, spec.gradients.constant_hessian);
  call.trees.emplace_back(spec, random);
  for (std::int32_t n = 0; n < spec.nodes; ++n) call.tasks.push_back({.node = n});
  std::vector<NaiveSplit> splits = expect_as_naive(call, random);
  call.levels = {{0, spec.nodes}};
  const std::vector<NaiveSplit> level = expect_as_naive(call, random);
  splits.push_back(level[0]);
  return splits;
}

TEST(NodeSearch, TiesGoToTheLowestFeatureBinAndDirection) {
  std::mt19937 random(3);
  CaseSpec spec;
  for (std::int32_t c = 0; c < 70; ++c) {
    spec.columns.push_back({.value_bins = 20, .missing = 0.2, .skew = 4, .twin_of = c == 0 ? -1 : 0});
  }
  spec.gradients = {.largest_g = 1, .largest_h = 1, .g_exponent = 0, .h_exponent = 0};
  spec.rows = 60;
  spec.nodes = 3;
  TrainParams params;
  params.min_child_weight = 0;
  for (const NaiveSplit& split : search_both_ways(spec, params, random)) {
    ASSERT_GT(split.gain, 0);
    EXPECT_EQ(split.feature, 10);
  }
}

TEST(NodeSearch, WideColumnsOfManyBins) {
  std::mt19937 random(4);
  CaseSpec spec;
  spec.columns = {{.value_bins = 3'000, .missing = 0.1},
                  {.value_bins = 257, .skew = 3},
                  {.value_bins = 256, .missing = 0.5, .categorical = true}};
  spec.rows = 2'000;
  spec.nodes = 2;
  TrainParams params;
  params.max_cat_to_onehot = 256;
  EXPECT_EQ(count_splits(search_both_ways(spec, params, random)), 3);
}

TEST(NodeSearch, WithoutHessiansOnlyRegularisationCounts) {
  std::mt19937 random(5);
  CaseSpec spec;
  spec.columns = {{.value_bins = 30, .missing = 0.3}, {.value_bins = 3, .categorical = true}};
  spec.gradients.largest_h = 0;
  TrainParams params;
  EXPECT_EQ(count_splits(search_both_ways(spec, params, random)), 0);
  params.min_child_weight = 0;
  EXPECT_EQ(count_splits(search_both_ways(spec, params, random)), 2);
  params.lambda = 0;
  EXPECT_EQ(count_splits(search_both_ways(spec, params, random)), 0);
}

TEST(NodeSearch, MissingValuesWhoseSumsAreZeroGoWithTheLargerHessian) {
  std::mt19937 random(6);
  for (const bool levels : {false, true}) {
    CaseSpec spec;
    spec.columns = {{.value_bins = 9, .missing = 0.5}};
    // Hessians of half of the rows, and nearly all sums of missing values, are zero.
    spec.gradients = {.largest_g = 1, .largest_h = 1, .g_exponent = 0, .h_exponent = 0};
    spec.nodes = levels ? 2 : 1;
    TrainParams params;
    params.min_child_weight = 0;
    std::int64_t splits = 0;
    for (int repeat = 0; repeat < 40; ++repeat) {
      spec.rows = 4 + repeat % 6;
      splits += count_splits(search_both_ways(spec, params, random));
    }
    EXPECT_GT(splits, 20);
  }
}

TEST(NodeSearch, RowsWithoutGradientsCountAsRows) {
  std::mt19937 random(9);
  CaseSpec spec;
  spec.columns = {{.value_bins = 12}, {.value_bins = 30, .missing = 0.2}};
  spec.gradients = {.largest_g = 1, .largest_h = 1, .g_exponent = 0, .h_exponent = 0};
  TrainParams params;
  params.min_child_weight = 0;
  std::int64_t splits = 0;
  for (int repeat = 0; repeat < 60; ++repeat) {
    spec.rows = 8 + repeat % 20;
    params.min_data_in_leaf = 2 + repeat % 5;
    splits += count_splits(search_both_ways(spec, params, random));
  }
  EXPECT_GT(splits, 60);
}

TEST(NodeSearch, GainsOfRoundingSizeAreNoSplits) {
  std::mt19937 random(10);
  CaseSpec spec;
  spec.columns = {{.value_bins = 3}, {.value_bins = 3, .categorical = true}};
  // Gains are about 2^-38 of the parents' scores.
  spec.gradients = {.largest_g = 3, .mean_g = 1 << 20, .constant_hessian = true};
  spec.gradients.h_exponent = 0;
  spec.nodes = 16;
  TrainParams params;
  params.lambda = 0;
  params.cat_lambda = 0;
  params.min_data_per_category = 1;
  std::int64_t splits = 0;
  std::int64_t units = 0;
  for (const int onehot : {0, 10}) {
    params.max_cat_to_onehot = onehot;
    for (int repeat = 0; repeat < 12; ++repeat) {
      const std::vector<NaiveSplit> found = search_both_ways(spec, params, random);
      splits += count_splits(found);
      units += static_cast<std::int64_t>(found.size());
    }
  }
  EXPECT_GT(splits, 20);
  EXPECT_LT(splits, units - 20);
}

TEST(NodeSearch, GainsMustExceedTheLeast) {
  std::mt19937 random(11);
  for (const bool categorical : {false, true}) {
    for (const int onehot : {0, 10}) {
      CaseSpec spec;
      spec.columns = {{.value_bins = 6, .categorical = categorical}};
      TrainParams params;
      params.max_cat_to_onehot = onehot;
      params.min_data_per_category = 1;
      const std::mt19937 same = random;
      const std::vector<NaiveSplit> found = search_both_ways(spec, params, random);
      ASSERT_GT(found[0].gain, 0);
      params.min_split_gain = found[0].gain;
      random = same;
      EXPECT_EQ(search_both_ways(spec, params, random)[0].gain, 0);
      params.min_split_gain = std::nextafter(found[0].gain, 0.0);
      random = same;
      EXPECT_EQ(search_both_ways(spec, params, random)[0].gain, found[0].gain);
    }
  }
}

struct CategoryCase {
  std::int32_t categories;
  int threshold;
  std::int32_t rows;
  std::int32_t nodes;
};

// From one category to so many that they are sorted in global memory; up to one row each, so that most ratios
// are equal.
TEST(CategorySearch, OrdersAnyNumberOfCategories) {
  std::mt19937 random(7);
  for (const auto& [categories, threshold, rows, nodes] :
       {CategoryCase{1, 32, 10, 1}, CategoryCase{2, 32, 30, 2}, CategoryCase{33, 32, 300, 3},
        CategoryCase{100, 1'000, 2'000, 5}, CategoryCase{1'000, 100, 5'000, 2},
        CategoryCase{4'096, 32, 20'000, 1}, CategoryCase{5'000, 1'900, 30'000, 1},
        CategoryCase{9'000, 2'000, 40'000, 2}, CategoryCase{20'000, 3, 60'000, 1},
        CategoryCase{65'535, 32, 200'000, 1}}) {
    SCOPED_TRACE(std::to_string(categories) + " categories");
    CaseSpec spec;
    spec.columns = {{.value_bins = categories, .missing = 0.01, .categorical = true}};
    spec.gradients = {.largest_g = 2, .largest_h = 1, .g_exponent = 0, .h_exponent = 0};
    spec.rows = rows;
    spec.nodes = nodes;
    TrainParams params;
    params.max_cat_to_onehot = 0;
    params.max_cat_threshold = threshold;
    params.min_data_per_category = 1;
    params.cat_smooth = 1;
    params.min_child_weight = 0;
    const std::int64_t splits = count_splits(search_both_ways(spec, params, random));
    EXPECT_EQ(splits > nodes / 2, categories > 1);
  }
}

// All usable categories together would be best, but some usable one stays on the other side.
TEST(CategorySearch, NotAllUsableCategoriesGoLeft) {
  std::mt19937 random(12);
  CaseSpec spec;
  spec.columns = {{.value_bins = 5, .missing = 0.4, .categorical = true}};
  spec.gradients.up_if_missing = true;
  TrainParams params;
  params.max_cat_to_onehot = 0;
  params.min_data_per_category = 1;
  for (const NaiveSplit& split : search_both_ways(spec, params, random)) {
    EXPECT_EQ(std::count(split.left.begin(), split.left.end(), true), 4);
  }
}

TEST(CategorySearch, FewUsableCategoriesAreNoSplit) {
  std::mt19937 random(8);
  CaseSpec spec;
  spec.columns = {{.value_bins = 50, .categorical = true}};
  TrainParams params;
  params.min_data_per_category = 200;
  EXPECT_EQ(count_splits(search_both_ways(spec, params, random)), 0);
}

TEST(SplitSearch, SettingsAreThoseOfTheParameters) {
  TrainParams params;
  params.lambda = 2;
  params.cat_lambda = 3;
  params.alpha = 0.5;
  params.max_delta_step = 0.25;
  params.min_data_in_leaf = 7;
  params.min_data_per_category = 9;
  params.max_cat_to_onehot = 5;
  params.max_cat_threshold = 6;
  params.cat_smooth = 4;
  params.min_split_gain = 1;
  params.min_child_weight = 8;
  const SearchSettings s = search_settings(params, true);
  EXPECT_EQ(s.regularisation.lambda, 2);
  EXPECT_EQ(s.category_regularisation.lambda, 5);
  for (const math::Regularisation& r : {s.regularisation, s.category_regularisation}) {
    EXPECT_EQ(r.alpha, 0.5);
    EXPECT_EQ(r.max_delta_step, 0.25);
  }
  EXPECT_EQ(s.min_rows, 7);
  EXPECT_EQ(s.min_category_rows, 9);
  EXPECT_EQ(s.max_onehot, 5);
  EXPECT_EQ(s.max_threshold, 6);
  EXPECT_EQ(s.cat_smooth, 4);
  EXPECT_EQ(s.min_split_gain, 1);
  EXPECT_EQ(s.min_child_weight, 8);
  EXPECT_TRUE(s.h_counts_rows);
  EXPECT_FALSE(search_settings(params, false).h_counts_rows);
}

TEST(SplitSearch, CountsRowsOnlyWhereHessiansDoNotSayEnough) {
  TrainParams params;
  EXPECT_FALSE(needs_counts(params, false, false));
  EXPECT_TRUE(needs_counts(params, false, true));
  params.min_data_in_leaf = 2;
  EXPECT_TRUE(needs_counts(params, false, false));
  EXPECT_FALSE(needs_counts(params, true, true));
  params.min_data_in_leaf = 0;
  params.min_child_weight = 0;
  EXPECT_TRUE(needs_counts(params, false, false));
}

#if __has_include("emulation/control.hpp")
TEST(SplitSearch, TakesTheMemoryThatItStates) {
  for (const bool levels : {false, true}) {
    for (const std::int32_t categories : {0, 300, 20'000}) {
      SearchLimits limits{.nodes = 50, .tiles = 7, .cells = 10'000, .most_categories = categories};
      limits.category_columns = categories > 0 ? 3 : 0;
      limits.levels = levels;
      const std::size_t before = emulation::live_bytes(0);
      const SplitSearch search(SearchSettings{}, limits);
      EXPECT_EQ(static_cast<std::int64_t>(emulation::live_bytes(0) - before), SplitSearch::bytes(limits));
      EXPECT_EQ(search.category_words(), std::max((categories + 31) / 32, 1));
    }
  }
}
#endif

}  // namespace
}  // namespace ramet::cuda::test
