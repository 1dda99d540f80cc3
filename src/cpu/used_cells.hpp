// Prefix sums of a column's cells that are not empty. A split behind an empty cell has the sums of the one
// before it and a higher bin, so that it never wins: in small nodes, and in sparse columns, few candidates
// are left.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/cells.hpp"

namespace ramet::cpu {

// Entry i, from 1 on, is the i-th cell that is not empty: its number, and the sums up to it. Entry 0 has sums
// 0.
struct UsedCells {
  std::vector<std::int64_t> prefix;    // packed sums, or g
  std::vector<std::int64_t> prefix_h;  // of wide cells
  std::vector<std::int32_t> cells;
  std::int32_t count = 0;  // of entries from 1 on

  // Of `size` cells. Behind the last entry there is room to read scan_padding entries.
  void find(const std::int64_t* packed, std::int32_t size);
  void find(const WideCell* wide, std::int32_t size);
};

// Which of `size` packed cells that are each followed by their number of rows have `least_rows` or more:
// writes their numbers to `cells`, in order, and returns how many there are.
std::int32_t find_filled(const std::int64_t* counted, std::int32_t size, std::int64_t least_rows,
                         std::int32_t* cells);

}  // namespace ramet::cpu
