// Random rows as the typed columns of a caller.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/random_models.hpp"
#include "ramet/dataset.hpp"

namespace ramet::model::testing {

// What the caller owns when it predicts from typed columns.
struct Table {
  std::vector<std::vector<double>> numbers;
  std::vector<std::vector<std::uint8_t>> booleans;
  std::vector<std::vector<std::string>> labels;
  std::vector<std::vector<std::int32_t>> codes;
  std::vector<Column> columns;
};

// Features in reverse order with a column that the model does not know between them; categories as codes into
// dictionaries of their own, or as strings.
std::unique_ptr<Table> make_table(const Schema& schema, const std::vector<Row>& rows, bool dictionaries);

}  // namespace ramet::model::testing
