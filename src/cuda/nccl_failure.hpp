// The first failure among the ends of one NCCL communicator that are in this process.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

namespace ramet::cuda {

// For any thread. A failure is final.
class NcclFailure {
 public:
  // Keeps the first text and wakes all that wait.
  void set(std::string_view why) noexcept;
  bool is_set() const noexcept { return set_.load(std::memory_order_acquire); }
  std::string why() const;

  // Returns at once when there is a failure, else when `enough()` after a `notify`, else after `longest`.
  template <class Enough>
  void wait(std::chrono::milliseconds longest, const Enough& enough) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, longest, [&] { return is_set() || enough(); });
  }
  void notify() noexcept;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> set_ = false;
  std::string why_;
};

}  // namespace ramet::cuda
