// The fast search of numeric columns: prefix sums of integers, a division-free filter, exact gains only where
// the filter lets a candidate through. Finds what search_numeric in column_search.hpp finds.
#pragma once

#include <span>

#include "cpu/split_candidate.hpp"

namespace ramet::cpu {

// Whether the scan applies: the scales cannot overflow.
bool scan_applies(const SearchSettings& settings);

// Numeric columns whose rows need not be counted.
inline bool is_scanned(const SearchColumn& column) { return !column.categorical && !column.cells->counted; }

// Improves `best` by those of the columns that are scanned. The node has been prepared. What pads a column's
// cells to padded_cells is 0. `allowed`: 1 for each column that may be used; empty: all of them.
void scan_columns(const SearchSettings& settings, std::span<const SearchColumn> columns,
                  std::span<const std::uint8_t> allowed, const SearchNode& node, BestSplit& best);

}  // namespace ramet::cpu
