// The best split of a search unit, by trying every one.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/split.hpp"
#include "math/gain.hpp"
#include "math/quantise.hpp"
#include "ramet/params.hpp"

namespace ramet::naive {

struct Cell {
  std::int64_t g = 0;
  std::int64_t h = 0;
  std::int64_t rows = 0;

  Cell operator+(const Cell& o) const { return {g + o.g, h + o.h, rows + o.rows}; }
  Cell operator-(const Cell& o) const { return {g - o.g, h - o.h, rows - o.rows}; }
};

// One feature's cells by code (0 = missing), for every node of the unit.
struct FeatureCells {
  std::int32_t feature = 0;
  bool categorical = false;
  bool has_missing = false;  // over the whole data set
  std::int32_t value_bins = 0;
  std::vector<std::vector<Cell>> nodes;  // [node][code]
};

// A unit is one node or, in symmetric trees, all nodes of a level.
class UnitSearch {
 public:
  // `totals`: each node's sums.
  UnitSearch(const TrainParams& params, const math::GradientScale& scale, std::vector<Cell> totals);

  // To be called for each allowed feature, in ascending order.
  void search(const FeatureCells& cells);

  double gain() const { return best_gain_; }  // 0: no split
  const backend::SplitRule& rule() const { return best_rule_; }

 private:
  void search_numeric(const FeatureCells& cells);
  void search_one_against_rest(const FeatureCells& cells);
  void search_many_against_many(const FeatureCells& cells);
  // Offers the rule whose left sides have these sums. Earlier offers win ties.
  void offer(const std::vector<Cell>& left, double lambda, const backend::SplitRule& rule);
  double node_gain(const Cell& left, const Cell& total, double lambda) const;
  double score(const Cell& cell, double lambda) const;
  // A node without a hessian has no score, and adds nothing to its level.
  bool splittable(const Cell& total) const;
  bool admissible(const Cell& side, double lambda) const;
  double real_g(const Cell& cell) const;
  double real_h(const Cell& cell) const;

  const TrainParams& params_;
  math::GradientScale scale_;
  std::vector<Cell> totals_;
  double least_gain_ = 0;
  double best_gain_ = 0;
  backend::SplitRule best_rule_;
};

}  // namespace ramet::naive
