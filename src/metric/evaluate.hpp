// A metric of scored rows over all ranks (contract, rule 10): the value is the same, to the bit, for any
// number of threads and ranks and any sharding of the rows.
#pragma once

#include <cstdint>
#include <span>

#include "base/tasks.hpp"
#include "metric/metric.hpp"
#include "ramet/communicator.hpp"

namespace ramet::metric {

// One rank's rows. The score of row r and output k is scores[r * row_stride + k * output_stride], in units of
// 2^-unit_exponents[k].
struct ScoredSet {
  std::span<const std::int64_t> scores{};
  std::int64_t row_stride = 1;
  std::int64_t output_stride = 0;
  std::int64_t rows = 0;
  std::int32_t outputs = 1;
  std::span<const int> unit_exponents{};  // outputs
  std::span<const double> labels{};       // rows
  std::span<const double> weights{};      // rows, finite, >= 0; empty: all 1
  std::int64_t first_row = 0;             // global number of row 0, for messages
};

// Waits for the other ranks: every rank of the communicator calls it with the same metric and its own rows
// (perhaps none). Metrics of single rows sum exactly and round once. AUC and the like gather 16 bytes a row
// of all ranks on each rank; their weights are rounded to 32-bit integers at a common scale (to fewer bits if
// all are below 1e-279). NaN if the total weight is 0; infinity if a row's term overflows. Throws
// Error{invalid_data} naming the lowest row of a rank whose label is outside the metric's range or whose
// weight is negative or not finite, or if there are no labels; Error{invalid_parameter} if the metric does
// not go with the number of outputs; Error{unsupported} for AUC and the like on 2^31 rows or more. If one
// rank fails so do all.
double evaluate(const Metric& metric, const ScoredSet& set, Communicator& communicator, Tasks& tasks);

}  // namespace ramet::metric
