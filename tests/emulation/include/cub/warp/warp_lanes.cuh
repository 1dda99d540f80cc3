// The lanes of a logical warp of 1, 2, 4, ... 32 lanes.
#pragma once

#include "cuda_runtime.h"

namespace cub {

template <int Lanes>
struct WarpLanes {
  static_assert(Lanes > 0 && Lanes <= 32 && (Lanes & (Lanes - 1)) == 0);
  int index = static_cast<int>(emulation::lane_index()) % Lanes;
  unsigned mask = (0xffffffffu >> (32 - Lanes)) << (emulation::lane_index() - static_cast<unsigned>(index));
};

}  // namespace cub
