// The fast search of numeric columns, and of categories one against the rest: prefix sums of integers, or the
// categories' own, a division-free filter, exact gains only where the filter lets a candidate through. Finds
// what search_numeric and search_one_against_rest in column_search.hpp find.
#pragma once

#include <span>

#include "cpu/split_candidate.hpp"

namespace ramet::cpu {

// Whether the scan applies: the scales cannot overflow.
bool scan_applies(const SearchSettings& settings);

// Columns whose rows need not be counted, without sets of categories.
inline bool is_scanned(const SearchSettings& settings, const SearchColumn& column) {
  return !column.cells->counted && (!column.categorical || column.value_bins <= settings.max_onehot);
}

// Improves `best` by those of the columns that are scanned. The node has been prepared. What pads a column's
// cells to padded_cells is 0. `allowed`: 1 for each column that may be used; empty: all of them.
void scan_columns(const SearchSettings& settings, std::span<const SearchColumn> columns,
                  std::span<const std::uint8_t> allowed, const SearchNode& node, BestSplit& best);

}  // namespace ramet::cpu
