// Instructions that CUDA has no function for, with twins for the emulated device.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace ramet::cuda {

// Byte k of the result is the one of high:low that the three low bits of nibble k of the selector name; if
// the nibble's top bit is set, eight copies of that byte's top bit. (__byte_perm takes the latter away.)
__device__ __forceinline__ std::uint32_t permute_bytes(std::uint32_t low, std::uint32_t high,
                                                       std::uint32_t selector) {
#if defined(__CUDACC__)
  std::uint32_t result;
  asm("prmt.b32 %0, %1, %2, %3;" : "=r"(result) : "r"(low), "r"(high), "r"(selector));
  return result;
#else
  const std::uint64_t bytes = (static_cast<std::uint64_t>(high) << 32) | low;
  std::uint32_t result = 0;
  for (unsigned k = 0; k < 4; ++k) {
    const std::uint32_t nibble = selector >> (4 * k);
    const auto byte = static_cast<std::uint32_t>(bytes >> (8 * (nibble & 7u))) & 255u;
    result |= ((nibble & 8u) == 0 ? byte : (byte >> 7) * 255u) << (8 * k);
  }
  return result;
#endif
}

// Adds to global memory without waiting for what was there. (atomicAdd has to find out where its pointer
// leads, and waits.)
__device__ __forceinline__ void add_to_global(unsigned long long* at, unsigned long long value) {
#if defined(__CUDACC__)
  asm volatile("red.relaxed.gpu.global.add.u64 [%0], %1;"
               :
               : "l"(__cvta_generic_to_global(at)), "l"(value)
               : "memory");
#else
  atomicAdd(at, value);
#endif
}

}  // namespace ramet::cuda
