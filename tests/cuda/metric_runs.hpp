// Scored rows on a device, for tests that compare metrics with metric::evaluate.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "cuda/device_values.hpp"
#include "cuda/metrics.hpp"
#include "cuda/stream.hpp"
#include "math/exact_sum.hpp"
#include "metric/support.hpp"

namespace ramet::cuda::test {

// Rows [begin, end) of some, on the device.
struct MetricRows {
  MetricRows(const metric::Rows& rows, std::size_t begin, std::size_t end) {
    const auto part = [&](const std::vector<double>& values) {
      if (values.empty()) return std::vector<double>{};
      return std::vector<double>(values.begin() + static_cast<std::ptrdiff_t>(begin),
                                 values.begin() + static_cast<std::ptrdiff_t>(end));
    };
    std::vector<std::int64_t> columns;
    const auto outputs = static_cast<std::size_t>(rows.outputs);
    for (std::size_t k = 0; k < outputs; ++k) {
      for (std::size_t r = begin; r < end; ++r) columns.push_back(rows.scores[r * outputs + k]);
    }
    scores = to_device(columns);
    labels = to_device(part(rows.labels));
    weights = to_device(part(rows.weights));
    unit_exponents.assign(rows.unit_exponents.begin(), rows.unit_exponents.end());
    info = {.scores = scores.data(),
            .labels = labels.data(),
            .weights = weights.data(),
            .rows = static_cast<std::int64_t>(end - begin),
            .first_row = static_cast<std::int64_t>(begin),
            .unit_exponents = unit_exponents};
  }
  explicit MetricRows(const metric::Rows& rows) : MetricRows(rows, 0, rows.size()) {}

  DeviceArray<std::int64_t> scores;
  DeviceArray<double> labels;
  DeviceArray<double> weights;
  std::vector<std::int32_t> unit_exponents;
  ScoredRows info;
};

inline void add_limbs(const std::vector<std::int64_t>& limbs, math::ExactSum& sum) {
  const std::span<std::int64_t> to = sum.limbs();
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += limbs[i];
}

// What a caller makes of the devices' sums.
inline double value_of(const metric::Metric& metric, const std::vector<RowSums>& parts) {
  math::ExactSum terms;
  math::ExactSum weights;
  std::int64_t infinite = 0;
  for (const RowSums& part : parts) {
    add_limbs(part.terms, terms);
    add_limbs(part.weights, weights);
    infinite += part.infinite;
  }
  if (!(weights.value() > 0)) return std::nan("");
  if (infinite > 0) return std::numeric_limits<double>::infinity();
  return std::visit(
      [&](const auto& m) {
        if constexpr (metric::RowMetric<std::remove_cvref_t<decltype(m)>>) {
          return m.finish(terms.value(), weights.value());
        } else {
          return std::nan("");
        }
      },
      metric);
}

// The same bits; any NaN is the same as another.
inline std::uint64_t comparable(double x) {
  return std::isnan(x) ? ~0ull : __builtin_bit_cast(std::uint64_t, x);
}

}  // namespace ramet::cuda::test
