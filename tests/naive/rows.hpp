// A data set's bin codes and integer scores as plain arrays, and the way of a row through a tree.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/split.hpp"
#include "data/dataset_data.hpp"
#include "model/ensemble.hpp"

namespace ramet::naive {

struct BinnedRows {
  const data::DatasetData* data = nullptr;
  // Of each feature the code of every row; empty for constant features, which are not stored.
  std::vector<std::vector<std::uint32_t>> codes;

  explicit BinnedRows(const data::DatasetData& set);
  std::uint64_t global_row(std::int64_t row) const {
    return static_cast<std::uint64_t>(data->first_global_row + row);
  }
  double weight(std::int64_t row) const {
    return data->weights.empty() ? 1.0 : data->weights[static_cast<std::size_t>(row)];
  }
};

// Margins in units of 2^-unit_exponent: units[row * outputs + output].
struct Scores {
  std::vector<std::int64_t> units;
  std::vector<int> unit_exponents;

  // Throws Error{invalid_data} if a base margin does not fit.
  Scores(const data::DatasetData& set, std::span<const model::OutputScale> outputs);
  std::int64_t& at(std::int64_t row, std::int32_t output) {
    return units[static_cast<std::size_t>(row) * unit_exponents.size() + static_cast<std::size_t>(output)];
  }
};

bool goes_left(const backend::SplitRule& rule, std::uint32_t code);

// The leaf (index into tree.nodes) that a row ends in.
std::int32_t leaf_of(const backend::FinishedTree& tree, const BinnedRows& set, std::int64_t row);

}  // namespace ramet::naive
