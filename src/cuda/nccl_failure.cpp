#include "cuda/nccl_failure.hpp"

namespace ramet::cuda {

void NcclFailure::set(std::string_view why) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!is_set()) {
      try {
        why_ = why;
      } catch (...) {
        why_.clear();
      }
      set_.store(true, std::memory_order_release);
    }
  }
  changed_.notify_all();
}

std::string NcclFailure::why() const {
  const std::lock_guard lock(mutex_);
  return why_;
}

void NcclFailure::notify() noexcept {
  // A waiter is either before its look at the condition, or asleep.
  { const std::lock_guard lock(mutex_); }
  changed_.notify_all();
}

}  // namespace ramet::cuda
