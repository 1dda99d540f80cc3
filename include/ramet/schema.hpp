// What a data set's columns are: names, types, category dictionaries. Travels inside the model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ramet {

enum class ColumnType : std::uint8_t {
  numeric,      // ordered values; NaN is missing
  boolean,      // false < true; trained as numeric 0 and 1
  categorical,  // unordered values named by a dictionary
};

struct FeatureInfo {
  std::string name;
  ColumnType type = ColumnType::numeric;
  std::vector<std::string> categories;  // categorical only: code -> name, most frequent first, ties by bytes

  bool operator==(const FeatureInfo&) const = default;
};

struct Schema {
  std::vector<FeatureInfo> features;
  std::string target;                // empty if the caller gave no name
  std::vector<std::string> classes;  // classification with named classes: label k is classes[k]; else empty

  bool operator==(const Schema&) const = default;
};

}  // namespace ramet
