#include "model/tables.hpp"

#include <cmath>

namespace ramet::model::testing {

std::unique_ptr<Table> make_table(const Schema& schema, const std::vector<Row>& rows, bool dictionaries) {
  auto table = std::make_unique<Table>();
  const std::size_t n = schema.features.size();
  table->numbers.resize(n + 1);
  table->booleans.resize(n);
  table->labels.resize(n);
  table->codes.resize(n);
  table->numbers[n].assign(rows.size(), 1.5);
  for (std::size_t f = n; f-- > 0;) {
    const FeatureInfo& info = schema.features[f];
    std::vector<std::string> dictionary;
    for (const Row& row : rows) {
      table->numbers[f].push_back(row[f].number);
      table->booleans[f].push_back(std::isnan(row[f].number) ? 255 : row[f].number != 0);
      table->labels[f].push_back(row[f].label);
      dictionary.push_back(row[f].label);
      table->codes[f].push_back(row[f].label.empty() ? -1 : static_cast<std::int32_t>(dictionary.size()) - 1);
    }
    Column column{.name = info.name, .values = std::span<const double>(table->numbers[f])};
    if (info.type == ColumnType::boolean) column.values = std::span<const std::uint8_t>(table->booleans[f]);
    if (info.type == ColumnType::categorical && dictionaries) {
      column.values = std::span<const std::int32_t>(table->codes[f]);
      column.dictionary = dictionary;
    } else if (info.type == ColumnType::categorical) {
      column.values = std::span<const std::string>(table->labels[f]);
    }
    table->columns.push_back(column);
    if (f == n / 2)
      table->columns.push_back({.name = "unknown", .values = std::span<const double>(table->numbers[n])});
  }
  return table;
}

}  // namespace ramet::model::testing
