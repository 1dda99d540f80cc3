// Launching kernels: the only way this backend does it, so that the emulated device sees every launch.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "cuda/check.hpp"
#include "cuda/launch.hpp"

namespace ramet::cuda {

// Enqueues kernel<<<blocks, threads, shared_bytes>>>(args...). Does nothing if there are no blocks.
template <class... P>
void launch(void (*kernel)(P...), std::int64_t blocks, unsigned threads, std::size_t shared_bytes,
            cudaStream_t stream, std::type_identity_t<P>... args) {
  if (blocks == 0) return;
  void* pointers[] = {static_cast<void*>(&args)...};
  check(cudaLaunchKernel(kernel, dim3(static_cast<unsigned>(blocks)), dim3(threads), pointers, shared_bytes,
                         stream),
        "launching a kernel");
}

// Lets a kernel have more than 48 KB of dynamic shared memory. Once for each device, before the first launch.
template <class... P>
void allow_shared(void (*kernel)(P...), std::size_t bytes) {
  check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                             cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)),
        "reserving shared memory");
}

}  // namespace ramet::cuda
