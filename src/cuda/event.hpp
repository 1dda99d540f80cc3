// A mark in a device's queue of work, which the host or another stream can wait for.
#pragma once

#include <cuda_runtime_api.h>

#include "cuda/check.hpp"

namespace ramet::cuda {

// On the device that is current when it is made. Before the first `record` all its work counts as done.
class Event {
 public:
  Event() { check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "creating an event"); }
  ~Event() { (void)cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  cudaEvent_t get() const noexcept { return event_; }
  // Marks all that was enqueued on the stream so far.
  void record(cudaStream_t stream) { check(cudaEventRecord(event_, stream), "marking a stream"); }
  // What is enqueued on the stream from now on waits for what was marked.
  void make_wait(cudaStream_t stream) const {
    check(cudaStreamWaitEvent(stream, event_, 0), "making a stream wait");
  }
  void synchronize() const { check(cudaEventSynchronize(event_), "running kernels"); }

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace ramet::cuda
