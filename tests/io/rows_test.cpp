#include "io/rows.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "io/cell.hpp"
#include "io/helpers.hpp"

namespace ramet::io {
namespace {

using Table2 = std::vector<std::vector<std::string>>;

Table2 cursor_rows(std::string text, char delimiter = ',') {
  const std::size_t size = text.size();
  text.append(text_padding, '\0');
  RowCursor cursor(std::string_view(text).substr(0, size), delimiter);
  Table2 rows;
  std::string scratch;
  while (cursor.next_row()) {
    rows.emplace_back();
    do {
      rows.back().emplace_back(cursor.take_cell(scratch));
    } while (!cursor.row_ended());
  }
  return rows;
}

Table2 trimmed_naive_rows(const std::string& text) {
  Table2 rows = naive_rows(text);
  for (auto& row : rows) {
    for (std::string& cell : row) cell = trim(cell);
  }
  return rows;
}

// Well-formed text full of quotes, delimiters and line ends.
std::string random_text(std::mt19937_64& random) {
  const std::vector<std::string> cells{"",
                                       "a",
                                       "1.5",
                                       "\"\"",
                                       "\"a,b\"",
                                       "\"line\nbreak\"",
                                       "\"say \"\"hi\"\"\"",
                                       "  x ",
                                       "\"\"\"\"",
                                       "5\" pipe",
                                       "\"\r\n\"\"\"",
                                       "é",
                                       "a b",
                                       "\" \""};
  const std::string line_end = random() % 2 == 0 ? "\n" : "\r\n";
  std::string text;
  const std::size_t columns = 1 + random() % 4;
  for (std::size_t row = random() % 12; row > 0; --row) {
    for (std::size_t c = 0; c < columns; ++c) text += (c > 0 ? "," : "") + cells[random() % cells.size()];
    if (row > 1 || random() % 2 == 0) text += line_end;
    if (random() % 8 == 0) text += line_end;
  }
  return text;
}

TEST(RowCursor, ReadsWhatTheNaiveReaderReads) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = random_text(random);
    ASSERT_EQ(cursor_rows(text), trimmed_naive_rows(text)) << text;
  }
}

TEST(RowCursor, SkipsWhatItReads) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 2'000; ++i) {
    std::string text = random_text(random);
    const auto rows = cursor_rows(text);
    const std::size_t size = text.size();
    text.append(text_padding, '\0');
    RowCursor cursor(std::string_view(text).substr(0, size), ',');
    for (const auto& row : rows) {
      ASSERT_TRUE(cursor.next_row());
      ASSERT_EQ(cursor.skip_row(), row.size());
    }
    ASSERT_FALSE(cursor.next_row());
  }
}

// Wherever a text is cut, the rows before and after the cut are those of the whole.
TEST(CompleteRows, CutBetweenRows) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 5'000; ++i) {
    const std::string text = random_text(random);
    const Table2 whole = cursor_rows(text);
    const std::size_t seen = random() % (text.size() + 1);
    const std::size_t cut = complete_rows(text.substr(0, seen), ',');
    ASSERT_LE(cut, seen);
    Table2 parts = cursor_rows(text.substr(0, cut));
    for (auto& row : cursor_rows(text.substr(cut))) parts.push_back(std::move(row));
    ASSERT_EQ(parts, whole) << text << "\ncut at " << cut;
  }
}

TEST(CompleteRows, FindsTheLastLineEndOutsideQuotes) {
  EXPECT_EQ(complete_rows("", ','), 0u);
  EXPECT_EQ(complete_rows("a,b", ','), 0u);
  EXPECT_EQ(complete_rows("a,b\nc", ','), 4u);
  EXPECT_EQ(complete_rows("a\n\"b\nc", ','), 2u);
  EXPECT_EQ(complete_rows("a\n\"b\nc\"\nd", ','), 8u);
  EXPECT_EQ(complete_rows("5\" pipe\n6\" pipe", ','), 8u);
  EXPECT_EQ(complete_rows("\"\n\",\"\n\"\n\"x", ','), 8u);
}

std::string fault_of(const std::string& text) {
  try {
    cursor_rows(text);
  } catch (const Fault& fault) {
    return std::to_string(fault.offset) + ": " + fault.message;
  }
  return "none";
}

TEST(RowCursor, SaysWhatIsMalformed) {
  EXPECT_EQ(fault_of("a,\"b\nc\n"), "2: a quote is opened and never closed");
  EXPECT_EQ(fault_of("a\n\"b\"c\n"),
            "2: text after a closing quote (inside a quoted cell a quote is written twice)");
  EXPECT_EQ(fault_of("a\rb\n"), "0: a carriage return without a line feed");
  EXPECT_EQ(fault_of("a,b\r"), "none");
}

TEST(CountLines, CountsLineFeeds) {
  EXPECT_EQ(count_lines(""), 0);
  EXPECT_EQ(count_lines("a"), 0);
  EXPECT_EQ(count_lines("a\n\nb\r\n"), 3);
}

TEST(InvalidText, IsWhatUtf8Forbids) {
  constexpr auto nowhere = std::string_view::npos;
  EXPECT_EQ(find_invalid_text("plain, é, 漢, 😀 and more plain text"), nowhere);
  EXPECT_EQ(find_invalid_text("12345678\xE9t\xE9"), 8u);              // Latin-1
  EXPECT_EQ(find_invalid_text(std::string_view("abc\0def", 7)), 3u);  // NUL
  EXPECT_EQ(find_invalid_text("\xC0\xAF"), 0u);                       // overlong
  EXPECT_EQ(find_invalid_text("\xED\xA0\x80"), 0u);                   // surrogate
  EXPECT_EQ(find_invalid_text("\xF4\x90\x80\x80"), 0u);               // beyond U+10FFFF
  EXPECT_EQ(find_invalid_text("ab\xE2\x82"), 2u);                     // cut short
  EXPECT_EQ(find_invalid_text(std::string_view("a\xE9\0", 3)), 1u);
}

}  // namespace
}  // namespace ramet::io
