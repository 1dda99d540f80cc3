// The kernels of metrics of single rows, and what they share.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <limits>

#include "math/exact_sum.hpp"
#include "math/host_device.hpp"
#include "metric/metric.hpp"

namespace ramet::cuda {

// Where the sums over rows lie in one array, all zero before.
struct SumLayout {
  static constexpr std::int64_t terms = 0;
  static constexpr std::int64_t weights = math::ExactSum::limb_count;
  static constexpr std::int64_t infinite = 2 * math::ExactSum::limb_count;
  static constexpr std::int64_t bad_row = infinite + 1;  // INT64_MAX - the lowest local row; 0: there is none
  static constexpr std::int64_t largest_weight = bad_row + 1;  // bits
  static constexpr std::int64_t size = largest_weight + 1;
};

// One device's rows, all on the device.
struct TermPass {
  const std::int64_t* scores = nullptr;  // output k's at scores + k * rows
  const double* labels = nullptr;
  const double* weights = nullptr;  // null: all 1
  const std::int32_t* unit_exponents = nullptr;
  std::int64_t* sums = nullptr;  // see SumLayout
  std::int64_t rows = 0;
  std::int32_t outputs = 1;
};

// Adds up terms, weights (where they are not all 1), infinite terms and the bad row. `metric` is a RowMetric.
// `blocks` fill the device.
void sum_rows(const metric::Metric& metric, const TermPass& pass, std::int64_t blocks, cudaStream_t stream);

// Finds the bad row and the largest weight.
void check_rows(metric::Labels labels, const TermPass& pass, std::int64_t blocks, cudaStream_t stream);

}  // namespace ramet::cuda
