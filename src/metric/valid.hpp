// Which labels and weights metrics take.
#pragma once

#include <cstdint>

#include "math/host_device.hpp"
#include "metric/traits.hpp"

namespace ramet::metric {

RAMET_HD constexpr bool is_finite(double x) { return x - x == 0; }

// `outputs`: margins a row, for class indices.
RAMET_HD constexpr bool valid_label(Labels labels, double label, std::int32_t outputs) {
  switch (labels) {
    case Labels::any:
      return is_finite(label);
    case Labels::non_negative:
      return is_finite(label) && label >= 0;
    case Labels::unit_interval:
      return label >= 0 && label <= 1;
    case Labels::binary:
      return label == 0 || label == 1;
    case Labels::class_index:
      return label >= 0 && label < outputs && label == static_cast<double>(static_cast<std::int32_t>(label));
  }
  return false;
}

RAMET_HD constexpr bool valid_weight(double weight) { return weight >= 0 && is_finite(weight); }

}  // namespace ramet::metric
