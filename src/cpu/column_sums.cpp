#include "cpu/column_sums.hpp"

#include "cpu/partition.hpp"

namespace ramet::cpu {

void ColumnSums::load(const SearchColumn& column, const Histogram& histogram, bool constant_hessian) {
  const auto codes = static_cast<std::size_t>(column.value_bins) + 1;
  g.assign(codes, 0);
  h.assign(codes, 0);
  counted = constant_hessian || column.cells->count_base != -1;
  rows.assign(codes, counted ? 0 : 1);
  for (std::size_t c = column.has_missing ? 0 : 1; c < codes; ++c) {
    const std::int64_t at = column.cells->code_base + static_cast<std::int64_t>(c);
    g[c] = histogram.wide ? histogram.wide_cells()[at].g : packed_g(histogram.packed()[at]);
    h[c] = histogram.wide ? histogram.wide_cells()[at].h : packed_h(histogram.packed()[at]);
    if (constant_hessian) {
      rows[c] = h[c];
    } else if (column.cells->count_base != -1) {
      const std::int64_t count = column.cells->count_base + static_cast<std::int64_t>(c);
      rows[c] = histogram.wide ? histogram.wide_cells()[count].h : packed_h(histogram.packed()[count]);
    }
  }
}

void ColumnSums::add(const ColumnSums& other) {
  for (std::size_t c = 0; c < g.size(); ++c) {
    g[c] += other.g[c];
    h[c] += other.h[c];
    rows[c] += other.rows[c];
  }
}

backend::NodeSums left_sums(const ColumnSums& sums, const backend::SplitRule& rule) {
  backend::NodeSums left;
  for (std::size_t c = 0; c < sums.g.size(); ++c) {
    if (!goes_left(rule, static_cast<std::uint32_t>(c))) continue;
    left.g += sums.g[c];
    left.h += sums.h[c];
    left.rows += sums.rows[c];
  }
  if (!sums.counted) left.rows = -1;
  return left;
}

}  // namespace ramet::cpu
