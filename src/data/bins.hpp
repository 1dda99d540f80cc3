// How values become bin codes: the cuts of numeric features and the code tables of categorical ones.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "ramet/dataset.hpp"
#include "ramet/schema.hpp"

namespace ramet::data {

// Code 0 is "missing" in every feature. Values have codes 1 .. value_bins.
inline constexpr std::uint32_t missing_code = 0;

struct FeatureBins {
  ColumnType type = ColumnType::numeric;
  std::vector<double> cuts;     // numeric, boolean: strictly ascending; code = 1 + number of cuts < value
  std::int32_t categories = 0;  // categorical: code = 1 + index into the schema's dictionary

  std::int32_t value_bins() const {
    return type == ColumnType::categorical ? categories : static_cast<std::int32_t>(cuts.size()) + 1;
  }
  // Values x <= upper_bound(code) have a code <= `code`.
  double upper_bound(std::uint32_t code) const {
    return code - 1 < cuts.size() ? cuts[code - 1] : std::numeric_limits<double>::infinity();
  }

  bool operator==(const FeatureBins&) const = default;
};

struct Bins {
  BinParams params;
  std::vector<FeatureBins> features;  // one per feature of the schema

  bool operator==(const Bins&) const = default;
};

}  // namespace ramet::data
