// cub::WarpReduce: the result is that of the first lane of each (logical) warp; the others get nonsense.
#pragma once

#include <functional>

#include "cub/undefined.cuh"
#include "cub/warp/warp_lanes.cuh"
#include "cuda_runtime.h"

namespace cub {

template <class T, int Lanes = 32>
class WarpReduce {
 public:
  struct TempStorage {
    T values[Lanes];
  };

  explicit WarpReduce(TempStorage& storage) : storage_(storage) {}

  T Sum(T in) { return Reduce(in, std::plus<>{}); }
  T Sum(T in, int valid) { return Reduce(in, std::plus<>{}, valid); }
  template <class Operation>
  T Reduce(T in, Operation operation) {
    return Reduce(in, operation, Lanes);
  }
  template <class Operation>
  T Reduce(T in, Operation operation, int valid) {
    const WarpLanes<Lanes> lanes;
    storage_.values[lanes.index] = in;
    __syncwarp(lanes.mask);
    T result = undefined<T>();
    if (lanes.index == 0) {
      result = storage_.values[0];
      for (int i = 1; i < valid; ++i) {
        result = operation(result, storage_.values[i]);
      }
    }
    __syncwarp(lanes.mask);
    return result;
  }

 private:
  TempStorage& storage_;
};

}  // namespace cub
