#include "cpu/level_search.hpp"

#include "cpu/column_search.hpp"

namespace ramet::cpu {
namespace {

// One column's sums of every node of the level, and of all together.
struct LevelSums {
  std::vector<ColumnSums> nodes;
  ColumnSums all;
};

LevelSums load_level(const SearchSettings& s, const SearchColumn& column, std::span<const LevelNode> nodes) {
  LevelSums level;
  level.nodes.resize(nodes.size());
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    level.nodes[n].load(column, nodes[n].node.histogram, s.scale.constant_hessian);
    if (n == 0) {
      level.all = level.nodes[n];
    } else {
      level.all.add(level.nodes[n]);
    }
  }
  return level;
}

backend::NodeSums code_sums(const ColumnSums& sums, std::uint32_t code) {
  return {sums.g[code], sums.h[code], sums.rows[code]};
}

void add_to(backend::NodeSums& sum, const backend::NodeSums& other) {
  sum.g += other.g;
  sum.h += other.h;
  sum.rows += other.rows;
}

// Sum over the nodes, in order, of their gains at the given left sums.
double total_gain(const SearchSettings& s, const math::Regularisation& children,
                  std::span<const LevelNode> nodes, const std::vector<backend::NodeSums>& left,
                  bool counted) {
  double total = 0;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    if (!nodes[n].splittable) continue;
    const double gain = split_gain(s, children, nodes[n].node, left[n], counted);
    if (gain != not_admissible) total += gain;
  }
  return total;
}

class LevelSearch {
 public:
  LevelSearch(const SearchSettings& s, const SearchColumn& column, std::span<const LevelNode> nodes,
              double parent_score, BestSplit& best)
      : s_(s),
        column_(column),
        nodes_(nodes),
        sums_(load_level(s, column, nodes)),
        least_(math::least_gain(parent_score, s.min_split_gain)),
        best_(best) {}

  void numeric();
  void one_against_rest();
  void many_against_many(bool back);

 private:
  // Whether the candidate is the best so far.
  bool offer(double gain, std::uint32_t order, bool missing_left) {
    return gain > least_ && best_.offer(gain, column_.feature, order, missing_left, column_.categorical);
  }
  double total(const math::Regularisation& children, const std::vector<backend::NodeSums>& left) const {
    return total_gain(s_, children, nodes_, left, sums_.all.counted);
  }

  const SearchSettings& s_;
  const SearchColumn& column_;
  std::span<const LevelNode> nodes_;
  LevelSums sums_;
  double least_;
  BestSplit& best_;
};

void LevelSearch::numeric() {
  const std::size_t count = nodes_.size();
  const bool with_missing = sums_.all.g[0] != 0 || sums_.all.h[0] != 0;
  std::int64_t all_h = 0;
  for (const std::int64_t h : sums_.all.h) all_h += h;
  std::int64_t left_h = 0;
  std::vector<backend::NodeSums> left(count);
  std::vector<backend::NodeSums> joined(count);
  for (std::int32_t bin = 1; bin < column_.value_bins + (with_missing ? 1 : 0); ++bin) {
    const auto code = static_cast<std::uint32_t>(bin);
    left_h += sums_.all.h[code];
    for (std::size_t n = 0; n < count; ++n) {
      add_to(left[n], code_sums(sums_.nodes[n], code));
      joined[n] = left[n];
      if (column_.has_missing) add_to(joined[n], code_sums(sums_.nodes[n], 0));
    }
    if (with_missing && bin < column_.value_bins) offer(total(s_.regularisation, joined), code, true);
    const bool go_left = !with_missing && left_h >= all_h - left_h;
    offer(total(s_.regularisation, go_left ? joined : left), code, go_left);
  }
}

void LevelSearch::one_against_rest() {
  std::vector<backend::NodeSums> left(nodes_.size());
  for (std::uint32_t code = 1; code <= static_cast<std::uint32_t>(column_.value_bins); ++code) {
    for (std::size_t n = 0; n < left.size(); ++n) left[n] = code_sums(sums_.nodes[n], code);
    if (!offer(total(s_.regularisation, left), code, false)) continue;
    best_.left_categories = category_set(column_.value_bins, &code, 1);
  }
}

void LevelSearch::many_against_many(bool back) {
  const std::vector<std::uint32_t> order = order_categories(s_, sums_.all);
  const std::int64_t usable = static_cast<std::int64_t>(order.size());
  const std::int64_t longest = std::min<std::int64_t>(s_.max_threshold, usable - 1);
  std::vector<backend::NodeSums> left(nodes_.size());
  for (std::int64_t length = 1; length <= longest; ++length) {
    const std::uint32_t code = order[static_cast<std::size_t>(back ? usable - length : length - 1)];
    for (std::size_t n = 0; n < left.size(); ++n) add_to(left[n], code_sums(sums_.nodes[n], code));
    const std::uint32_t tie = static_cast<std::uint32_t>(length) + (back ? back_order : 0);
    if (!offer(total(s_.category_regularisation, left), tie, false)) continue;
    best_.left_categories =
        category_set(column_.value_bins, order.data() + (back ? usable - length : 0), length);
  }
}

}  // namespace

double level_parent_score(std::span<const LevelNode> nodes) {
  double total = 0;
  for (const LevelNode& node : nodes) {
    if (node.splittable) total += node.node.parent_score;
  }
  return total;
}

void search_level_column(const SearchSettings& s, const SearchColumn& column,
                         std::span<const LevelNode> nodes, double parent_score, BestSplit& best) {
  LevelSearch search(s, column, nodes, parent_score, best);
  if (!column.categorical) {
    search.numeric();
  } else if (column.value_bins <= s.max_onehot) {
    search.one_against_rest();
  } else {
    search.many_against_many(false);
    search.many_against_many(true);
  }
}

}  // namespace ramet::cpu
