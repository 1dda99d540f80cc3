// Grids of kernels that fill the device once and live on shared memory.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "cuda/launch.cuh"

namespace ramet::cuda {

// Makes the kernel ready for blocks with so much dynamic shared memory, on the current device, and tells how
// many of them, at most `most` a multiprocessor, run at once.
template <class... P>
std::int64_t resident_grid(void (*kernel)(P...), unsigned threads, std::size_t shared_bytes, int most) {
  allow_shared(kernel, shared_bytes);
  int blocks = 0;
  check(
      cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, static_cast<int>(threads), shared_bytes),
      "asking for a kernel's occupancy");
  blocks = blocks < most ? blocks : most;
  // The driver may leave more of the memory to the cache than that number of blocks allows.
  constexpr std::size_t reserved_bytes = 1024;  // of each block, by the system
  int device = 0;
  int available = 0;
  check(cudaGetDevice(&device), "asking for the current device");
  check(cudaDeviceGetAttribute(&available, cudaDevAttrMaxSharedMemoryPerMultiprocessor, device),
        "asking for its shared memory");
  const auto needed = static_cast<std::int64_t>(shared_bytes + reserved_bytes) * blocks;
  const std::int64_t percent = blocks_for(100 * needed, available);
  check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                             cudaFuncAttributePreferredSharedMemoryCarveout,
                             static_cast<int>(percent < 100 ? percent : 100)),
        "sharing out a multiprocessor's memory");
  return resident_blocks(blocks > 0 ? blocks : 1);
}

}  // namespace ramet::cuda
