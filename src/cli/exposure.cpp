#include "exposure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>
#include <variant>

// The one header from inside the library: a base margin reaches the model, so its logarithm must be the one
// of the numbers contract.
#include "math/functions.hpp"
#include "ramet/error.hpp"

namespace ramet::cli {
namespace {

using RowBatch = io::Table::RowBatch;

struct OwnedColumn {
  std::string name;
  std::variant<std::vector<float>, std::vector<double>, std::vector<std::int64_t>, std::vector<std::uint8_t>,
               std::vector<std::int32_t>, std::vector<std::string>>
      values;
  std::vector<std::string> dictionary;

  Column view() const {
    Column column{.name = name, .values = {}, .dictionary = dictionary};
    std::visit([&](const auto& owned) { column.values = std::span(owned); }, values);
    return column;
  }
};

// Copies of the rows of a range, whatever batches they come in.
struct OwnedRows {
  std::vector<OwnedColumn> columns;
  std::vector<double> labels;
  std::vector<double> weights;
  std::vector<double> exposures;

  void append(const RowBatch& batch, std::int64_t begin, std::int64_t end) {
    columns.resize(batch.columns.size());
    for (std::size_t c = 0; c < columns.size(); ++c) append_column(columns[c], batch.columns[c], begin, end);
    append_part(labels, batch.labels, begin, end);
    append_part(weights, batch.weights, begin, end);
    append_part(exposures, batch.base_margins, begin, end);
  }

 private:
  template <class T>
  static void append_part(std::vector<T>& to, std::span<const T> from, std::int64_t begin, std::int64_t end) {
    if (!from.empty()) to.insert(to.end(), from.begin() + begin, from.begin() + end);
  }

  static void append_column(OwnedColumn& to, const Column& from, std::int64_t begin, std::int64_t end) {
    to.name = from.name;
    to.dictionary = from.dictionary;
    std::visit(
        [&](const auto& span) {
          using T = std::remove_const_t<typename std::remove_cvref_t<decltype(span)>::element_type>;
          if (!std::holds_alternative<std::vector<T>>(to.values)) to.values = std::vector<T>{};
          append_part(std::get<std::vector<T>>(to.values), span, begin, end);
        },
        from.values);
  }
};

OwnedRows read_rows(const io::Table& table, std::int64_t first_row, std::int64_t last_row) {
  OwnedRows rows;
  table.for_each_batch([&](const RowBatch& batch) {
    const std::int64_t begin = std::clamp<std::int64_t>(first_row - batch.first_row, 0, batch.rows);
    const std::int64_t end = std::clamp<std::int64_t>(last_row - batch.first_row, 0, batch.rows);
    if (begin < end || rows.columns.empty()) rows.append(batch, begin, end);
  });
  return rows;
}

}  // namespace

std::vector<double> log_exposures(std::span<const double> exposures, const std::string& column,
                                  std::int64_t first_row) {
  std::vector<double> logarithms(exposures.size());
  for (std::size_t i = 0; i < exposures.size(); ++i) {
    if (!(exposures[i] > 0) || !std::isfinite(exposures[i])) {
      throw Error(ErrorCode::invalid_data,
                  fmt::format("column `{}` (--exposure): row {} (from 0) has {}: must be > 0 and finite",
                              column, first_row + static_cast<std::int64_t>(i), exposures[i]));
    }
    logarithms[i] = math::log(exposures[i]);
  }
  return logarithms;
}

Dataset exposure_dataset(const io::Table& table, const std::string& column, const DatasetOptions& options,
                         std::int64_t first_row, std::int64_t last_row) {
  const OwnedRows rows = read_rows(table, first_row, last_row);
  const std::vector<double> margins = log_exposures(rows.exposures, column, first_row);
  std::vector<Column> columns;
  for (const OwnedColumn& owned : rows.columns) columns.push_back(owned.view());
  DatasetOptions all = options;
  all.labels = rows.labels;
  all.weights = rows.weights;
  all.base_margins = margins;
  all.class_names = table.classes();
  return Dataset::from_columns(columns, all);
}

}  // namespace ramet::cli
