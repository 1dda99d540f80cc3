#include "cpu/column_sums.hpp"

#include "cpu/partition.hpp"

namespace ramet::cpu {

void ColumnSums::load(const SearchColumn& column, const Histogram& histogram, bool constant_hessian) {
  const auto codes = static_cast<std::size_t>(column.value_bins) + 1;
  g.assign(codes, 0);
  h.assign(codes, 0);
  counted = constant_hessian || column.cells->counted;
  rows.assign(codes, counted ? 0 : 1);
  for (std::size_t c = column.has_missing ? 0 : 1; c < codes; ++c) {
    const std::int64_t at = column.cells->cell(static_cast<std::int64_t>(c));
    g[c] = histogram.wide ? histogram.wide_cells()[at].g : packed_g(histogram.packed()[at]);
    h[c] = histogram.wide ? histogram.wide_cells()[at].h : packed_h(histogram.packed()[at]);
    if (constant_hessian) {
      rows[c] = h[c];
    } else if (column.cells->counted) {
      rows[c] = histogram.wide ? histogram.wide_cells()[at + 1].h : packed_h(histogram.packed()[at + 1]);
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

backend::NodeSums left_sums(const SearchColumn& column, const Histogram& histogram,
                            const backend::SplitRule& rule) {
  WideCell left;
  std::int64_t packed = 0;
  const auto add = [&](std::int64_t code) {
    const std::int64_t at = column.cells->cell(code);
    if (histogram.wide) {
      left.g += histogram.wide_cells()[at].g;
      left.h += histogram.wide_cells()[at].h;
    } else {
      packed += histogram.packed()[at];
    }
  };
  if (rule.missing_left && column.has_missing) add(0);
  const std::int64_t last = rule.categorical ? column.value_bins : rule.bin;
  for (std::int64_t code = 1; code <= last; ++code) {
    if (!rule.categorical || goes_left(rule, static_cast<std::uint32_t>(code))) add(code);
  }
  if (!histogram.wide) return {packed_g(packed), packed_h(packed), 0};
  return {left.g, left.h, 0};
}

}  // namespace ramet::cpu
