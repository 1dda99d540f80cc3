// Parallel loops on the threads of a Crew. Nothing above this floor knows about threads.
#pragma once

#include <cstdint>
#include <memory>

#include "base/crew.hpp"
#include "base/float_mode.hpp"

#if defined(__SANITIZE_THREAD__)
#include "base/plain_threads.hpp"
#endif

namespace ramet {

// A fixed number of threads. One pool serves one training or prediction at a time.
class Tasks {
 public:
  // threads: 0 = all cores of this process.
  explicit Tasks(int threads = 0);

  int threads() const noexcept { return threads_; }

  // Calls body(i) for 0 <= i < count, in any order, in parallel; returns when all are done.
  // The first exception thrown by a body is rethrown.
  template <class Body>
  void for_each(std::int64_t count, const Body& body) {
    for_each_by_worker(count, [&](std::int64_t i, int) { body(i); });
  }

  // The same with body(i, worker): no two bodies run at a time with the same worker, 0 <= worker < threads(),
  // if bodies start no loops on these tasks themselves.
  template <class Body>
  void for_each_by_worker(std::int64_t count, const Body& body) {
    if (count <= 0) return;
    if (count == 1 || crew_threads_ == 1) {
      const FloatMode mode;
      for (std::int64_t i = 0; i < count; ++i) body(i, 0);
      return;
    }
#if defined(__SANITIZE_THREAD__)
    for_each_on_plain_threads(threads_, count, [&](std::int64_t i, int worker) {
      const FloatMode mode;
      body(i, worker);
    });
#else
    if (crew_ == nullptr) crew_ = std::make_unique<Crew>(crew_threads_);
    crew_->run(
        count,
        [](const void* context, std::int64_t i, int worker) {
          (*static_cast<const Body*>(context))(i, worker);
        },
        &body);
#endif
  }

  // Splits [0, size) into pieces of at most `grain` and calls body(begin, end) for each, in parallel.
  template <class Body>
  void for_ranges(std::int64_t size, std::int64_t grain, const Body& body) {
    const std::int64_t pieces = (size + grain - 1) / grain;
    for_each(pieces, [&](std::int64_t i) {
      const std::int64_t begin = i * grain;
      body(begin, begin + grain < size ? begin + grain : size);
    });
  }

 private:
  int threads_;
  int crew_threads_;
  std::unique_ptr<Crew> crew_;  // once there is a loop for it
};

}  // namespace ramet
