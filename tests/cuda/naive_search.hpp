// The best split of a node or level by the letter of rule 4: every candidate with its left codes written out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/columns.hpp"
#include "cuda/search.hpp"

namespace ramet::cuda::test {

// One column's sums by code for every node of the unit; rows are always counted.
struct NaiveColumn {
  std::int32_t column = 0;
  DeviceColumn facts;
  std::vector<std::vector<DeviceSums>> nodes;  // [node][code]
};

struct NaiveSplit {
  double gain = 0;  // 0: none
  std::int32_t column = -1;
  std::int32_t feature = -1;
  std::uint32_t order = 0;
  bool missing_left = false;
  bool categorical = false;
  std::vector<bool> left;  // by code
};

// `totals`: each node's sums.
NaiveSplit naive_search(const SearchSettings& settings, const DeviceScale& scale,
                        std::span<const DeviceSums> totals, std::span<const NaiveColumn> columns);

}  // namespace ramet::cuda::test
