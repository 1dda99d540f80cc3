// What one cell of text means: missing, a number, a boolean, or a name.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ramet::io {

// Without the spaces and tabs around it.
inline std::string_view trim(std::string_view text) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// All functions below take trimmed text.

// Nothing, NA, NaN, nan, null, NULL or ?.
inline bool is_missing(std::string_view text) noexcept {
  switch (text.size()) {
    case 0:
      return true;
    case 1:
      return text[0] == '?';
    case 2:
      return text == "NA";
    case 3:
      return text == "NaN" || text == "nan";
    case 4:
      return text == "null" || text == "NULL";
    default:
      return false;
  }
}

// The whole text as a double, correctly rounded, in C notation (`5`, `-1.5e-3`, `+.5`, `inf`, `nan` in any
// case; no hexadecimal digits, whatever the locale). Too large is infinite, too small is 0. Nothing if it is
// no number. To be called in round-to-nearest mode (FloatMode).
std::optional<double> parse_number(std::string_view text) noexcept;

// true, True, TRUE, false, False or FALSE.
std::optional<bool> parse_boolean(std::string_view text) noexcept;

// Where `text` stops being UTF-8 without NUL characters; npos if nowhere (RFC 3629).
std::size_t find_invalid_text(std::string_view text) noexcept;

// Fit for a one-line message: in double quotes, at most 40 bytes, control characters replaced.
std::string shown(std::string_view text);

}  // namespace ramet::io
