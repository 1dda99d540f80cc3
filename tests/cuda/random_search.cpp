#include "cuda/random_search.hpp"

#include <algorithm>
#include <cstddef>

namespace ramet::cuda::test {
namespace {

// Real gradients of about 1, as integers of very different sizes.
GradientSpec random_gradients(std::mt19937& random) {
  GradientSpec spec;
  spec.g_exponent = one_of(random, {0, 7, 15, 50});
  spec.h_exponent = one_of(random, {0, 8, 16, 50});
  spec.largest_g = (std::int64_t{1} << spec.g_exponent) * one_of(random, {1, 1, 3});
  spec.largest_h = (std::int64_t{1} << spec.h_exponent) * one_of(random, {1, 1, 2});
  spec.constant_hessian = random() % 4 == 0;
  if (spec.constant_hessian) spec.h_exponent = 0;
  return spec;
}

ColumnSpec random_column(std::mt19937& random, bool large) {
  ColumnSpec column;
  column.value_bins = one_of(random, {1, 2, 3, 7, 8, 9, 31, 32, 33});
  if (large) column.value_bins = one_of(random, {60, 100, 255, 256, 600});
  column.missing = one_of(random, {0.0, 0.0, 0.01, 0.3, 1.0});
  column.skew = one_of(random, {1.0, 1.0, 3.0});
  column.categorical = random() % 3 == 0;
  return column;
}

std::vector<std::uint32_t> random_mask(std::mt19937& random, std::int32_t columns) {
  std::vector<std::uint32_t> mask(static_cast<std::size_t>((columns + 31) / 32));
  for (std::uint32_t& word : mask) word = static_cast<std::uint32_t>(random());
  return mask;
}

}  // namespace

SearchSettings random_settings(std::mt19937& random) {
  TrainParams params;
  params.lambda = one_of(random, {1.0, 1.0, 0.0, 0.25, 100.0});
  params.alpha = one_of(random, {0.0, 0.0, 0.5});
  params.max_delta_step = one_of(random, {0.0, 0.0, 0.125});
  params.min_child_weight = one_of(random, {1.0, 1.0, 0.0, 0.001, 20.0});
  params.min_split_gain = one_of(random, {0.0, 0.0, 0.0, 1.5});
  params.min_data_in_leaf = one_of(random, {1, 1, 0, 5, 20});
  params.cat_smooth = one_of(random, {10.0, 1.0, 0.001});
  params.cat_lambda = one_of(random, {1.0, 0.0});
  params.min_data_per_category = one_of(random, {1, 2, 0, 6});
  params.max_cat_to_onehot = one_of(random, {4, 0, 1, 40, 2'000});
  params.max_cat_threshold = one_of(random, {32, 1, 2, 5, 1'000'000});
  return search_settings(params, false);
}

CaseSpec random_case(std::mt19937& random) {
  CaseSpec spec;
  const bool many = random() % 4 == 0;
  const bool large = !many && random() % 4 == 0;
  const std::size_t columns = many ? 35 : one_of<std::size_t>(random, {1, 2, 9});
  for (std::size_t c = 0; c < columns; ++c) {
    spec.columns.push_back(random_column(random, large));
    if (c == 0 || random() % 6 != 0) continue;
    const std::size_t twin = random() % c;
    spec.columns[c] = spec.columns[twin];
    spec.columns[c].twin_of = static_cast<std::int32_t>(twin);
  }
  spec.gradients = random_gradients(random);
  spec.slots = one_of(random, {8, 16, 32});
  spec.rows = one_of(random, {1, 10, 30, 300, 300, 1'000});
  return spec;
}

bool need_counts(const CaseSpec& spec, const SearchSettings& settings) {
  const bool many = std::any_of(spec.columns.begin(), spec.columns.end(), [&](const ColumnSpec& c) {
    return c.categorical && c.value_bins > settings.max_onehot;
  });
  return !settings.h_counts_rows && (settings.min_rows > 1 || settings.min_child_weight <= 0 || many);
}

SearchedTask random_task(std::mt19937& random, std::int32_t tree, std::int32_t node, std::int32_t columns) {
  SearchedTask task{.tree = tree, .node = node};
  task.given = one_of(random, {Given::built, Given::difference, Given::difference_in_place});
  if (random() % 4 == 0) task.allowed = random_mask(random, columns);
  task.search = random() % 8 != 0;
  return task;
}

}  // namespace ramet::cuda::test
