// One data set's rows on a device: codes, labels, weights and scores.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/columns.hpp"
#include "cuda/memory.hpp"
#include "cuda/metrics.hpp"
#include "data/dataset_data.hpp"
#include "model/ensemble.hpp"

namespace ramet::cuda {

class SetRows {
 public:
  // Uploads these rows of `data`; waits. Scores start at the outputs' bases, or at the data set's base
  // margins. Throws Error{invalid_data} if a base margin does not fit the units.
  SetRows(const data::DatasetData& data, RowSpan rows, std::span<const model::OutputScale> outputs,
          cudaStream_t stream);

  const DeviceColumns& columns() const { return columns_; }
  RowSpan span() const { return span_; }
  std::int64_t rows() const { return span_.size(); }
  std::int64_t first_global_row() const { return first_global_row_; }
  const double* labels() const { return labels_.data(); }
  const double* weights() const { return weights_.data(); }  // null: all 1
  std::int64_t* scores() const { return scores_.data(); }    // output k's at k * rows()
  const std::int64_t* scores(std::int32_t k) const { return scores_.data() + k * rows(); }
  std::span<const std::int32_t> unit_exponents() const { return unit_exponents_; }
  ScoredRows scored() const;

  static std::int64_t bytes(const data::DatasetData& data, std::int64_t rows, std::int32_t outputs);

 private:
  RowSpan span_;
  std::int64_t first_global_row_ = 0;
  std::vector<std::int32_t> unit_exponents_;
  DeviceColumns columns_;
  DeviceArray<double> labels_;
  DeviceArray<double> weights_;
  DeviceArray<std::int64_t> scores_;
};

}  // namespace ramet::cuda
