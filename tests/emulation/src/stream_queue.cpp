#include "stream_queue.hpp"

#include <exception>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "machine.hpp"

namespace emulation {
namespace {

std::recursive_mutex work_mutex;  // held while deferred work runs; guards all queues and what follows
std::exception_ptr late_fault;
std::uint64_t draws = 0;

std::map<int, std::shared_ptr<StreamQueue>>& null_streams() {
  static auto* const queues = new std::map<int, std::shared_ptr<StreamQueue>>();
  return *queues;
}

std::shared_ptr<StreamQueue> null_stream(int device) {
  std::shared_ptr<StreamQueue>& queue = null_streams()[device];
  if (queue == nullptr) {
    queue = std::make_shared<StreamQueue>(StreamQueue{.device = device, .waits_for_null_stream = false});
  }
  return queue;
}

bool is_special(cudaStream_t stream) {
  return stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread;
}

std::shared_ptr<StreamQueue> queue_of(cudaStream_t stream) {
  return is_special(stream) ? null_stream(current_device()) : stream->queue;
}

std::vector<std::shared_ptr<StreamQueue>> all_queues(int device) {
  std::vector<std::shared_ptr<StreamQueue>> queues;
  for (const auto& [number, queue] : null_streams()) {
    queues.push_back(queue);
  }
  {
    const std::lock_guard lock(machine().mutex);
    for (const CUstream_st* stream : machine().streams) {
      queues.push_back(stream->queue);
    }
  }
  std::erase_if(queues, [&](const auto& queue) { return device >= 0 && queue->device != device; });
  return queues;
}

// The null stream and the others wait for each other, unless these were created not to.
std::vector<StreamPoint> implied_waits(const std::shared_ptr<StreamQueue>& queue) {
  std::vector<StreamPoint> points;
  const std::shared_ptr<StreamQueue> null = null_stream(queue->device);
  if (queue != null) {
    if (queue->waits_for_null_stream && !null->pending.empty()) {
      points.push_back({null, null->enqueued});
    }
    return points;
  }
  for (const auto& other : all_queues(queue->device)) {
    if (other->waits_for_null_stream && !other->pending.empty()) {
      points.push_back({other, other->enqueued});
    }
  }
  return points;
}

void run_next(StreamQueue& queue) {
  const std::function<void()> work = std::move(queue.pending.front());
  queue.pending.pop_front();
  ++queue.begun;
  struct DeviceScope {
    int before = current_device();
    ~DeviceScope() { current_device() = before; }
  } const scope;
  current_device() = queue.device;
  work();
}

// With a seed, some work is done early, as on a device that is quick.
bool quick_device(std::uint64_t seed) {
  if (seed == 0) {
    return false;
  }
  std::uint64_t x = (seed + ++draws) * 0x9e3779b97f4a7c15ull;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ull;
  return (x >> 62) == 0;
}

}  // namespace

void enqueue_work(cudaStream_t stream, std::function<void()> work) {
  const Config config = configuration();
  if (!config.deferred) {
    const StreamPoint before = end_of(stream);
    if (!reached(before)) {
      run_until(before);
    }
    work();
    return;
  }
  const std::lock_guard guard(work_mutex);
  const std::shared_ptr<StreamQueue> queue = queue_of(stream);
  queue->pending.push_back([waits = implied_waits(queue), work = std::move(work)] {
    for (const StreamPoint& point : waits) {
      run_until(point);
    }
    work();
  });
  ++queue->enqueued;
  if (quick_device(config.seed)) {
    run_one({queue, queue->enqueued});
  }
}

StreamPoint end_of(cudaStream_t stream) {
  const std::lock_guard lock(work_mutex);
  const std::shared_ptr<StreamQueue> queue = queue_of(stream);
  return {queue, queue->enqueued};
}

bool reached(const StreamPoint& point) {
  const std::lock_guard lock(work_mutex);
  return point.queue == nullptr || point.queue->begun >= point.count;
}

void run_until(const StreamPoint& point) {
  const std::lock_guard lock(work_mutex);
  while (!reached(point)) {
    run_next(*point.queue);
  }
}

void run_one(const StreamPoint& point) {
  const std::lock_guard lock(work_mutex);
  if (!reached(point)) {
    run_next(*point.queue);
  }
}

void run_all(int device) {
  const std::lock_guard lock(work_mutex);
  for (const auto& queue : all_queues(device)) {
    run_until({queue, queue->enqueued});
  }
}

void run_until_quietly(const StreamPoint& point) noexcept {
  const std::lock_guard lock(work_mutex);
  while (!reached(point)) {
    try {
      run_next(*point.queue);
    } catch (...) {
      late_fault = late_fault ? late_fault : std::current_exception();
    }
  }
}

void run_all_quietly(int device) noexcept {
  const std::lock_guard lock(work_mutex);
  for (const auto& queue : all_queues(device)) {
    run_until_quietly({queue, queue->enqueued});
  }
}

void throw_late_fault() {
  std::exception_ptr fault;
  {
    const std::lock_guard lock(work_mutex);
    fault = std::exchange(late_fault, nullptr);
  }
  if (fault) {
    std::rethrow_exception(fault);
  }
}

}  // namespace emulation
