// Reads the cells of a piece of a file as the values that their columns ask for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "io/cell.hpp"
#include "io/class_table.hpp"
#include "io/columns.hpp"
#include "io/rows.hpp"

namespace ramet::io {

// Each function below reads the next cell; the column is the one it belongs to. Throws Fault, which names
// column and cell, if the cell is not what it must be. To be used in round-to-nearest mode (FloatMode).
class CellReader {
 public:
  // The text is followed by text_padding zero bytes.
  CellReader(std::string_view text, char delimiter) noexcept : cursor_(text, delimiter) {}

  RowCursor& cursor() noexcept { return cursor_; }

  // A feature's number; NaN is missing.
  double number(const FileColumn& column);
  // A number that every row must have: finite, of a weight not negative.
  double role_number(const FileColumn& column);
  // 0, 1 or 255 (missing).
  std::uint8_t boolean(const FileColumn& column);
  // Empty is missing.
  std::string_view category();
  // A text that every row must have.
  std::string_view role_text(const FileColumn& column);
  int label(const FileColumn& column, const ClassTable& classes);

  [[noreturn]] void fail_cell(const FileColumn& column, std::string_view cell, std::string_view what) const;
  [[noreturn]] void fail_missing(const FileColumn& column) const;

 private:
  double other_number(const FileColumn& column);

  RowCursor cursor_;
  std::string scratch_;
};

inline double CellReader::number(const FileColumn& column) {
  double value = 0;
  return cursor_.take_number(value) ? value : other_number(column);
}

inline std::string_view CellReader::category() {
  const std::string_view cell = cursor_.take_cell(scratch_);
  return is_missing(cell) ? std::string_view{} : cell;
}

}  // namespace ramet::io
