// The sampled rows' values, gathered while the source is scanned, some columns at a time.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "base/raw_vector.hpp"
#include "base/tasks.hpp"
#include "data/dataset_data.hpp"
#include "data/row_sample.hpp"
#include "data/source.hpp"

namespace ramet::data {

// As floats as long as the source gives floats.
using SampledColumn = std::variant<RawVector<float>, RawVector<double>>;

class SampledValues {
 public:
  // `data` must outlive the object; its weights are read row by row as the scan goes on.
  SampledValues(const BinParams& params, std::int64_t cols, const DatasetData& data);

  // Most columns that one scan should gather, such that the values stay below `budget`; at least 1.
  std::size_t columns_within(std::int64_t budget) const;

  // Starts a scan that gathers these columns of the source (numeric or boolean); none: only rows.
  void begin(std::vector<std::int32_t> columns);
  // The batch whose first row is local row `first_row`.
  void add(const Batch& batch, std::int64_t first_row, Tasks& tasks);

  // After the first scan: leaves only rows of the sample, and makes what was gathered of others missing.
  // Collective. False, on every rank, if the scan must be done again.
  bool choose(Communicator& communicator, std::int64_t positive_rows, Tasks& tasks);

  // The rows of the sample, local and ascending, once chosen.
  std::span<const std::int64_t> rows() const { return rows_; }

  // Per column of the running scan: the values in the sampled rows, NaN if missing, and NaN for rows that
  // were gathered but not chosen. The caller may take them.
  std::vector<SampledColumn>& values() { return values_; }

 private:
  std::vector<std::int64_t> candidates(std::int64_t first_row, std::int64_t rows, Tasks& tasks) const;

  const DatasetData& data_;
  std::int64_t cols_;
  RowCandidates candidates_;
  std::int64_t expected_rows_ = 0;
  bool chosen_ = false;
  std::vector<std::int64_t> rows_;  // local, ascending: candidates, once chosen the sample
  std::vector<std::int32_t> columns_;
  std::vector<SampledColumn> values_;
};

}  // namespace ramet::data
