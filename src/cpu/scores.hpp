// The integer margins of one data set: one array of rows per output, in units of 2^-unit_exponent.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/buffer.hpp"
#include "base/tasks.hpp"
#include "data/dataset_data.hpp"
#include "metric/evaluate.hpp"
#include "model/ensemble.hpp"

namespace ramet::cpu {

class Scores {
 public:
  // Starts at the outputs' base margins, or at the data set's own base margins where it has some.
  // Throws Error{invalid_data} if one does not fit the units.
  Scores(const data::DatasetData& data, std::span<const model::OutputScale> outputs, Tasks& tasks);

  std::int64_t* output(std::int32_t k) { return units_.data() + k * rows_; }
  const std::int64_t* output(std::int32_t k) const { return units_.data() + k * rows_; }
  std::int32_t outputs() const { return static_cast<std::int32_t>(exponents_.size()); }
  std::int64_t rows() const { return rows_; }
  int unit_exponent(std::int32_t k) const { return exponents_[static_cast<std::size_t>(k)]; }

  metric::ScoredSet scored_set(const data::DatasetData& data) const;

 private:
  std::int64_t rows_;
  std::vector<int> exponents_;
  Buffer<std::int64_t> units_;
};

}  // namespace ramet::cpu
