#include "io/rows.hpp"

#include "io/cell.hpp"

namespace ramet::io {
namespace {

constexpr std::size_t npos = std::string_view::npos;

// The quote that closes the cell whose contents start at `from`; npos if none does.
std::size_t closing_quote(std::string_view text, std::size_t from, bool& doubled) noexcept {
  for (std::size_t at = text.find('"', from); at != npos; at = text.find('"', at + 2)) {
    if (at + 1 >= text.size() || text[at + 1] != '"') return at;
    doubled = true;
  }
  return npos;
}

}  // namespace

RowCursor::RowCursor(std::string_view text, char delimiter) noexcept : text_(text), delimiter_(delimiter) {
  for (const char c : {delimiter, '\n', '\r'}) stops_[static_cast<unsigned char>(c)] = true;
}

bool RowCursor::next(std::vector<Cell>& cells) {
  cells.clear();
  skip_empty_lines();
  row_begin_ = position_;
  if (position_ == text_.size()) return false;
  do {
    if (position_ < text_.size() && text_[position_] == '"') {
      cells.push_back(quoted_cell());
      continue;
    }
    const std::size_t begin = position_;
    while (position_ < text_.size() && !stops_[static_cast<unsigned char>(text_[position_])]) ++position_;
    cells.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(position_)});
  } while (!ends_row());
  return true;
}

void RowCursor::skip_empty_lines() noexcept {
  while (position_ < text_.size()) {
    if (text_[position_] == '\n') {
      ++position_;
    } else if (text_.substr(position_, 2) == "\r\n") {
      position_ += 2;
    } else {
      return;
    }
  }
}

Cell RowCursor::quoted_cell() {
  const std::size_t begin = position_ + 1;
  bool doubled = false;
  const std::size_t end = closing_quote(text_, begin, doubled);
  if (end == npos) throw Fault{position_, "a quote is opened and never closed"};
  position_ = end + 1;
  if (position_ < text_.size() && !stops_[static_cast<unsigned char>(text_[position_])]) {
    throw Fault{position_, "text after a closing quote (inside a quoted cell a quote is written twice)"};
  }
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), doubled};
}

bool RowCursor::ends_row() {
  if (position_ == text_.size()) return true;
  const char c = text_[position_++];
  if (c == delimiter_) return false;
  if (c == '\n' || position_ == text_.size()) return true;
  if (text_[position_] != '\n') throw Fault{position_ - 1, "a carriage return without a line feed"};
  ++position_;
  return true;
}

std::string_view cell_text(std::string_view text, const Cell& cell, std::string& scratch) {
  const std::string_view raw = text.substr(cell.begin, cell.end - cell.begin);
  if (!cell.has_doubled_quotes) return trim(raw);
  scratch.clear();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    scratch += raw[i];
    if (raw[i] == '"') ++i;
  }
  return trim(scratch);
}

std::size_t complete_rows(std::string_view text, char delimiter) noexcept {
  const std::size_t last_line_end = text.rfind('\n');
  if (last_line_end == npos) return 0;
  if (text.find('"') == npos) return last_line_end + 1;
  // A line end may be inside quotes: only reading from the start can tell.
  std::size_t complete = 0;
  bool at_cell_start = true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"' && at_cell_start) {
      bool doubled = false;
      at = closing_quote(text, at + 1, doubled);
      if (at == npos) return complete;
    } else if (c == '\n') {
      complete = at + 1;
    }
    at_cell_start = c == delimiter || c == '\n';
  }
  return complete;
}

}  // namespace ramet::io
