// What streams have been given to do. Without Config::deferred that is done at once; with it, as late as CUDA
// allows: when somebody waits for it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "driver_types.h"

namespace emulation {

struct StreamQueue {
  int device;
  bool waits_for_null_stream;
  std::deque<std::function<void()>> pending = {};
  std::uint64_t enqueued = 0;
  std::uint64_t begun = 0;
};

// A moment in a stream: after that many pieces of its work.
struct StreamPoint {
  std::shared_ptr<StreamQueue> queue;
  std::uint64_t count = 0;
};

// Gives the stream work, which runs on the stream's device. Throws what the work throws, if it runs at once.
void enqueue_work(cudaStream_t stream, std::function<void()> work);

// After all that the stream has been given so far. Special handles mean the current device's null stream.
StreamPoint end_of(cudaStream_t stream);

bool reached(const StreamPoint& point);

// Runs what comes before the point, and what that waits for. Throws what the work throws.
void run_until(const StreamPoint& point);

// Runs the next piece of work before the point, so that polling goes on. Does nothing if there is none.
void run_one(const StreamPoint& point);

// Runs all work of a device, or of all devices if `device` is negative.
void run_all(int device);

// The same for callers that must not throw: the next call of the runtime throws instead.
void run_all_quietly(int device) noexcept;
void run_until_quietly(const StreamPoint& point) noexcept;
void throw_late_fault();

}  // namespace emulation
