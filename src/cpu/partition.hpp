// Moves the row ids of a split node to its children: stable, in two passes (flags and counts, then compressed
// stores), over chunks that can run in parallel.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/split.hpp"
#include "cpu/histogram.hpp"

namespace ramet::cpu {

inline constexpr std::int64_t partition_chunk_rows = 16'384;  // a multiple of 64

// Which codes of a column go left: code - low <= span in the code's own unsigned width, or by a table.
struct CodeTest {
  std::int32_t width = 1;
  const std::uint8_t* column = nullptr;  // the page's codes of the split column
  std::uint16_t low = 0;
  std::uint16_t span = 0;
  const std::uint8_t* table = nullptr;  // categorical: one entry per code, 1 = left; else null
};

// Table of a categorical rule for codes 0..value_bins; empty for numeric rules.
std::vector<std::uint8_t> category_table(const backend::SplitRule& rule, std::int32_t value_bins);

// The test of a rule on one page. `table` (from category_table) must outlive it.
CodeTest make_code_test(const backend::SplitRule& rule, const data::StoredColumn& column,
                        const data::Page& page, std::span<const std::uint8_t> table);

inline bool goes_left(const backend::SplitRule& rule, std::uint32_t code) {
  if (code == 0) return rule.missing_left;
  if (!rule.categorical) return code <= rule.bin;
  const std::uint32_t category = code - 1;
  const std::size_t word = category / 32;
  return word < rule.left_categories.size() && ((rule.left_categories[word] >> (category % 32)) & 1u) != 0;
}

// Pass 1, for at most partition_chunk_rows rows: bit i of `words` = row i goes left. Returns how many do.
std::int64_t mark_left(const CodeTest& test, const RowSlice& rows, std::uint64_t* words);

// Pass 2: writes the ids of the marked rows, of which there are `left_count`, to `left`, of the others to
// `right`, in order, and nothing else.
void scatter_rows(const RowSlice& rows, const std::uint64_t* words, std::int64_t left_count,
                  std::uint32_t* left, std::uint32_t* right);

}  // namespace ramet::cpu
