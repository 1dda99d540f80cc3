#include "io/decimal.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <random>
#include <string>

#include "io/cell.hpp"
#include "io/rows.hpp"

namespace ramet::io {
namespace {

using Random = std::mt19937_64;

std::string digits(Random& random, int most) {
  std::string text;
  for (int i = static_cast<int>(random() % static_cast<std::uint64_t>(most + 1)); i > 0; --i) {
    text += static_cast<char>('0' + random() % 10);
  }
  return text;
}

std::string random_decimal(Random& random) {
  std::string text;
  if (random() % 3 == 0) text += random() % 2 == 0 ? "-" : "+";
  const int most = random() % 8 == 0 ? 40 : 10;
  text += digits(random, most);
  if (random() % 2 == 0) text += "." + digits(random, most);
  if (text.find_first_of("0123456789") == std::string::npos) text += "7";
  if (random() % 4 == 0) {
    text += random() % 2 == 0 ? "e" : "E";
    if (random() % 2 == 0) text += random() % 2 == 0 ? "-" : "+";
    text += std::to_string(random() % (random() % 4 == 0 ? 400 : 30));
  }
  return text;
}

std::optional<double> taken(const std::string& cell, char after) {
  std::string text = cell + (after == '\0' ? "" : std::string(1, after));
  const std::size_t size = text.size();
  text.append(text_padding, '\0');
  RowCursor cursor(std::string_view(text).substr(0, size), ',');
  if (!cursor.next_row()) return std::nullopt;
  double value = 0;
  if (!cursor.take_number(value)) return std::nullopt;
  EXPECT_EQ(cursor.position(), size);
  EXPECT_EQ(cursor.row_ended(), after != ',');
  return value;
}

// strtod of glibc rounds correctly.
TEST(Decimal, IsTheNearestDouble) {
  Random random(1);
  const std::string ends(",\n\0", 3);
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = random_decimal(random);
    const auto value = taken(text, ends[random() % 3]);
    ASSERT_TRUE(value) << text;
    const double wanted = std::strtod(text.c_str(), nullptr);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(*value), std::bit_cast<std::uint64_t>(wanted)) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(*parse_number(text)), std::bit_cast<std::uint64_t>(wanted))
        << text;
  }
}

TEST(Decimal, DoublesComeBackFromTheirText) {
  Random random(2);
  for (int i = 0; i < 50'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    char text[64];
    std::snprintf(text, sizeof text, i % 2 == 0 ? "%.17g" : "%.18e", value);
    ASSERT_EQ(taken(text, ','), value) << text;
  }
}

TEST(Decimal, OutOfRangeSaturates) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(taken("1e309", ','), infinity);
  EXPECT_EQ(taken("-1e999999999999999999999", ','), -infinity);
  EXPECT_EQ(taken("1e-999999999999999999999", ','), 0.0);
  EXPECT_TRUE(std::signbit(*taken("-1e-400", ',')));
  EXPECT_EQ(taken("0e999999999999", ','), 0.0);
  EXPECT_EQ(taken("." + std::string(400, '0') + "1e402", ','), 10.0);
  EXPECT_EQ(taken("1" + std::string(400, '0') + "e-400", ','), 1.0);
  EXPECT_EQ(taken("4.9406564584124654e-324", ','), std::numeric_limits<double>::denorm_min());
}

TEST(Decimal, IsNothingElse) {
  for (const char* text : {"", "+", "-", ".", "-.", "e5", "1e", "1e+", "1.2.3", "1 ", " 1", "0x10", "--1",
                           "+-1", "inf", "nan", "\"1\"", "1_000", "1e5x"}) {
    EXPECT_FALSE(taken(text, '\n')) << text;
  }
}

TEST(Number, HasTheUsualWordsAndNoOthers) {
  for (const char* text : {"inf", "-inf", "+inf", "Infinity", "INF"})
    EXPECT_TRUE(std::isinf(*parse_number(text))) << text;
  EXPECT_LT(*parse_number("-infinity"), 0);
  for (const char* text : {"nan", "NaN", "NAN", "-nan"}) EXPECT_TRUE(std::isnan(*parse_number(text))) << text;
  for (const char* text :
       {"", "nan(1)", "infinit", "in", "0x1p3", "1f", "1d0", "+-1", "++1", "1e", "e1", "one", "."}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

}  // namespace
}  // namespace ramet::io
