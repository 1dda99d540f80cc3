// The search's filter (cuda/search_filter.cuh), called on the device, for its test.
#pragma once

#include <cstdint>
#include <vector>

#include "cuda/search.hpp"

namespace ramet::cuda::test {

// One split of a node, and the gain that it has to reach.
struct FilterProbe {
  SearchSettings settings;
  DeviceScale scale;
  DeviceSums total;
  DeviceSums left;
  double gain_to_reach = 0;
};

struct FilterAnswer {
  double gain = 0;
  std::uint32_t loses = 0;  // 1: the filter drops it
  std::uint32_t padding = 0;
};

std::vector<FilterAnswer> ask_filter(const std::vector<FilterProbe>& probes);

}  // namespace ramet::cuda::test
