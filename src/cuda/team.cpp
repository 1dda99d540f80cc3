#include "cuda/team.hpp"

#include <utility>

#include "base/error.hpp"
#include "base/tasks.hpp"
#include "cuda/check.hpp"
#include "cuda/stream.hpp"

namespace ramet::cuda {

Team::Team(std::vector<int> devices) : devices_(std::move(devices)) {
  check_internal(!devices_.empty(), "a team needs a device");
  if (size() == 1) {
    const CurrentDevice usable(device(0));
    return;
  }
  try {
    threads_.reserve(devices_.size());
    for (int m = 0; m < size(); ++m) threads_.emplace_back([this, m] { serve(m); });
    run([this](int member) { check(cudaSetDevice(device(member)), "choosing a device"); });
  } catch (...) {
    close();
    throw;
  }
}

Team::~Team() { close(); }

void Team::close() noexcept {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  begun_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Team::run_all(TaskRef task) {
  if (size() == 1) return run_here(task);
  std::unique_lock lock(mutex_);
  task_ = task;
  ++runs_;
  running_ = size();
  begun_.notify_all();
  ended_.wait(lock, [&] { return running_ == 0; });
  if (first_error_) std::rethrow_exception(std::exchange(first_error_, nullptr));
}

void Team::run_here(TaskRef task) {
  const CurrentDevice current(device(0));
  const FloatMode mode;
  try {
    task.call(task.task, 0);
  } catch (...) {
    if (wake_) wake_(0);
    throw;
  }
}

void Team::attempt(TaskRef task, int member) noexcept {
  try {
    task.call(task.task, member);
  } catch (...) {
    {  // before the others are woken, whose errors only follow from this one
      const std::lock_guard lock(mutex_);
      if (!first_error_) first_error_ = std::current_exception();
    }
    if (wake_) wake_(member);
  }
}

void Team::serve(int member) {
  const FloatMode mode;
  std::unique_lock lock(mutex_);
  for (std::uint64_t done = 0;; ++done) {
    begun_.wait(lock, [&] { return closing_ || runs_ != done; });
    if (closing_) return;
    const TaskRef task = task_;
    lock.unlock();
    attempt(task, member);
    lock.lock();
    if (--running_ == 0) ended_.notify_one();
  }
}

}  // namespace ramet::cuda
