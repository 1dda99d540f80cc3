// Streams and events.
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

emulation::StreamPoint point_of(cudaEvent_t event) {
  const std::lock_guard lock(machine().mutex);
  return event->point;
}

// Success, or that the point is not reached yet; polling brings it nearer.
cudaError_t query(const emulation::StreamPoint& point) {
  if (emulation::reached(point)) {
    return cudaSuccess;
  }
  emulation::run_one(point);
  return cudaErrorNotReady;
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
    const int device = emulation::current_device();
    auto queue = std::make_shared<emulation::StreamQueue>(
        emulation::StreamQueue{.device = device, .waits_for_null_stream = flags != cudaStreamNonBlocking});
    *stream = new CUstream_st{device, std::move(queue)};
    const std::lock_guard lock(machine().mutex);
    machine().streams.insert(*stream);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return emulation::release([&] {
    if (emulation::valid_stream(stream)) {
      emulation::run_until_quietly(emulation::end_of(stream));
    }
    const std::lock_guard lock(machine().mutex);
    if (machine().streams.erase(stream) == 0) {
      return cudaErrorInvalidResourceHandle;
    }
    delete stream;
    return cudaSuccess;
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return call([&] {
    if (!emulation::valid_stream(stream)) {
      return cudaErrorInvalidResourceHandle;
    }
    emulation::run_until(emulation::end_of(stream));
    return cudaSuccess;
  });
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return call([&] {
    return emulation::valid_stream(stream) ? query(emulation::end_of(stream))
                                           : cudaErrorInvalidResourceHandle;
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  return call([&] {
    if (!emulation::valid_stream(stream) || !live(event)) {
      return cudaErrorInvalidResourceHandle;
    }
    emulation::enqueue_work(stream, [point = point_of(event)] { emulation::run_until(point); });
    return cudaSuccess;
  });
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* argument) {
  return call([&] {
    if (!emulation::valid_stream(stream)) {
      return cudaErrorInvalidResourceHandle;
    }
    emulation::enqueue_work(stream, [=] { function(argument); });
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return call([&] {
    if (event == nullptr) {
      return cudaErrorInvalidValue;
    }
    *event = new CUevent_st{emulation::current_device(), (flags & cudaEventDisableTiming) == 0};
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
    emulation::enqueue_work(stream, [time = event->nanoseconds] {
      *time = std::chrono::steady_clock::now().time_since_epoch().count();
    });
    const emulation::StreamPoint point = emulation::end_of(stream);
    const std::lock_guard lock(machine().mutex);
    event->point = point;
    return cudaSuccess;
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call([&] {
    if (!live(event)) {
      return cudaErrorInvalidResourceHandle;
    }
    emulation::run_until(point_of(event));
    return cudaSuccess;
  });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return call([&] { return live(event) ? query(point_of(event)) : cudaErrorInvalidResourceHandle; });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t stop) {
  return call([&] {
    if (!live(start) || !live(stop) || !start->timed || !stop->timed) {
      return cudaErrorInvalidResourceHandle;
    }
    const emulation::StreamPoint begin = point_of(start);
    const emulation::StreamPoint end = point_of(stop);
    if (begin.queue == nullptr || end.queue == nullptr) {
      return cudaErrorInvalidResourceHandle;
    }
    if (!emulation::reached(begin) || !emulation::reached(end)) {
      return cudaErrorNotReady;
    }
    *milliseconds = static_cast<float>(static_cast<double>(*stop->nanoseconds - *start->nanoseconds) * 1e-6);
    return cudaSuccess;
  });
}
