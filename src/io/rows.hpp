// Splits CSV text into rows and cells (RFC 4180).
//   Rows end in LF or CR LF, the last one may end with the text. Wholly empty lines are no rows.
//   A cell that starts with a quote runs to the closing one and may hold delimiters, line ends and doubled
//   quotes. A quote elsewhere stands for itself. Blanks around the contents of a cell do not count.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "io/cell.hpp"
#include "io/decimal.hpp"

namespace ramet::io {

// What is wrong at a byte of a piece of text. Whoever knows the file and the line makes an Error of it.
struct Fault {
  std::size_t offset = 0;
  std::string message;
};

// Zero bytes that must follow a text that a RowCursor reads.
inline constexpr std::size_t text_padding = decimal_padding;

// Reads the cells of a text that starts with a row and is followed by text_padding zero bytes:
//   while (cursor.next_row()) do { read a cell; } while (!cursor.row_ended());
// Throws Fault if the text is malformed.
class RowCursor {
 public:
  RowCursor(std::string_view text, char delimiter) noexcept;

  // Goes to the next row, past empty lines; false if there is none.
  bool next_row() noexcept;
  // Whether the cell just read was the last of its row.
  bool row_ended() const noexcept { return row_ended_; }

  // Reads the cell if it is just a decimal number, without blanks or quotes, and returns where it ends; else
  // stays before it and returns nullptr.
  const char* take_decimal(Decimal& number) noexcept;
  // The same, with the number's value, in round-to-nearest mode (FloatMode).
  bool take_number(double& value) noexcept;
  // Reads the cell; `scratch` serves those with doubled quotes. Without the blanks around it.
  std::string_view take_cell(std::string& scratch);
  void skip_cell();
  // Number of cells not yet read of this row, which are skipped.
  std::size_t skip_row();

  // Offsets of this row, of the cell read last (its quote included), and of what will be read next.
  std::size_t row_begin() const noexcept { return static_cast<std::size_t>(row_ - begin_); }
  std::size_t cell_begin() const noexcept { return static_cast<std::size_t>(cell_ - begin_); }
  std::size_t position() const noexcept { return static_cast<std::size_t>(p_ - begin_); }

 private:
  struct Quoted {
    std::string_view inside;
    bool has_doubled_quotes = false;
  };
  Quoted take_quoted();
  std::string_view take_unquoted();
  void pass_separator();

  const char* begin_;
  const char* p_;
  const char* end_;
  const char* row_;
  const char* cell_;
  char delimiter_;
  bool row_ended_ = true;
  std::array<bool, 256> stops_{};  // ends an unquoted cell
};

inline const char* RowCursor::take_decimal(Decimal& number) noexcept {
  const char* const after = scan_decimal(p_, number);
  if (after == nullptr) return nullptr;
  const char* next = after + 1;
  if (*after == delimiter_) {
    row_ended_ = false;
  } else if (*after == '\n') {
    row_ended_ = true;
  } else if (*after == '\r' && *next == '\n') {
    row_ended_ = true;
    ++next;
  } else if (after == end_) {
    row_ended_ = true;
    next = end_;
  } else {
    return nullptr;
  }
  cell_ = p_;
  p_ = next;
  return after;
}

inline bool RowCursor::take_number(double& value) noexcept {
  Decimal number;
  const char* const after = take_decimal(number);
  if (after == nullptr) return false;
  if (to_double(number, value)) return true;
  value = *parse_number({cell_, static_cast<std::size_t>(after - cell_)});
  return true;
}

// Where the last complete row of `text` ends (after its LF); 0 if it has none. `text` starts with a row.
std::size_t complete_rows(std::string_view text, char delimiter) noexcept;

// Number of line feeds.
std::int64_t count_lines(std::string_view text) noexcept;

}  // namespace ramet::io
