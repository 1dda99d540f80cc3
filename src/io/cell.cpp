#include "io/cell.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <system_error>

namespace ramet::io {
namespace {

// A decimal that from_chars found out of a double's range: infinity or 0, with its sign.
double saturated(std::string_view text) noexcept {
  const bool negative = text.front() == '-';
  const auto mark = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(negative ? 1 : 0, mark - (negative ? 1 : 0));
  std::int64_t exponent = 0;
  if (mark != std::string_view::npos) {
    std::string_view digits = text.substr(mark + 1);
    if (digits.front() == '+') digits.remove_prefix(1);
    const auto [p, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max() / 2;
    if (error == std::errc::result_out_of_range) exponent = digits.front() == '-' ? -huge : huge;
  }
  // Decimal places between the first digit that counts and the point.
  const auto point = std::min(mantissa.find('.'), mantissa.size());
  const auto first = std::min(mantissa.find_first_of("123456789"), mantissa.size());
  const auto magnitude = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  const double value = magnitude + exponent > 0 ? std::numeric_limits<double>::infinity() : 0.0;
  return negative ? -value : value;
}

// Length of the UTF-8 sequence at p, 0 if there is none.
std::size_t sequence_length(const unsigned char* p, std::size_t left) noexcept {
  const auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return i < left && p[i] >= low && p[i] <= high;
  };
  const unsigned lead = p[0];
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;   // no overlong forms
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;  // no surrogates
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;  // up to U+10FFFF
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

// The first byte at or after `from` that is not ASCII.
std::size_t skip_ascii(std::string_view text, std::size_t from) noexcept {
  constexpr std::uint64_t high_bits = 0x8080808080808080u;
  while (from + 8 <= text.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + from, 8);
    if ((word & high_bits) != 0) break;
    from += 8;
  }
  while (from < text.size() && static_cast<unsigned char>(text[from]) < 0x80) ++from;
  return from;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) noexcept {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [p, error] = std::from_chars(text.data(), end, value);
  if (p != end || error == std::errc::invalid_argument || text.ends_with(')')) return std::nullopt;
  if (error == std::errc::result_out_of_range) return saturated(text);
  return value;
}

std::optional<bool> parse_boolean(std::string_view text) noexcept {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

std::size_t find_invalid_text(std::string_view text) noexcept {
  const std::size_t nul = text.find('\0');
  text = text.substr(0, nul);
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  for (std::size_t at = skip_ascii(text, 0); at < text.size(); at = skip_ascii(text, at)) {
    const std::size_t length = sequence_length(bytes + at, text.size() - at);
    if (length == 0) return at;
    at += length;
  }
  return nul;
}

std::string shown(std::string_view text) {
  constexpr std::size_t most = 40;
  std::string result = "\"";
  std::size_t at = 0;
  while (at < text.size() && at < most) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data()) + at;
    const std::size_t length = sequence_length(bytes, text.size() - at);
    if (length == 0 || *bytes < 0x20 || *bytes == 0x7F) {
      result += length == 0 ? '?' : ' ';
      ++at;
    } else {
      result.append(text, at, length);
      at += length;
    }
  }
  return result + (at < text.size() ? "...\"" : "\"");
}

}  // namespace ramet::io
