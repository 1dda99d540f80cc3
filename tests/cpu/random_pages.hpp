// Random binned pages for tests of the CPU backend's kernels.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "data/dataset_data.hpp"

namespace ramet::test {

struct ColumnSpec {
  std::int32_t value_bins = 2;
  bool has_missing = false;
  bool categorical = false;
};

// A layout of these columns; feature i is column i's place in `specs`, whatever its place in the layout.
data::Layout make_layout(const std::vector<ColumnSpec>& specs);

// A data set of these columns with uniformly drawn codes (a missing code one time in eight), cut into pages.
data::DatasetData random_dataset(const std::vector<ColumnSpec>& specs, std::int64_t rows,
                                 std::int64_t page_rows, std::uint32_t seed);

// The code of a stored column in a row of a page, read from the column-major copy.
std::uint32_t code_at(const data::Page& page, const data::StoredColumn& column, std::int64_t row);

}  // namespace ramet::test
