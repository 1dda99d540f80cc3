#include "naive/search.hpp"

#include <algorithm>

namespace ramet::naive {
namespace {

Cell sum(const std::vector<Cell>& cells) {
  Cell total;
  for (const Cell& cell : cells) total = total + cell;
  return total;
}

// The sums of one code over the nodes of the unit.
Cell level_cell(const FeatureCells& cells, std::size_t code) {
  Cell total;
  for (const auto& node : cells.nodes) total = total + node[code];
  return total;
}

std::vector<std::uint32_t> category_bits(const FeatureCells& cells, const std::vector<std::int32_t>& left) {
  std::vector<std::uint32_t> words((static_cast<std::size_t>(cells.value_bins) + 31) / 32);
  for (const std::int32_t category : left) {
    words[static_cast<std::size_t>(category / 32)] |= std::uint32_t{1} << (category % 32);
  }
  return words;
}

}  // namespace

UnitSearch::UnitSearch(const TrainParams& params, const math::GradientScale& scale, std::vector<Cell> totals)
    : params_(params), scale_(scale), totals_(std::move(totals)) {
  double parents = 0;
  for (const Cell& total : totals_) {
    if (splittable(total)) parents += score(total, params_.lambda);
  }
  least_gain_ = math::least_gain(parents, params_.min_split_gain);
}

double UnitSearch::real_g(const Cell& cell) const {
  return static_cast<double>(cell.g) * math::pow2(-scale_.g_exponent);
}
double UnitSearch::real_h(const Cell& cell) const {
  return static_cast<double>(cell.h) * math::pow2(-scale_.h_exponent);
}

double UnitSearch::score(const Cell& cell, double lambda) const {
  return math::node_score(
      real_g(cell), real_h(cell),
      {.lambda = lambda, .alpha = params_.alpha, .max_delta_step = params_.max_delta_step});
}

bool UnitSearch::splittable(const Cell& total) const { return real_h(total) + params_.lambda > 0; }

bool UnitSearch::admissible(const Cell& side, double lambda) const {
  return real_h(side) + lambda > 0 && real_h(side) >= params_.min_child_weight &&
         side.rows >= params_.min_data_in_leaf;
}

double UnitSearch::node_gain(const Cell& left, const Cell& total, double lambda) const {
  const Cell right = total - left;
  if (!splittable(total)) return 0;
  if (!admissible(left, lambda) || !admissible(right, lambda)) return 0;
  return (score(left, lambda) + score(right, lambda)) - score(total, params_.lambda);
}

void UnitSearch::offer(const std::vector<Cell>& left, double lambda, const backend::SplitRule& rule) {
  double total = 0;
  for (std::size_t n = 0; n < left.size(); ++n) total += node_gain(left[n], totals_[n], lambda);
  if (!(total > least_gain_) || !(total > best_gain_)) return;
  best_gain_ = total;
  best_rule_ = rule;
}

void UnitSearch::search(const FeatureCells& cells) {
  if (!cells.categorical) {
    search_numeric(cells);
  } else if (cells.value_bins <= params_.max_cat_to_onehot) {
    search_one_against_rest(cells);
  } else {
    search_many_against_many(cells);
  }
}

void UnitSearch::search_numeric(const FeatureCells& cells) {
  const Cell missing = level_cell(cells, 0);
  const bool both_directions = cells.has_missing && (missing.g != 0 || missing.h != 0);
  std::vector<Cell> low(cells.nodes.size());  // codes 1..bin
  for (std::int32_t bin = 1; bin <= cells.value_bins; ++bin) {
    std::vector<Cell> low_and_missing(low.size());
    for (std::size_t n = 0; n < low.size(); ++n) {
      low[n] = low[n] + cells.nodes[n][static_cast<std::size_t>(bin)];
      low_and_missing[n] = low[n] + cells.nodes[n][0];
    }
    backend::SplitRule rule;
    rule.feature = cells.feature;
    rule.bin = static_cast<std::uint32_t>(bin);
    const bool last = bin == cells.value_bins;
    if (!both_directions) {
      if (last) continue;
      const Cell left = sum(low);
      const Cell right = sum(totals_) - left - missing;
      rule.missing_left = left.h >= right.h;
      offer(rule.missing_left ? low_and_missing : low, params_.lambda, rule);
      continue;
    }
    if (!last) {
      rule.missing_left = true;
      offer(low_and_missing, params_.lambda, rule);
    }
    rule.missing_left = false;
    offer(low, params_.lambda, rule);
  }
}

void UnitSearch::search_one_against_rest(const FeatureCells& cells) {
  for (std::int32_t category = 0; category < cells.value_bins; ++category) {
    std::vector<Cell> left;
    for (const auto& node : cells.nodes) left.push_back(node[static_cast<std::size_t>(category) + 1]);
    offer(
        left, params_.lambda,
        {.feature = cells.feature, .categorical = true, .left_categories = category_bits(cells, {category})});
  }
}

void UnitSearch::search_many_against_many(const FeatureCells& cells) {
  struct Usable {
    double ratio;
    std::int32_t category;
  };
  std::vector<Usable> usable;
  for (std::int32_t category = 0; category < cells.value_bins; ++category) {
    const Cell cell = level_cell(cells, static_cast<std::size_t>(category) + 1);
    const double smoothed = real_h(cell) + params_.cat_smooth;
    if (cell.rows < params_.min_data_per_category || !(smoothed > 0)) continue;
    usable.push_back({.ratio = real_g(cell) / smoothed, .category = category});
  }
  if (usable.size() < 2) return;
  std::sort(usable.begin(), usable.end(), [](const Usable& a, const Usable& b) {
    return a.ratio != b.ratio ? a.ratio < b.ratio : a.category < b.category;
  });
  const std::size_t longest =
      std::min(static_cast<std::size_t>(params_.max_cat_threshold), usable.size() - 1);
  for (const bool from_front : {true, false}) {
    std::vector<Cell> left(cells.nodes.size());
    std::vector<std::int32_t> categories;
    for (std::size_t i = 0; i < longest; ++i) {
      const std::int32_t category = usable[from_front ? i : usable.size() - 1 - i].category;
      categories.push_back(category);
      for (std::size_t n = 0; n < left.size(); ++n) {
        left[n] = left[n] + cells.nodes[n][static_cast<std::size_t>(category) + 1];
      }
      offer(left, params_.lambda + params_.cat_lambda,
            {.feature = cells.feature,
             .categorical = true,
             .left_categories = category_bits(cells, categories)});
    }
  }
}

}  // namespace ramet::naive
