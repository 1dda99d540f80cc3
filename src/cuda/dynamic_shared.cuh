// The block's dynamic shared memory.
#pragma once

#include <cuda_runtime.h>

namespace ramet::cuda {

#if defined(__CUDACC__)
template <class T>
__device__ __forceinline__ T* dynamic_shared() {
  extern __shared__ __align__(16) unsigned char bytes[];
  return reinterpret_cast<T*>(bytes);
}
#else
template <class T>
T* dynamic_shared() {
  return static_cast<T*>(emulation::dynamic_shared());
}
#endif

}  // namespace ramet::cuda
