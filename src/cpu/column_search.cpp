#include "cpu/column_search.hpp"

#include <algorithm>

#include "cpu/filled_cells.hpp"
#include "cpu/split_scan.hpp"

namespace ramet::cpu {
namespace {

bool admissible(const SearchSettings& s, const math::Regularisation& r, const backend::NodeSums& side,
                double h, bool counted) {
  return h + r.lambda > 0 && h >= s.min_child_weight && (!counted || side.rows >= s.min_rows);
}

bool offer(const SearchColumn& column, double gain, std::uint32_t order, bool missing_left, BestSplit& best) {
  return best.offer(gain, column.feature, order, missing_left, column.categorical);
}

// Whether a gain is worth a candidate's while.
bool enough(const SearchSettings& s, const SearchNode& node, double gain) {
  return gain > math::least_gain(node.parent_score, s.min_split_gain);
}

// Sums of a code's rows. Without counts there is at least one (see ColumnSums::load).
backend::NodeSums sums_of_code(const SearchColumn& column, const Histogram& histogram, bool constant_hessian,
                               std::int64_t code) {
  const std::int64_t at = column.cells->cell(code);
  const bool counted = column.cells->counted;
  backend::NodeSums sums;
  if (histogram.wide) {
    const WideCell* cells = histogram.wide_cells();
    sums = {cells[at].g, cells[at].h, counted ? cells[at + 1].h : 1};
  } else {
    const std::int64_t* cells = histogram.packed();
    sums = {packed_g(cells[at]), packed_h(cells[at]), counted ? packed_h(cells[at + 1]) : 1};
  }
  if (constant_hessian) sums.rows = sums.h;
  return sums;
}

void find_usable(const SearchSettings& s, const SearchColumn& column, const Histogram& histogram,
                 SearchScratch& scratch) {
  std::vector<UsableCategory>& usable = scratch.categories;
  usable.clear();
  const auto offer_code = [&](std::int64_t code) {
    const backend::NodeSums sums = sums_of_code(column, histogram, s.scale.constant_hessian, code);
    if (sums.rows < s.min_category_rows) return;
    const double weight = static_cast<double>(sums.h) * s.h_unit + s.cat_smooth;
    if (!(weight > 0)) return;
    usable.push_back(
        {static_cast<double>(sums.g) * s.g_unit / weight, static_cast<std::uint32_t>(code), sums});
  };
  if (column.cells->counted && !histogram.wide && !s.scale.constant_hessian) {
    // Most categories of a small node have too few rows.
    scratch.filled.resize(static_cast<std::size_t>(column.value_bins));
    const std::int32_t found = find_filled(histogram.packed() + column.cells->cell(1), column.value_bins,
                                           s.min_category_rows, scratch.filled.data());
    for (std::int32_t i = 0; i < found; ++i) offer_code(scratch.filled[static_cast<std::size_t>(i)] + 1);
  } else {
    for (std::int64_t code = 1; code <= column.value_bins; ++code) offer_code(code);
  }
  std::sort(usable.begin(), usable.end(), [](const UsableCategory& a, const UsableCategory& b) {
    return a.ratio != b.ratio ? a.ratio < b.ratio : a.code < b.code;
  });
}

// The fast twin of search_many_against_many: looks at the sums of usable categories only, which in small
// nodes are few.
void scan_categories(const SearchSettings& s, const SearchColumn& column, const SearchNode& node,
                     SearchScratch& scratch, BestSplit& best) {
  const bool counted = s.scale.constant_hessian || column.cells->counted;
  if (counted && node.sums.rows < 2 * s.min_category_rows) return;  // there are no two
  find_usable(s, column, node.histogram, scratch);
  const std::vector<UsableCategory>& usable = scratch.categories;
  const auto count = static_cast<std::int64_t>(usable.size());
  const std::int64_t longest = std::min<std::int64_t>(s.max_threshold, count - 1);
  for (const bool back : {false, true}) {
    backend::NodeSums left;
    for (std::int64_t length = 1; length <= longest; ++length) {
      const backend::NodeSums& next =
          usable[static_cast<std::size_t>(back ? count - length : length - 1)].sums;
      left = {left.g + next.g, left.h + next.h, left.rows + next.rows};
      const double gain = split_gain(s, s.category_regularisation, node, left, counted);
      const std::uint32_t tie = static_cast<std::uint32_t>(length) + (back ? back_order : 0);
      if (!enough(s, node, gain) || !offer(column, gain, tie, false, best)) continue;
      std::vector<std::uint32_t> codes;
      for (std::int64_t i = 0; i < length; ++i)
        codes.push_back(usable[static_cast<std::size_t>(back ? count - length + i : i)].code);
      best.left_categories = category_set(column.value_bins, codes.data(), length);
    }
  }
}

// One column that is not scanned.
void search_unscanned(const SearchSettings& s, const SearchColumn& column, const SearchNode& node,
                      SearchScratch& scratch, BestSplit& best) {
  if (column.categorical && column.value_bins > s.max_onehot) {
    scan_categories(s, column, node, scratch, best);
    return;
  }
  scratch.sums.load(column, node.histogram, s.scale.constant_hessian);
  if (!column.categorical) {
    search_numeric(s, column, node, scratch.sums, best);
  } else {
    search_one_against_rest(s, column, node, scratch.sums, best);
  }
}

}  // namespace

double split_gain(const SearchSettings& s, const math::Regularisation& children, const SearchNode& node,
                  const backend::NodeSums& left, bool counted) {
  const backend::NodeSums right{node.sums.g - left.g, node.sums.h - left.h, node.sums.rows - left.rows};
  const double left_h = static_cast<double>(left.h) * s.h_unit;
  const double right_h = static_cast<double>(right.h) * s.h_unit;
  if (!admissible(s, children, left, left_h, counted) || !admissible(s, children, right, right_h, counted)) {
    return not_admissible;
  }
  const double left_g = static_cast<double>(left.g) * s.g_unit;
  const double right_g = static_cast<double>(right.g) * s.g_unit;
  return (math::node_score(left_g, left_h, children) + math::node_score(right_g, right_h, children)) -
         node.parent_score;
}

void search_numeric(const SearchSettings& s, const SearchColumn& column, const SearchNode& node,
                    const ColumnSums& sums, BestSplit& best) {
  const backend::NodeSums missing{sums.g[0], sums.h[0], column.has_missing ? sums.rows[0] : 0};
  const bool with_missing = missing.g != 0 || missing.h != 0;
  backend::NodeSums left;
  for (std::int32_t bin = 1; bin < column.value_bins + (with_missing ? 1 : 0); ++bin) {
    const auto c = static_cast<std::size_t>(bin);
    left.g += sums.g[c];
    left.h += sums.h[c];
    left.rows += sums.rows[c];
    const auto order = static_cast<std::uint32_t>(bin);
    const backend::NodeSums joined{left.g + missing.g, left.h + missing.h, left.rows + missing.rows};
    if (with_missing && bin < column.value_bins) {
      const double gain = split_gain(s, s.regularisation, node, joined, sums.counted);
      if (enough(s, node, gain)) offer(column, gain, order, true, best);
    }
    const bool go_left = !with_missing && left.h >= node.sums.h - left.h;
    const double gain = split_gain(s, s.regularisation, node, go_left ? joined : left, sums.counted);
    if (enough(s, node, gain)) offer(column, gain, order, go_left, best);
  }
}

void search_one_against_rest(const SearchSettings& s, const SearchColumn& column, const SearchNode& node,
                             const ColumnSums& sums, BestSplit& best) {
  for (std::uint32_t code = 1; code <= static_cast<std::uint32_t>(column.value_bins); ++code) {
    const double gain =
        split_gain(s, s.regularisation, node, {sums.g[code], sums.h[code], sums.rows[code]}, sums.counted);
    if (!enough(s, node, gain) || !offer(column, gain, code, false, best)) continue;
    best.left_categories = category_set(column.value_bins, &code, 1);
  }
}

std::vector<std::uint32_t> order_categories(const SearchSettings& s, const ColumnSums& sums) {
  std::vector<std::pair<double, std::uint32_t>> ratios;
  for (std::uint32_t code = 1; code < sums.g.size(); ++code) {
    const double weight = static_cast<double>(sums.h[code]) * s.h_unit + s.cat_smooth;
    if (sums.rows[code] < s.min_category_rows || !(weight > 0)) continue;
    ratios.emplace_back(static_cast<double>(sums.g[code]) * s.g_unit / weight, code);
  }
  std::sort(ratios.begin(), ratios.end());
  std::vector<std::uint32_t> order;
  for (const auto& [ratio, code] : ratios) order.push_back(code);
  return order;
}

std::vector<std::uint32_t> category_set(std::int32_t categories, const std::uint32_t* codes,
                                        std::int64_t count) {
  std::vector<std::uint32_t> words(static_cast<std::size_t>(categories + 31) / 32);
  for (std::int64_t i = 0; i < count; ++i) words[(codes[i] - 1) / 32] |= 1u << ((codes[i] - 1) % 32);
  return words;
}

void search_many_against_many(const SearchSettings& s, const SearchColumn& column, const SearchNode& node,
                              const ColumnSums& sums, BestSplit& best) {
  const std::vector<std::uint32_t> order = order_categories(s, sums);
  const std::int64_t usable = static_cast<std::int64_t>(order.size());
  const std::int64_t longest = std::min<std::int64_t>(s.max_threshold, usable - 1);
  for (const bool back : {false, true}) {
    backend::NodeSums left;
    for (std::int64_t length = 1; length <= longest; ++length) {
      const std::uint32_t code = order[static_cast<std::size_t>(back ? usable - length : length - 1)];
      left.g += sums.g[code];
      left.h += sums.h[code];
      left.rows += sums.rows[code];
      const double gain = split_gain(s, s.category_regularisation, node, left, sums.counted);
      const std::uint32_t tie = static_cast<std::uint32_t>(length) + (back ? back_order : 0);
      if (!enough(s, node, gain) || !offer(column, gain, tie, false, best)) continue;
      best.left_categories =
          category_set(column.value_bins, order.data() + (back ? usable - length : 0), length);
    }
  }
}

void search_columns(const SearchSettings& s, std::span<const SearchColumn> columns,
                    std::span<const std::uint8_t> allowed, const SearchNode& node, SearchScratch& scratch,
                    BestSplit& best) {
  const bool scan = scan_applies(s);
  if (scan) scan_columns(s, columns, allowed, node, best);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (scan && is_scanned(s, columns[c])) continue;
    if (allowed.empty() || allowed[c] != 0) search_unscanned(s, columns[c], node, scratch, best);
  }
}

}  // namespace ramet::cpu
