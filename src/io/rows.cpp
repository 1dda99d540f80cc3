#include "io/rows.hpp"

#include <cstring>

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

RowCursor::RowCursor(std::string_view text, char delimiter) noexcept
    : begin_(text.data()),
      p_(begin_),
      end_(begin_ + text.size()),
      row_(begin_),
      cell_(begin_),
      delimiter_(delimiter) {
  for (const char c : {delimiter, '\n', '\r'}) stops_[static_cast<unsigned char>(c)] = true;
}

bool RowCursor::next_row() noexcept {
  while (p_ < end_) {
    if (*p_ == '\n') {
      ++p_;
    } else if (*p_ == '\r' && (p_ + 1 == end_ || p_[1] == '\n')) {
      p_ = p_ + 1 == end_ ? end_ : p_ + 2;
    } else {
      break;
    }
  }
  row_ = cell_ = p_;
  row_ended_ = p_ == end_;
  return !row_ended_;
}

std::string_view RowCursor::take_cell(std::string& scratch) {
  cell_ = p_;
  if (p_ == end_ || *p_ != '"') return trim(take_unquoted());
  const Quoted cell = take_quoted();
  if (!cell.has_doubled_quotes) return trim(cell.inside);
  scratch.clear();
  for (std::size_t i = 0; i < cell.inside.size(); ++i) {
    scratch += cell.inside[i];
    if (cell.inside[i] == '"') ++i;
  }
  return trim(scratch);
}

void RowCursor::skip_cell() {
  cell_ = p_;
  if (p_ == end_ || *p_ != '"') {
    take_unquoted();
  } else {
    take_quoted();
  }
}

std::size_t RowCursor::skip_row() {
  std::size_t cells = 0;
  for (; !row_ended_; ++cells) skip_cell();
  return cells;
}

std::string_view RowCursor::take_unquoted() {
  const char* const begin = p_;
  while (p_ < end_ && !stops_[static_cast<unsigned char>(*p_)]) ++p_;
  const std::string_view cell(begin, static_cast<std::size_t>(p_ - begin));
  pass_separator();
  return cell;
}

RowCursor::Quoted RowCursor::take_quoted() {
  const std::string_view rest(p_, static_cast<std::size_t>(end_ - p_));
  Quoted cell;
  const std::size_t close = closing_quote(rest, 1, cell.has_doubled_quotes);
  if (close == npos) throw Fault{position(), "a quote is opened and never closed"};
  cell.inside = rest.substr(1, close - 1);
  p_ += close + 1;
  if (p_ < end_ && !stops_[static_cast<unsigned char>(*p_)]) {
    throw Fault{cell_begin(), "text after a closing quote (inside a quoted cell a quote is written twice)"};
  }
  pass_separator();
  return cell;
}

// Passes the delimiter or line end after a cell.
void RowCursor::pass_separator() {
  row_ended_ = true;
  if (p_ == end_) return;
  const char c = *p_++;
  if (c == delimiter_) {
    row_ended_ = false;
  } else if (c == '\r' && p_ < end_) {
    if (*p_ != '\n') throw Fault{cell_begin(), "a carriage return without a line feed"};
    ++p_;
  }
}

std::size_t complete_rows(std::string_view text, char delimiter) noexcept {
  // A line end may be inside quotes: only reading from the start can tell.
  std::size_t complete = 0;
  std::size_t from = 0;  // outside quotes
  const auto take_lines_before = [&](std::size_t to) {
    const std::size_t line_end = text.substr(from, to - from).rfind('\n');
    if (line_end != npos) complete = from + line_end + 1;
  };
  std::size_t quote = text.find('"');
  while (quote != npos) {
    const char before = quote == 0 ? '\n' : text[quote - 1];
    const bool opens = before == '\n' || before == delimiter;
    if (!opens) {
      quote = text.find('"', quote + 1);
      continue;
    }
    take_lines_before(quote);
    bool doubled = false;
    const std::size_t close = closing_quote(text, quote + 1, doubled);
    if (close == npos) return complete;
    from = close + 1;
    quote = text.find('"', from);
    // Malformed text may go on with a quote, which a reader refuses before it gets there.
  }
  take_lines_before(text.size());
  return complete;
}

std::int64_t count_lines(std::string_view text) noexcept {
  std::int64_t lines = 0;
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    const void* found = std::memchr(p, '\n', static_cast<std::size_t>(end - p));
    if (found == nullptr) break;
    ++lines;
    p = static_cast<const char*>(found) + 1;
  }
  return lines;
}

}  // namespace ramet::io
