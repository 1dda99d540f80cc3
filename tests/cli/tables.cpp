#include "cli/tables.hpp"

#include <array>
#include <cstdint>
#include <sstream>
#include <string_view>

#include "math/functions.hpp"

namespace ramet::test {
namespace {

// Numbers in [0, 1) from a linear congruential generator (Knuth's MMIX constants).
class Draws {
 public:
  explicit Draws(int seed) : state_(static_cast<std::uint64_t>(seed)) { next(); }
  double next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state_ >> 40) / static_cast<double>(1 << 24);
  }

 private:
  std::uint64_t state_;
};

constexpr std::array<std::string_view, 11> columns{"x0", "x1",       "x2",           "x3", "colour", "w",
                                                   "id", "exposure", "log_exposure", "y",  "kind"};
constexpr std::array<std::string_view, 5> colours{"red", "green", "blue", "\"light, blue\"", ""};

void write_header(std::ostream& out, char delimiter) {
  for (const std::string_view column : columns) out << column << delimiter;
  out << "claims\n";
}

void write_row(std::ostream& out, int row, Draws& draws, char delimiter) {
  const double x0 = draws.next();
  const double x1 = draws.next();
  const double x2 = draws.next();
  const double x3 = draws.next();
  const auto colour = static_cast<std::size_t>(draws.next() * 5);
  const double exposure = 0.25 + 0.25 * static_cast<double>(static_cast<int>(draws.next() * 4));
  const double y = 3 * x0 - 2 * x1 * x1 + (colour == 1 ? 1.0 : 0.0) + 0.2 * draws.next();
  out << x0 << delimiter << x1 << delimiter << x2 << delimiter;
  if (x3 > 0.1) out << x3;
  out << delimiter << colours[colour] << delimiter << 1 + row % 3 << delimiter << row << delimiter;
  out << exposure << delimiter << math::log(exposure) << delimiter;
  out << y << delimiter << (y > 1 ? "yes" : "no") << delimiter << static_cast<int>(exposure * 4 * x0) << '\n';
}

}  // namespace

std::string table_text(int rows, int seed) { return table_text(rows, seed, {}); }

std::string table_text(int rows, int seed, const TableStyle& style) {
  Draws draws(seed);
  std::ostringstream out;
  out.precision(17);
  if (style.header) write_header(out, style.delimiter);
  for (int row = 0; row < rows; ++row) write_row(out, row, draws, style.delimiter);
  return out.str();
}

Arguments learn(const std::string& target) {
  std::string ignored;
  for (const char* column : {"w", "id", "exposure", "log_exposure", "y", "kind", "claims"}) {
    if (column != target) ignored += (ignored.empty() ? "" : ",") + std::string(column);
  }
  return {"--target", target, "--ignore", ignored};
}

}  // namespace ramet::test
