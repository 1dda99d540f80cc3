#include "cuda/naive_search.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>

#include "math/gain.hpp"

namespace ramet::cuda::test {
namespace {

DeviceSums plus(const DeviceSums& a, const DeviceSums& b) { return {a.g + b.g, a.h + b.h, a.rows + b.rows}; }
DeviceSums minus(const DeviceSums& a, const DeviceSums& b) { return {a.g - b.g, a.h - b.h, a.rows - b.rows}; }

struct Unit {
  const SearchSettings& settings;
  const DeviceScale& scale;
  std::span<const DeviceSums> totals;

  double g(const DeviceSums& s) const { return static_cast<double>(s.g) * scale.g_unit; }
  double h(const DeviceSums& s) const { return static_cast<double>(s.h) * scale.h_unit; }
  bool splittable(const DeviceSums& total) const { return h(total) + settings.regularisation.lambda > 0; }
  double score(const DeviceSums& s, const math::Regularisation& r) const {
    return math::node_score(g(s), h(s), r);
  }
  bool admissible(const DeviceSums& side, const math::Regularisation& r) const {
    return h(side) + r.lambda > 0 && h(side) >= settings.min_child_weight && side.rows >= settings.min_rows;
  }
  double least() const {
    double parents = 0;
    for (const DeviceSums& total : totals)
      parents += splittable(total) ? score(total, settings.regularisation) : 0;
    return math::least_gain(parents, settings.min_split_gain);
  }
  double gain(const NaiveColumn& column, const std::vector<bool>& left, const math::Regularisation& r) const {
    double sum = 0;
    for (std::size_t n = 0; n < totals.size(); ++n) {
      DeviceSums side;
      for (std::size_t c = 0; c < left.size(); ++c) {
        if (left[c]) side = plus(side, column.nodes[n][c]);
      }
      const DeviceSums other = minus(totals[n], side);
      if (!splittable(totals[n]) || !admissible(side, r) || !admissible(other, r)) continue;
      sum += (score(side, r) + score(other, r)) - score(totals[n], settings.regularisation);
    }
    return sum;
  }
};

DeviceSums over_nodes(const NaiveColumn& column, std::size_t code) {
  DeviceSums sum;
  for (const auto& node : column.nodes) sum = plus(sum, node[code]);
  return sum;
}

// A column's candidates, not in any order that matters; their gains are still open.
std::vector<NaiveSplit> numeric_candidates(const NaiveColumn& column) {
  const std::int32_t bins = column.facts.value_bins;
  const DeviceSums missing = over_nodes(column, 0);
  const bool both = column.facts.has_missing != 0 && (missing.g != 0 || missing.h != 0);
  std::vector<std::int64_t> h;
  for (std::size_t c = 0; c <= static_cast<std::size_t>(bins); ++c) h.push_back(over_nodes(column, c).h);
  std::vector<NaiveSplit> found;
  for (std::int32_t bin = 1; bin <= bins; ++bin) {
    NaiveSplit split{.order = static_cast<std::uint32_t>(bin)};
    split.left.assign(static_cast<std::size_t>(bins) + 1, false);
    std::int64_t left_h = 0;
    std::int64_t right_h = 0;
    for (std::int32_t code = 1; code <= bins; ++code) {
      const auto c = static_cast<std::size_t>(code);
      split.left[c] = code <= bin;
      (code <= bin ? left_h : right_h) += h[c];
    }
    for (const bool missing_left : {true, false}) {
      if (bin == bins && (missing_left || !both)) continue;
      if (!both && missing_left != (left_h >= right_h)) continue;
      split.missing_left = split.left[0] = missing_left;
      found.push_back(split);
    }
  }
  return found;
}

std::vector<NaiveSplit> one_against_rest(const NaiveColumn& column) {
  std::vector<NaiveSplit> found;
  for (std::int32_t code = 1; code <= column.facts.value_bins; ++code) {
    NaiveSplit split{.order = static_cast<std::uint32_t>(code), .categorical = true};
    split.left.assign(static_cast<std::size_t>(column.facts.value_bins) + 1, false);
    split.left[static_cast<std::size_t>(code)] = true;
    found.push_back(split);
  }
  return found;
}

std::vector<NaiveSplit> many_against_many(const Unit& unit, const NaiveColumn& column) {
  std::vector<std::pair<double, std::size_t>> usable;
  const auto codes = static_cast<std::size_t>(column.facts.value_bins) + 1;
  for (std::size_t code = 1; code < codes; ++code) {
    const DeviceSums sums = over_nodes(column, code);
    const double weight = unit.h(sums) + unit.settings.cat_smooth;
    if (sums.rows < unit.settings.min_category_rows || !(weight > 0)) continue;
    usable.emplace_back(unit.g(sums) / weight, code);
  }
  std::vector<NaiveSplit> found;
  if (usable.size() < 2) return found;
  std::sort(usable.begin(), usable.end());
  const std::size_t longest =
      std::min(static_cast<std::size_t>(unit.settings.max_threshold), usable.size() - 1);
  for (std::size_t length = 1; length <= longest; ++length) {
    for (const bool back : {false, true}) {
      NaiveSplit split{.order = static_cast<std::uint32_t>(length + (back ? 1'000'000 : 0)),
                       .categorical = true};
      split.left.assign(codes, false);
      for (std::size_t i = 0; i < length; ++i) {
        split.left[usable[back ? usable.size() - 1 - i : i].second] = true;
      }
      found.push_back(split);
    }
  }
  return found;
}

bool better(const NaiveSplit& a, const NaiveSplit& b) {
  if (b.gain == 0) return true;
  return std::tuple(-a.gain, a.feature, a.order, !a.missing_left) <
         std::tuple(-b.gain, b.feature, b.order, !b.missing_left);
}

}  // namespace

NaiveSplit naive_search(const SearchSettings& settings, const DeviceScale& scale,
                        std::span<const DeviceSums> totals, std::span<const NaiveColumn> columns) {
  const Unit unit{settings, scale, totals};
  const double least = unit.least();
  NaiveSplit best;
  for (const NaiveColumn& column : columns) {
    const bool many = column.facts.categorical != 0 && column.facts.value_bins > settings.max_onehot;
    const std::vector<NaiveSplit> candidates = many ? many_against_many(unit, column)
                                               : column.facts.categorical != 0 ? one_against_rest(column)
                                                                               : numeric_candidates(column);
    for (NaiveSplit split : candidates) {
      split.gain =
          unit.gain(column, split.left, many ? settings.category_regularisation : settings.regularisation);
      if (!(split.gain > least)) continue;
      split.column = column.column;
      split.feature = column.facts.feature;
      if (better(split, best)) best = split;
    }
  }
  return best;
}

}  // namespace ramet::cuda::test
