// Metrics of a set's rows on the device, the same to the bit as metric::evaluate (contract, rule 10).
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/memory.hpp"
#include "metric/metric.hpp"

namespace ramet::cuda {

// One device's rows, on the device.
struct ScoredRows {
  const std::int64_t* scores = nullptr;  // output k's at scores + k * rows
  const double* labels = nullptr;
  const double* weights = nullptr;  // null: all 1
  std::int64_t rows = 0;
  std::int64_t first_row = 0;  // global number of row 0
  std::span<const std::int32_t> unit_exponents;
};

// What a device's rows add to a metric of single rows: exact sums as limbs (see math::ExactSum), which the
// caller adds up over devices and ranks.
struct RowSums {
  std::vector<std::int64_t> terms;    // ExactSum::limb_count
  std::vector<std::int64_t> weights;  // ExactSum::limb_count
  std::int64_t infinite = 0;          // terms that are not finite
  std::int64_t bad_row = -1;  // lowest local row with a label or weight that the metric does not allow
};

class Metrics {
 public:
  Metrics();

  // Of a metric of single rows (metric::RowMetric). Waits.
  RowSums row_sums(const metric::Metric& metric, const ScoredRows& rows, cudaStream_t stream);

  // Area under the ROC curve of the rows of this device alone (the only one). Waits. With weights as integers
  // of which `largest_weight` just fits 32 bits.
  double auc(const ScoredRows& rows, double largest_weight, cudaStream_t stream);

 private:
  DeviceArray<std::int64_t> sums_;
  PinnedArray<std::int64_t> host_;
  DeviceArray<std::uint8_t> scratch_;
};

}  // namespace ramet::cuda
