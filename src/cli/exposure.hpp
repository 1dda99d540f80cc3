// --exposure: a column of positive numbers whose logarithm is the base margin (count models: the expected
// count is the exposure times a rate).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ramet/dataset.hpp"
#include "ramet/io.hpp"

namespace ramet::cli {

// The logarithms. Throws Error{invalid_data} naming the column and the row (`first_row` + index, from 0) of a
// value that is not positive and finite.
std::vector<double> log_exposures(std::span<const double> exposures, const std::string& column,
                                  std::int64_t first_row);

// Rows [first_row, last_row) of a table whose only base margin column holds exposures. Unlike Table::dataset
// it holds these rows in memory while they are binned.
Dataset exposure_dataset(const io::Table& table, const std::string& column, const DatasetOptions& options,
                         std::int64_t first_row, std::int64_t last_row);

}  // namespace ramet::cli
