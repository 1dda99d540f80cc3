#include "cuda/exact_tally_kernel.hpp"

#include "cuda/dynamic_shared.cuh"
#include "cuda/exact_tally.cuh"
#include "cuda/launch.cuh"

namespace ramet::cuda::test {
namespace {

constexpr unsigned threads = 64;

__global__ void tally_kernel(const double* values, std::int64_t count, std::int64_t* limbs) {
  auto* cells = dynamic_shared<std::int32_t>();
  for (unsigned i = threadIdx.x; i < tally_cells; i += threads) cells[i] = 0;
  __syncthreads();
  const std::int64_t step = std::int64_t{gridDim.x} * threads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * threads + threadIdx.x; i < count; i += step) {
    add_exactly(cells, values[i]);
  }
  __syncthreads();
  fold_exactly(cells, limbs);
}

}  // namespace

void tally(const double* values, std::int64_t count, std::int64_t blocks, std::int64_t* limbs,
           cudaStream_t stream) {
  launch(tally_kernel, blocks, threads, tally_bytes, stream, values, count, limbs);
}

}  // namespace ramet::cuda::test
