// Which source column becomes which feature, and how its values are read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/source.hpp"
#include "ramet/dataset.hpp"

namespace ramet::data {

enum class Reading : std::uint8_t {
  numbers,  // binned by cuts
  codes,    // codes into the source column's dictionary
  labels,   // numbers that stand for categories
};

struct FeatureInput {
  std::string name;
  ColumnType type = ColumnType::numeric;
  Reading reading = Reading::numbers;
  std::int32_t column = 0;  // of the source
};

// One entry per feature: in the order of the source's columns, or of the reference's schema. Throws
// Error{invalid_data, invalid_parameter} naming the column at fault.
std::vector<FeatureInput> match_features(const Source& source, const DatasetOptions& options);

// What must be equal on all ranks, as text: names, types, bin parameters.
std::string describe(const std::vector<FeatureInput>& features, const DatasetOptions& options);

}  // namespace ramet::data
