// A kernel around cuda/exact_tally.cuh, for its test.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace ramet::cuda::test {

// Adds `count` doubles to the limbs with blocks of 64 threads.
void tally(const double* values, std::int64_t count, std::int64_t blocks, std::int64_t* limbs,
           cudaStream_t stream);

}  // namespace ramet::cuda::test
