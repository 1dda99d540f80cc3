// Binned rows in pages, twice: column-major codes (partitioning, routing) and packed rows (histograms).
#pragma once

#include <cstdint>
#include <vector>

#include "base/buffer.hpp"

namespace ramet::data {

// A feature that is stored: constant features are not.
struct StoredColumn {
  std::int32_t feature = 0;      // index in the schema
  std::int32_t width = 1;        // bytes per code: 1 or 2
  std::int64_t byte_offset = 0;  // in a packed row; even for two-byte codes
  bool has_missing = false;      // over all ranks
  std::int32_t value_bins = 0;
  std::int32_t first_cell = 0;  // histogram cells of this column: [first_cell, first_cell + cells())
  std::int32_t cells() const { return value_bins + (has_missing ? 1 : 0); }
  // The histogram cell of a code; code 0 has a cell only if has_missing.
  std::int32_t cell(std::uint32_t code) const {
    return first_cell + static_cast<std::int32_t>(code) - (has_missing ? 0 : 1);
  }
};

// The same for all pages of a data set and for all ranks. One-byte columns come first, and of each width
// numbers before categories; an odd number of them is followed by a byte of padding if there are two-byte
// columns, so that all codes are aligned. A data set binned with a reference stores the same columns at the
// same offsets as the reference; a column has a missing cell if either of the two has missing values.
struct Layout {
  std::vector<StoredColumn> columns;
  std::vector<std::int32_t> column_of_feature;  // -1: constant, not stored
  std::int32_t byte_columns = 0;                // columns of width 1
  std::int64_t row_bytes = 0;                   // bytes of one packed row
  std::int32_t total_cells = 0;  // histogram cells of a node; each column starts at a multiple of 8
};

struct Page {
  std::int64_t first_row = 0;  // local to the rank
  std::int32_t rows = 0;
  Buffer<std::uint8_t> columns;  // column c at columns + rows * byte_offset(c)
  Buffer<std::uint8_t> packed;   // row r at packed + r * row_bytes: its codes, in column order

  template <class Code>
  const Code* column(const StoredColumn& c) const {
    return reinterpret_cast<const Code*>(columns.data() + c.byte_offset * rows);
  }
};

}  // namespace ramet::data
