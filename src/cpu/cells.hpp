// Histogram cells of the CPU backend, and where each stored column's cells lie.
//
// A packed cell is one 64-bit integer: the sum of g in the high half (signed), of h in the low half. With at
// most 16 bits a gradient it is exact for up to 65,535 rows. A wide cell is a pair of 64-bit sums. Where rows
// are counted as well, the number is in the h of a second cell behind the first, so that both are one
// addition of vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "data/page.hpp"

namespace ramet::cpu {

struct WideCell {
  std::int64_t g = 0;
  std::int64_t h = 0;
};

// A wide cell, or a packed cell and the number of its rows, as a vector. Histograms begin at a cache line,
// and columns at an even cell.
using CellPair [[gnu::vector_size(16), gnu::may_alias]] = std::int64_t;

inline constexpr std::int64_t max_packed_rows = 65'535;

inline std::int64_t packed_g(std::int64_t cell) { return cell >> 32; }
inline std::int64_t packed_h(std::int64_t cell) { return cell & 0xffff'ffff; }

// Eight cells are one cache line; aligned columns never share one, yet do not collide as a fixed stride
// would. The cells between are 0 in every histogram.
inline std::int32_t padded_cells(std::int32_t cells) { return (cells + 7) / 8 * 8; }

// Where outputs stand side by side a cell has a packed sum for each of so many, and the number of rows: a
// cache line.
inline constexpr std::size_t most_side_by_side = 7;
inline constexpr std::size_t lanes_side_by_side = most_side_by_side + 1;

// A histogram has room for so many cells more, which mean nothing.
inline constexpr std::int32_t spare_cells = 8;

// One stored column's place in a packed row and in a node's histogram.
struct HistogramColumn {
  std::int32_t column = 0;       // index into Layout::columns
  std::int32_t byte_offset = 0;  // in a packed row
  std::int32_t first_cell = 0;
  std::int32_t cells = 0;      // that have codes
  std::int32_t code_base = 0;  // where code 0 has its cell, or would have it
  bool counted = false;        // each cell is followed by one that counts rows

  std::int32_t step() const { return counted ? 2 : 1; }
  std::int32_t first_code() const { return (first_cell - code_base) / step(); }
  std::int64_t cell(std::int64_t code) const { return code_base + code * step(); }
  std::int64_t code(std::int64_t cell) const { return (cell - code_base) / step(); }
};

// The columns that a tree's histograms cover; one-byte columns first, and of each width those first that are
// not counted.
struct HistogramLayout {
  std::vector<HistogramColumn> columns;
  std::int32_t byte_columns = 0;
  std::int32_t total_cells = 0;
  // Consecutive columns [tiles[i], tiles[i + 1]) have cells that fit the second-level cache together.
  std::vector<std::int32_t> tiles;

  // Cells [first, last) of the columns [begin, end).
  std::pair<std::int64_t, std::int64_t> cell_range(std::int32_t begin, std::int32_t end) const {
    const auto first = [&](std::int32_t c) {
      return c < static_cast<std::int32_t>(columns.size()) ? columns[static_cast<std::size_t>(c)].first_cell
                                                           : total_cells;
    };
    return {first(begin), first(end)};
  }
  // The end of the columns from `begin` on, up to `end`, that have `most` cells together, or of the first
  // one.
  std::int32_t columns_within(std::int32_t begin, std::int32_t end, std::int64_t most) const {
    std::int32_t last = begin + 1;
    while (last < end && cell_range(begin, last + 1).second - cell_range(begin, begin).first <= most) ++last;
    return last;
  }
};

// The first run of columns [begin, end) of which `alive` is 1, or an empty one at `end`. Null: all are.
std::pair<std::int32_t, std::int32_t> alive_run(const std::uint8_t* alive, std::int32_t begin,
                                                std::int32_t end);

// Lays out the given columns; those in `counted` also get cells that count rows.
HistogramLayout make_histogram_layout(const data::Layout& layout, const std::vector<std::int32_t>& columns,
                                      const std::vector<bool>& counted);

}  // namespace ramet::cpu
