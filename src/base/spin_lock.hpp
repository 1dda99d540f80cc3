// A lock for a few dozen instructions, which is held for less time than it takes to put a thread to sleep.
#pragma once

#include <atomic>
#include <thread>

#include "base/pause.hpp"

namespace ramet {

// Meets the requirements of std::lock_guard. Who holds it must not wait for anything.
class SpinLock {
 public:
  void lock() noexcept {
    for (int tries = 0; held_.exchange(true, std::memory_order_acquire); ++tries) {
      // Looking on does not take the line from who holds it.
      for (int looks = 0; held_.load(std::memory_order_relaxed) && looks < 64; ++looks) pause();
      // Whoever holds it may have lost its core.
      if (tries > 4) std::this_thread::yield();
    }
  }
  void unlock() noexcept { held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> held_{false};
};

}  // namespace ramet
