// Data sets of given codes, for tests of kernels that read columns.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "data/dataset_data.hpp"

namespace ramet::cuda::test {

// One stored column and its code in every row. More than 255 value bins: two bytes wide.
struct CodedColumn {
  std::int32_t value_bins = 2;
  bool categorical = false;
  std::vector<std::uint32_t> codes;
};

// Uniformly drawn codes 1 .. value_bins; 0 in `missing` of all rows.
CodedColumn random_column(std::int32_t value_bins, std::int64_t rows, std::mt19937& random,
                          double missing = 0.1, bool categorical = false);

// What DeviceColumns reads of a data set; narrow columns come first. Pages of `page_rows` rows.
data::DatasetData coded_dataset(std::span<const CodedColumn> columns, std::int64_t page_rows);

}  // namespace ramet::cuda::test
