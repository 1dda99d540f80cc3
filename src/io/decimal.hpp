// Reads a decimal number straight out of a text, without knowing where it ends.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ramet::io {

// (-1)^negative * digits * 10^exponent, if exact; else only the text knows.
struct Decimal {
  std::uint64_t digits = 0;
  std::int32_t exponent = 0;
  bool negative = false;
  bool exact = false;
};

// Bytes that must be readable after any text that scan_decimal gets; the first of them no digit, sign, point
// or e.
inline constexpr std::size_t decimal_padding = 16;

namespace decimal_detail {

inline bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

// Eight digits, in bytes that hold their values, the first one lowest. Lemire, Number parsing at a gigabyte
// per second (2021), section 5.
inline std::uint64_t value_of_eight(std::uint64_t digits) noexcept {
  digits = digits * 10 + (digits >> 8);  // pairs, in every second byte
  const std::uint64_t low = (digits & 0x000000FF000000FFu) * 0x000F424000000064u;
  const std::uint64_t high = ((digits >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u;
  return (low + high) >> 32;
}

// Adds the digits at p to `value` (wrapping around if there are more than 19); returns what follows them.
inline const char* read_digits(const char* p, std::uint64_t& value) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    // Without a branch on the number of digits, which nothing can predict.
    static constexpr std::uint64_t powers[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000};
    for (;;) {
      std::uint64_t word = 0;
      std::memcpy(&word, p, 8);
      // The lowest high bit is that of the first byte that is no digit; those above it mean nothing.
      const std::uint64_t others =
          ((word + 0x4646464646464646u) | (word - 0x3030303030303030u)) & 0x8080808080808080u;
      word -= 0x3030303030303030u;
      if (others == 0) {
        value = value * 100'000'000 + value_of_eight(word);
        p += 8;
        continue;
      }
      const int count = std::countr_zero(others) / 8;
      if (count == 0) return p;
      value = value * powers[count] + value_of_eight(word << (64 - 8 * count));
      return p + count;
    }
  }
  for (; is_digit(*p); ++p) value = value * 10 + static_cast<std::uint64_t>(*p - '0');
  return p;
}

// [+-] digits after the e, if there are any; else leaves p where the e is.
inline const char* read_exponent(const char* p, Decimal& number) noexcept {
  const char* q = p + 1;
  const bool negative = *q == '-';
  if (*q == '-' || *q == '+') ++q;
  if (!is_digit(*q)) return nullptr;
  std::int32_t exponent = 0;
  for (; is_digit(*q); ++q) {
    if (exponent < 100'000) exponent = exponent * 10 + (*q - '0');
  }
  number.exponent += negative ? -exponent : exponent;
  return q;
}

}  // namespace decimal_detail

// [+-] digits [. digits] [e [+-] digits] at p, with a digit before or after the point. Returns the byte after
// it; nullptr if there is no such number.
inline const char* scan_decimal(const char* p, Decimal& number) noexcept {
  number = {};
  number.negative = *p == '-';
  if (*p == '-' || *p == '+') ++p;
  const char* const whole = p;
  p = decimal_detail::read_digits(p, number.digits);
  std::ptrdiff_t count = p - whole;
  if (*p == '.') {
    const char* const fraction = ++p;
    p = decimal_detail::read_digits(p, number.digits);
    const std::ptrdiff_t places = p - fraction;
    count += places;
    number.exponent = places <= 19 ? -static_cast<std::int32_t>(places) : 0;
  }
  if (count == 0) return nullptr;
  number.exact = count <= 19;  // 10^19 < 2^64
  if (*p == 'e' || *p == 'E') return decimal_detail::read_exponent(p, number);
  return p;
}

// The double nearest to a number whose parts and power of ten are doubles themselves, so that one correctly
// rounded operation gives it. Clinger, How to read floating point numbers accurately (1990), section 4.
// False if the number is not of that kind. To be called in round-to-nearest mode (FloatMode).
inline bool to_double(const Decimal& number, double& value) noexcept {
  static constexpr double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  constexpr std::uint64_t largest = std::uint64_t{1} << 53;
  if (!number.exact || number.digits > largest || number.exponent < -22 || number.exponent > 22) return false;
  const auto digits = static_cast<double>(number.digits);
  const double size =
      number.exponent < 0 ? digits / powers[-number.exponent] : digits * powers[number.exponent];
  value = number.negative ? -size : size;
  return true;
}

}  // namespace ramet::io
