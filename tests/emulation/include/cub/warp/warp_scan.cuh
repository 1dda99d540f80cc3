// cub::WarpScan: prefix sums over the lanes of each (logical) warp.
#pragma once

#include <functional>

#include "cub/warp/warp_lanes.cuh"
#include "cuda_runtime.h"

namespace cub {

template <class T, int Lanes = 32>
class WarpScan {
 public:
  struct TempStorage {
    T values[Lanes];
  };

  explicit WarpScan(TempStorage& storage) : storage_(storage) {}

  void InclusiveSum(T in, T& out) { InclusiveScan(in, out, std::plus<>{}); }
  void InclusiveSum(T in, T& out, T& total) { InclusiveScan(in, out, std::plus<>{}, total); }
  void ExclusiveSum(T in, T& out) { ExclusiveScan(in, out, T{}, std::plus<>{}); }
  void ExclusiveSum(T in, T& out, T& total) { ExclusiveScan(in, out, T{}, std::plus<>{}, total); }

  template <class Operation>
  void InclusiveScan(T in, T& out, Operation operation) {
    T total;
    InclusiveScan(in, out, operation, total);
  }
  template <class Operation>
  void InclusiveScan(T in, T& out, Operation operation, T& total) {
    T before;
    scan(in, operation, before, out, total);
  }
  template <class Operation>
  void ExclusiveScan(T in, T& out, T initial, Operation operation) {
    T total;
    ExclusiveScan(in, out, initial, operation, total);
  }
  template <class Operation>
  void ExclusiveScan(T in, T& out, T initial, Operation operation, T& total) {
    const WarpLanes<Lanes> lanes;
    T before;
    T through;
    scan(in, operation, before, through, total);
    out = lanes.index == 0 ? initial : operation(initial, before);
  }

 private:
  // `before` stays as it is in the first lane.
  template <class Operation>
  void scan(T in, Operation operation, T& before, T& through, T& total) {
    const WarpLanes<Lanes> lanes;
    storage_.values[lanes.index] = in;
    __syncwarp(lanes.mask);
    T sum = storage_.values[0];
    before = sum;
    through = sum;
    for (int i = 1; i < Lanes; ++i) {
      if (i == lanes.index) {
        before = sum;
      }
      sum = operation(sum, storage_.values[i]);
      if (i == lanes.index) {
        through = sum;
      }
    }
    total = sum;
    __syncwarp(lanes.mask);
  }

  TempStorage& storage_;
};

}  // namespace cub
