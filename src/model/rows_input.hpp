// What prediction reads: the columns that a plan uses, wherever the caller keeps them, turned into codes
// block by block.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "data/dataset_data.hpp"
#include "data/source.hpp"
#include "model/plan.hpp"
#include "ramet/dataset.hpp"

namespace ramet::model {

// Codes into the caller's dictionary; -1 is missing.
struct DictionaryCodes {
  std::span<const std::int32_t> codes;
  std::vector<std::uint32_t> plan_code;  // of each entry of the dictionary
};

struct LabelStrings {
  std::span<const std::string> labels;  // "" is missing
};

// A column of a binned data set.
struct BinnedCodes {
  const data::DatasetData* data = nullptr;
  std::int32_t stored = -1;              // index into data->layout.columns; -1: missing in all rows
  std::vector<std::uint32_t> plan_code;  // of each code of the data set
};

using ColumnInput = std::variant<data::Strided<float>, data::Strided<double>, data::Strided<std::int64_t>,
                                 data::Strided<std::uint8_t>, DictionaryCodes, LabelStrings, BinnedCodes>;

struct RowsInput {
  std::int64_t rows = 0;
  std::vector<ColumnInput> columns;  // one per column of the plan
};

// All three throw Error{invalid_data}; the caller's memory must outlive what they return.
// As in Model::predict: row_stride 0 = one row after the other.
template <class T>
RowsInput dense_input(const Plan& plan, const Schema& schema, const T* x, std::int64_t rows,
                      std::int64_t row_stride, std::int64_t col_stride);
// Columns by name. All features of the schema must be there and of a type that fits.
RowsInput column_input(const Plan& plan, const Schema& schema, std::span<const Column> columns);
// Features by name. Every cut of the model must be an edge of the data set's bins, and every feature that it
// splits on stored.
RowsInput dataset_input(const Plan& plan, const Schema& schema, const data::DatasetData& data);

// codes[i] = code of row first + i, for i < rows, of one column. Thread-safe.
// Throws Error{invalid_data} naming feature and row if a value is none of its type.
template <class Code>
void encode_rows(const PlanColumn& column, const FeatureInfo& feature, const ColumnInput& input,
                 std::int64_t first, std::int64_t rows, Code* codes);

}  // namespace ramet::model
