// Sums over devices and ranks of arrays in device memory.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace ramet::cuda {

// A device's end of a group of devices, of this and other processes. Every member calls the same functions in
// the same order with equal lengths, each on its own stream; results are the same on all. Arrays are on the
// member's device. The calls enqueue (or wait, where an implementation goes through the host). Failures of
// any member raise Error{communication} on every one, within a time limit.
class DeviceComm {
 public:
  virtual ~DeviceComm() = default;

  virtual int rank() const noexcept = 0;
  virtual int size() const noexcept = 0;

  // Element-wise sum (wrapping) or maximum, in place.
  virtual void all_reduce_sum(std::int64_t* values, std::size_t count, cudaStream_t stream) = 0;
  virtual void all_reduce_max(std::int64_t* values, std::size_t count, cudaStream_t stream) = 0;

  // Adds up arrays of `size()` blocks of `block` values each, all in one call; this member's block of an
  // array's sums ends up at array + rank() * block, the other blocks are undefined afterwards.
  virtual void reduce_scatter_sum(std::span<std::int64_t* const> arrays, std::size_t block,
                                  cudaStream_t stream) = 0;
  // Each member gives the `bytes` at data + rank() * bytes; afterwards every one has all of them.
  virtual void all_gather(void* data, std::size_t bytes, cudaStream_t stream) = 0;

  // Waits for the stream, and for failures of others meanwhile: never hangs where cudaStreamSynchronize
  // would.
  virtual void synchronize(cudaStream_t stream) = 0;
  // Tells the others that this member has failed. From any thread.
  virtual void abort() noexcept = 0;
};

}  // namespace ramet::cuda
