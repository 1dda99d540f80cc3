// A device's queue of work.
#pragma once

#include <cuda_runtime_api.h>

namespace ramet::cuda {

// Makes `device` the calling thread's current one, and restores the previous one.
class CurrentDevice {
 public:
  explicit CurrentDevice(int device);
  ~CurrentDevice();
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;

 private:
  int previous_ = 0;
};

// Work on a stream runs in the order it was enqueued; streams do not wait for the default stream.
class Stream {
 public:
  Stream();  // on the current device
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  cudaStream_t get() const noexcept { return stream_; }
  // Waits until all that was enqueued is done. Throws what `check` does.
  void synchronize() const;

 private:
  cudaStream_t stream_ = nullptr;
};

}  // namespace ramet::cuda
