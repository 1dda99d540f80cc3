#include "cuda/memory.hpp"

#include "base/error.hpp"
#include "cuda/check.hpp"

namespace ramet::cuda {

void* allocate_device(std::size_t bytes) {
  void* p = nullptr;
  const cudaError_t status = cudaMalloc(&p, bytes);
  if (status == cudaErrorMemoryAllocation) {
    (void)cudaGetLastError();
    std::size_t available = 0;
    std::size_t total = 0;
    check(cudaMemGetInfo(&available, &total), "asking for free memory");
    fail(ErrorCode::out_of_memory,
         "device memory: {} bytes more are needed, {} of {} are free; lower max_leaves, max_depth or "
         "max_bin, or spread "
         "the rows over more devices",
         bytes, available, total);
  }
  check(status, "allocating device memory");
  return p;
}

void free_device(void* p) noexcept { (void)cudaFree(p); }

void* allocate_pinned(std::size_t bytes) {
  void* p = nullptr;
  const cudaError_t status = cudaMallocHost(&p, bytes);
  if (status == cudaErrorMemoryAllocation) {
    (void)cudaGetLastError();
    fail(ErrorCode::out_of_memory, "page-locked host memory: {} bytes more are needed", bytes);
  }
  check(status, "allocating page-locked memory");
  return p;
}

void free_pinned(void* p) noexcept { (void)cudaFreeHost(p); }

void copy_bytes(void* to, const void* from, std::size_t bytes, cudaStream_t stream) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream), "copying to or from the device");
}

void fill_bytes(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  check(cudaMemsetAsync(to, value, bytes, stream), "filling device memory");
}

}  // namespace ramet::cuda
