// A parallel loop on plain threads: what Tasks uses in ThreadSanitizer builds instead of oneTBB.
//
// The sanitizer cannot see the synchronisation inside libtbb, which is not built with it, and would report
// every piece of work that one thread hands to another as a race. Thread creation and joining it does see, so
// that here only races between the bodies themselves are reported. Too slow for anything else.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace ramet {

// Calls body(i, thread) for 0 <= i < count on up to `threads` threads, the caller's, number 0, among them.
// The first exception ends the loop early and is rethrown.
template <class Body>
void for_each_on_plain_threads(int threads, std::int64_t count, const Body& body) {
  // Relaxed: an ordering here would hide races between bodies.
  std::atomic<std::int64_t> next{0};
  std::mutex mutex;
  std::exception_ptr error;
  const auto work = [&](int thread) {
    try {
      for (std::int64_t i = next.fetch_add(1, std::memory_order_relaxed); i < count;
           i = next.fetch_add(1, std::memory_order_relaxed)) {
        body(i, thread);
      }
    } catch (...) {
      next.store(count, std::memory_order_relaxed);
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (std::int64_t t = 1; t < std::min<std::int64_t>(threads, count); ++t)
      helpers.emplace_back(work, static_cast<int>(t));
    work(0);
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace ramet
