// The best split of one node on some columns.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "cpu/column_sums.hpp"
#include "cpu/split_candidate.hpp"

namespace ramet::cpu {

// A category that may go left.
struct UsableCategory {
  double ratio = 0;  // G / (H + cat_smooth)
  std::uint32_t code = 0;
  backend::NodeSums sums;
};

// Memory that a search works in; one per thread at a time, reused from column to column.
struct SearchScratch {
  ColumnSums sums;
  std::vector<UsableCategory> categories;
  std::vector<std::int32_t> filled;  // cells of categories with rows enough
};

// Improves `best` if one of the columns has a better split of the node. The node has been prepared.
// `allowed`: 1 for each column that may be used; empty: all of them.
void search_columns(const SearchSettings& settings, std::span<const SearchColumn> columns,
                    std::span<const std::uint8_t> allowed, const SearchNode& node, SearchScratch& scratch,
                    BestSplit& best);

// The parts, for search_columns, for whole levels, and for tests.

inline constexpr double not_admissible = -std::numeric_limits<double>::infinity();

// Gain of a split with these left sums; not_admissible where a side may not be. `children`: the
// regularisation of the children's scores.
double split_gain(const SearchSettings& settings, const math::Regularisation& children,
                  const SearchNode& node, const backend::NodeSums& left, bool counted);

void search_numeric(const SearchSettings& settings, const SearchColumn& column, const SearchNode& node,
                    const ColumnSums& sums, BestSplit& best);
void search_one_against_rest(const SearchSettings& settings, const SearchColumn& column,
                             const SearchNode& node, const ColumnSums& sums, BestSplit& best);
void search_many_against_many(const SearchSettings& settings, const SearchColumn& column,
                              const SearchNode& node, const ColumnSums& sums, BestSplit& best);

// Codes of the usable categories in the order of G / (H + cat_smooth), ties by code.
std::vector<std::uint32_t> order_categories(const SearchSettings& settings, const ColumnSums& sums);

// Tie numbers of many-against-many splits that take categories from the back of the order.
inline constexpr std::uint32_t back_order = 1'000'000;

// The set of these codes' categories as bit words for `categories` categories.
std::vector<std::uint32_t> category_set(std::int32_t categories, const std::uint32_t* codes,
                                        std::int64_t count);

}  // namespace ramet::cpu
