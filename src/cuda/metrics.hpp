// Metrics of a set's rows on the device, the same to the bit as metric::evaluate (contract, rule 10).
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/memory.hpp"
#include "cuda/metric_kernels.hpp"
#include "cuda/rank_metrics.hpp"
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

// What metrics that compare rows need to know before.
struct RowCheck {
  double largest_weight = 0;  // of the rows that are allowed; 0 without any
  std::int64_t bad_row = -1;  // as in RowSums
};

// Memory is allocated when it is first needed and kept.
class Metrics {
 public:
  Metrics();

  // Of a metric of single rows (metric::RowMetric) for this number of margins. Waits.
  RowSums row_sums(const metric::Metric& metric, const ScoredRows& rows, cudaStream_t stream);

  // Of any metric. Depends on labels and weights only. Waits.
  RowCheck check_rows(const metric::Metric& metric, const ScoredRows& rows, cudaStream_t stream);

  // Areas under the ROC curve and under the precision-recall curve: see RankMetrics. Wait.
  double auc(const ScoredRows& rows, double largest_weight, cudaStream_t stream);
  double auc_pr(const ScoredRows& rows, double largest_weight, cudaStream_t stream);

 private:
  TermPass begin(const ScoredRows& rows, cudaStream_t stream);
  // The sums, on the host.
  std::span<const std::int64_t> download(cudaStream_t stream);

  std::int64_t blocks_ = 0;  // that fill the device
  DeviceArray<std::int64_t> sums_;
  PinnedArray<std::int64_t> host_;
  DeviceArray<std::int32_t> unit_exponents_;
  RankMetrics rank_;
};

}  // namespace ramet::cuda
