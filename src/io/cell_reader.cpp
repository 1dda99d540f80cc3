#include "io/cell_reader.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>

namespace ramet::io {
namespace {

std::string_view role_name(Role role) {
  switch (role) {
    case Role::target:
      return "target";
    case Role::weight:
      return "weight";
    case Role::base_margin:
      return "base margin";
    case Role::group:
      return "group";
    case Role::feature:
    case Role::ignored:
      break;
  }
  return "feature";
}

}  // namespace

// A missing cell, or a number in quotes or blanks, or in words.
double CellReader::other_number(const FileColumn& column) {
  const std::string_view cell = category();
  if (cell.empty()) return std::numeric_limits<double>::quiet_NaN();
  const std::optional<double> value = parse_number(cell);
  if (!value) fail_cell(column, cell, "must be a number" + column.number_hint);
  return *value;
}

double CellReader::role_number(const FileColumn& column) {
  const double value = number(column);
  if (std::isnan(value)) fail_missing(column);
  if (!std::isfinite(value)) fail_cell(column, fmt::format("{}", value), "must be finite");
  if (column.role == Role::weight && value < 0) fail_cell(column, fmt::format("{}", value), "must be >= 0");
  return value;
}

std::uint8_t CellReader::boolean(const FileColumn& column) {
  const std::string_view cell = category();
  if (cell.empty()) return 255;
  if (const std::optional<bool> value = parse_boolean(cell)) return *value ? 1 : 0;
  if (cell == "0" || cell == "1") return cell == "1" ? 1 : 0;
  fail_cell(column, cell, "must be true or false" + column.number_hint);
}

std::string_view CellReader::role_text(const FileColumn& column) {
  const std::string_view cell = category();
  if (cell.empty()) fail_missing(column);
  return cell;
}

int CellReader::label(const FileColumn& column, const ClassTable& classes) {
  double value = 0;
  if (classes.numeric() && cursor_.take_number(value)) {
    if (const int label = classes.find(value); label >= 0) return label;
    fail_cell(column, fmt::format("{}", value), "is none of the known classes");
  }
  const std::string_view cell = role_text(column);
  const int label = classes.find(cell);
  if (label < 0) fail_cell(column, cell, "is none of the known classes");
  return label;
}

void CellReader::fail_cell(const FileColumn& column, std::string_view cell, std::string_view what) const {
  throw Fault{cursor_.cell_begin(), fmt::format("column {} = {}: {}", shown(column.name), shown(cell), what)};
}

void CellReader::fail_missing(const FileColumn& column) const {
  throw Fault{cursor_.cell_begin(), fmt::format("column {} is missing: every row needs a {}",
                                                shown(column.name), role_name(column.role))};
}

}  // namespace ramet::io
