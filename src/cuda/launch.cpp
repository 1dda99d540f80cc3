#include "cuda/launch.hpp"

#include <cuda_runtime_api.h>

#include "cuda/check.hpp"

namespace ramet::cuda {

std::int64_t resident_blocks(int per_multiprocessor) {
  int device = 0;
  int multiprocessors = 0;
  check(cudaGetDevice(&device), "asking for the current device");
  check(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device),
        "asking for its size");
  return std::int64_t{multiprocessors} * per_multiprocessor;
}

}  // namespace ramet::cuda
