// cub::BlockScan: prefix sums over the threads of a block.
#pragma once

#include <functional>

#include "cuda_runtime.h"

namespace cub {

enum BlockScanAlgorithm { BLOCK_SCAN_RAKING, BLOCK_SCAN_RAKING_MEMOIZE, BLOCK_SCAN_WARP_SCANS };

template <class T, int X, BlockScanAlgorithm = BLOCK_SCAN_RAKING, int Y = 1, int Z = 1>
class BlockScan {
  static constexpr int threads = X * Y * Z;

 public:
  struct TempStorage {
    T values[threads];
  };

  explicit BlockScan(TempStorage& storage) : storage_(storage) {}

  void ExclusiveSum(T in, T& out) { ExclusiveScan(in, out, T{}, std::plus<>{}); }
  void ExclusiveSum(T in, T& out, T& total) { ExclusiveScan(in, out, T{}, std::plus<>{}, total); }
  void InclusiveSum(T in, T& out) { InclusiveScan(in, out, std::plus<>{}); }
  void InclusiveSum(T in, T& out, T& total) { InclusiveScan(in, out, std::plus<>{}, total); }

  template <class Operation>
  void InclusiveScan(T in, T& out, Operation operation) {
    T total;
    InclusiveScan(in, out, operation, total);
  }
  template <class Operation>
  void InclusiveScan(T in, T& out, Operation operation, T& total) {
    scan(in, operation);
    out = storage_.values[thread()];
    total = storage_.values[threads - 1];
  }
  template <class Operation>
  void ExclusiveScan(T in, T& out, T initial, Operation operation) {
    T total;
    ExclusiveScan(in, out, initial, operation, total);
  }
  template <class Operation>
  void ExclusiveScan(T in, T& out, T initial, Operation operation, T& total) {
    scan(in, operation);
    out = thread() == 0 ? initial : operation(initial, storage_.values[thread() - 1]);
    total = storage_.values[threads - 1];
  }

  template <int N>
  void ExclusiveSum(T (&in)[N], T (&out)[N]) {
    T total;
    ExclusiveSum(in, out, total);
  }
  template <int N>
  void ExclusiveSum(T (&in)[N], T (&out)[N], T& total) {
    T sum{};
    for (const T& value : in) {
      sum += value;
    }
    T before;
    ExclusiveSum(sum, before, total);
    for (int i = 0; i < N; ++i) {
      const T value = in[i];
      out[i] = before;
      before += value;
    }
  }
  template <int N>
  void InclusiveSum(T (&in)[N], T (&out)[N]) {
    T total;
    InclusiveSum(in, out, total);
  }
  template <int N>
  void InclusiveSum(T (&in)[N], T (&out)[N], T& total) {
    T copy[N];
    for (int i = 0; i < N; ++i) {
      copy[i] = in[i];
    }
    ExclusiveSum(in, out, total);
    for (int i = 0; i < N; ++i) {
      out[i] += copy[i];
    }
  }

 private:
  static int thread() {
    return static_cast<int>(threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z));
  }

  template <class Operation>
  void scan(T in, Operation operation) {
    storage_.values[thread()] = in;
    __syncthreads();
    if (thread() == 0) {
      for (int i = 1; i < threads; ++i) {
        storage_.values[i] = operation(storage_.values[i - 1], storage_.values[i]);
      }
    }
    __syncthreads();
  }

  TempStorage& storage_;
};

}  // namespace cub
