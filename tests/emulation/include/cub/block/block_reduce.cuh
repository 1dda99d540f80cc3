// cub::BlockReduce: the result is thread 0's; the others get nonsense, as CUB leaves theirs undefined.
#pragma once

#include <functional>

#include "cub/undefined.cuh"
#include "cuda_runtime.h"

namespace cub {

enum BlockReduceAlgorithm {
  BLOCK_REDUCE_RAKING_COMMUTATIVE_ONLY,
  BLOCK_REDUCE_RAKING,
  BLOCK_REDUCE_WARP_REDUCTIONS
};

template <class T, int X, BlockReduceAlgorithm = BLOCK_REDUCE_WARP_REDUCTIONS, int Y = 1, int Z = 1>
class BlockReduce {
  static constexpr int threads = X * Y * Z;

 public:
  struct TempStorage {
    T values[threads];
  };

  explicit BlockReduce(TempStorage& storage) : storage_(storage) {}

  T Sum(T in) { return Reduce(in, std::plus<>{}); }
  T Sum(T in, int valid) { return Reduce(in, std::plus<>{}, valid); }
  template <class Operation>
  T Reduce(T in, Operation operation) {
    return Reduce(in, operation, threads);
  }
  // Of the first `valid` threads only.
  template <class Operation>
  T Reduce(T in, Operation operation, int valid) {
    const auto thread = static_cast<int>(threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z));
    storage_.values[thread] = in;
    __syncthreads();
    if (thread != 0) {
      return undefined<T>();
    }
    T result = storage_.values[0];
    for (int i = 1; i < valid; ++i) {
      result = operation(result, storage_.values[i]);
    }
    return result;
  }

 private:
  TempStorage& storage_;
};

}  // namespace cub
