// Splits CSV text into rows and cells (RFC 4180).
//   Rows end in LF or CR LF, the last one may end with the text. Wholly empty lines are no rows.
//   A cell that starts with a quote runs to the closing one and may hold delimiters, line ends and doubled
//   quotes. A quote elsewhere stands for itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::io {

// What is wrong at a byte of a piece of text. Whoever knows the file and the line makes an Error of it.
struct Fault {
  std::size_t offset = 0;
  std::string message;
};

// Offsets into the text, without the quotes around the cell.
struct Cell {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool has_doubled_quotes = false;
};

// Reads the rows of a text (less than 2^32 bytes) that starts with a row.
class RowCursor {
 public:
  RowCursor(std::string_view text, char delimiter) noexcept;

  // The cells of the next row; false after the last one. Throws Fault if the row is malformed.
  bool next(std::vector<Cell>& cells);

  // Where the row of the last call starts, and where the next one will.
  std::size_t row_begin() const noexcept { return row_begin_; }
  std::size_t position() const noexcept { return position_; }

 private:
  void skip_empty_lines() noexcept;
  Cell quoted_cell();
  // Passes the delimiter or line end after a cell; true if the row ends there.
  bool ends_row();

  std::string_view text_;
  char delimiter_;
  std::array<bool, 256> stops_{};  // ends an unquoted cell
  std::size_t row_begin_ = 0;
  std::size_t position_ = 0;
};

// The trimmed text of a cell; `scratch` serves cells with doubled quotes.
std::string_view cell_text(std::string_view text, const Cell& cell, std::string& scratch);

// Where the last complete row of `text` ends (after its LF); 0 if it has none. `text` starts with a row.
std::size_t complete_rows(std::string_view text, char delimiter) noexcept;

}  // namespace ramet::io
