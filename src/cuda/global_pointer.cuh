// Tells the compiler what it cannot see of pointers that are read from memory: that they point to global
// memory.
#pragma once

#include <cuda_runtime.h>

namespace ramet::cuda {

// `p`, which is null or points to global memory: its loads need not look which memory it is.
template <class T>
__device__ inline T* global(T* p) {
#if defined(__CUDA_ARCH__)
  __builtin_assume(__isGlobal(p));
#endif
  return p;
}

}  // namespace ramet::cuda
