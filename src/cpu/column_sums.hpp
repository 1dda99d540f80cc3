// One column's cells of one node as plain integer sums per code.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/split_candidate.hpp"

namespace ramet::cpu {

// Entry c belongs to code c (0 = missing). Counts are all 1 where nothing depends on them (the column has no
// counting cells and the hessian is not constant).
struct ColumnSums {
  std::vector<std::int64_t> g;
  std::vector<std::int64_t> h;
  std::vector<std::int64_t> rows;
  bool counted = false;

  void load(const SearchColumn& column, const Histogram& histogram, bool constant_hessian);
  // Adds another node's cells of the same column.
  void add(const ColumnSums& other);
};

// Sums of g and h of the codes that a rule sends left; rows is 0.
backend::NodeSums left_sums(const SearchColumn& column, const Histogram& histogram,
                            const backend::SplitRule& rule);

}  // namespace ramet::cpu
