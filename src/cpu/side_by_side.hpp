// Histograms of several outputs over the same rows in one pass: at the roots of a round's trees a row goes to
// the same cells for every output, and one addition of a vector serves them all.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/buffer.hpp"
#include "cpu/cells.hpp"
#include "cpu/histogram.hpp"

namespace ramet::cpu {

class SideBySideCells {
 public:
  // Whether cells of columns [begin, end) fit a second-level cache.
  static bool fit(const HistogramLayout& layout, std::int32_t begin, std::int32_t end);

  // Cells of these columns, all zero. The layout must outlive their use.
  void start(const HistogramLayout& layout, std::int32_t begin, std::int32_t end);

  // Adds rows, at most max_packed_rows since start(). `gradients`: each output's, one per row of the page.
  void add(std::int64_t row_bytes, const RowSlice& rows, std::span<const std::uint32_t* const> gradients);

  // Writes one output's packed cells, and counts, where the layout has them.
  void copy(int output, std::int64_t* cells) const;

  // Where a code is in a packed row, and its cell here.
  struct Column {
    const HistogramColumn* column = nullptr;
    std::int64_t byte_offset = 0;
    std::int64_t first_cell = 0;
    std::int64_t base = 0;  // where code 0 has its cell, or would have it
  };

 private:
  std::vector<Column> columns_;
  std::size_t byte_columns_ = 0;  // they come first
  Buffer<std::int64_t> cells_;
};

}  // namespace ramet::cpu
