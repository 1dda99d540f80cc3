#include "cuda/stream.hpp"

#include "cuda/check.hpp"

namespace ramet::cuda {

CurrentDevice::CurrentDevice(int device) {
  check(cudaGetDevice(&previous_), "asking for the current device");
  check(cudaSetDevice(device), "choosing a device");
}

CurrentDevice::~CurrentDevice() { (void)cudaSetDevice(previous_); }

Stream::Stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "creating a stream"); }

Stream::~Stream() {
  (void)cudaStreamSynchronize(stream_);
  (void)cudaStreamDestroy(stream_);
}

void Stream::synchronize() const { check(cudaStreamSynchronize(stream_), "running kernels"); }

}  // namespace ramet::cuda
