// Streams and events. What is enqueued runs at once, so a stream is always in order and never behind.
#include <chrono>

#include "cuda_runtime_api.h"
#include "machine.hpp"
#include "runtime.hpp"

using emulation::call;
using emulation::machine;

namespace {

bool live(cudaEvent_t event) {
  const std::lock_guard lock(machine().mutex);
  return machine().events.contains(event);
}

}  // namespace

cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithPriority(stream, 0, 0); }

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return cudaStreamCreateWithPriority(stream, flags, 0);
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
  return call([&] {
    if (stream == nullptr || flags > cudaStreamNonBlocking) {
      return cudaErrorInvalidValue;
    }
    *stream = new CUstream_st{emulation::current_device()};
    const std::lock_guard lock(machine().mutex);
    machine().streams.insert(*stream);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return emulation::release([&] {
    const std::lock_guard lock(machine().mutex);
    if (machine().streams.erase(stream) == 0) {
      return cudaErrorInvalidResourceHandle;
    }
    delete stream;
    return cudaSuccess;
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return call([&] { return emulation::valid_stream(stream) ? cudaSuccess : cudaErrorInvalidResourceHandle; });
}

cudaError_t cudaStreamQuery(cudaStream_t stream) { return cudaStreamSynchronize(stream); }

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  return call([&] {
    return emulation::valid_stream(stream) && live(event) ? cudaSuccess : cudaErrorInvalidResourceHandle;
  });
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* argument) {
  return call([&] {
    if (!emulation::valid_stream(stream)) {
      return cudaErrorInvalidResourceHandle;
    }
    function(argument);
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return call([&] {
    if (event == nullptr) {
      return cudaErrorInvalidValue;
    }
    *event = new CUevent_st{emulation::current_device(), (flags & cudaEventDisableTiming) == 0, false, 0};
    const std::lock_guard lock(machine().mutex);
    machine().events.insert(*event);
    return cudaSuccess;
  });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return emulation::release([&] {
    const std::lock_guard lock(machine().mutex);
    if (machine().events.erase(event) == 0) {
      return cudaErrorInvalidResourceHandle;
    }
    delete event;
    return cudaSuccess;
  });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return call([&] {
    if (!emulation::valid_stream(stream) || !live(event) || event->device != emulation::device_of(stream)) {
      return cudaErrorInvalidResourceHandle;
    }
    event->recorded = true;
    event->nanoseconds = std::chrono::steady_clock::now().time_since_epoch().count();
    return cudaSuccess;
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call([&] { return live(event) ? cudaSuccess : cudaErrorInvalidResourceHandle; });
}

cudaError_t cudaEventQuery(cudaEvent_t event) { return cudaEventSynchronize(event); }

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t stop) {
  return call([&] {
    if (!live(start) || !live(stop) || !start->recorded || !stop->recorded || !start->timed || !stop->timed) {
      return cudaErrorInvalidResourceHandle;
    }
    *milliseconds = static_cast<float>(static_cast<double>(stop->nanoseconds - start->nanoseconds) * 1e-6);
    return cudaSuccess;
  });
}
