// Work that makes more work: nodes to expand, taken by whoever has nothing to do.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace ramet::cpu {

// Each worker takes what it added last, whose data are in its cache, and if it has none what another added
// first, which is the largest. Usage, with any number of workers, one of them being enough:
//   start(first); and each worker: while (take(worker, task)) { carry out, add(worker, ...); finish(); }
template <class Task>
class SubtreeTasks {
 public:
  explicit SubtreeTasks(int workers) : workers_(static_cast<std::size_t>(workers)) {}

  // Nobody is working. The tasks are taken in their order before any is stolen.
  void start(std::vector<Task> first) {
    first_ = std::move(first);
    next_first_.store(0, std::memory_order_relaxed);
    pending_.store(static_cast<std::int64_t>(first_.size()));
    abandoned_.store(false, std::memory_order_relaxed);
    for (Worker& worker : workers_) {
      worker.tasks.clear();
      worker.count.store(0, std::memory_order_relaxed);
    }
  }

  // Waits for a task; false once all are finished.
  bool take(int worker, Task& task) {
    for (int waits = 0; pending_.load() != 0 && !abandoned_.load(); ++waits) {
      if (take_own(workers_[static_cast<std::size_t>(worker)], task) || take_first(task) ||
          steal(worker, task))
        return true;
      if (waits > 100) std::this_thread::yield();
    }
    return false;
  }

  void add(int worker, const Task& task) {
    pending_.fetch_add(1);
    Worker& own = workers_[static_cast<std::size_t>(worker)];
    const std::lock_guard lock(own.mutex);
    own.tasks.push_back(task);
    own.count.store(own.tasks.size(), std::memory_order_relaxed);
  }

  // A task that was taken is done, and has added what follows from it.
  void finish() { pending_.fetch_sub(1); }

  // A task failed: take() is false from now on.
  void abandon() { abandoned_.store(true); }

 private:
  struct alignas(64) Worker {
    std::mutex mutex;
    std::deque<Task> tasks;
    std::atomic<std::size_t> count{0};  // of them, for those who only look
  };

  static bool take_own(Worker& own, Task& task) {
    if (own.count.load(std::memory_order_relaxed) == 0) return false;
    const std::lock_guard lock(own.mutex);
    if (own.tasks.empty()) return false;
    task = own.tasks.back();
    own.tasks.pop_back();
    own.count.store(own.tasks.size(), std::memory_order_relaxed);
    return true;
  }

  bool take_first(Task& task) {
    if (next_first_.load() >= first_.size()) return false;
    const std::size_t i = next_first_.fetch_add(1);
    if (i >= first_.size()) return false;
    task = first_[i];
    return true;
  }

  bool steal(int thief, Task& task) {
    const std::size_t count = workers_.size();
    for (std::size_t i = 1; i < count; ++i) {
      Worker& other = workers_[(static_cast<std::size_t>(thief) + i) % count];
      if (other.count.load(std::memory_order_relaxed) == 0) continue;
      const std::lock_guard lock(other.mutex);
      if (other.tasks.empty()) continue;
      task = other.tasks.front();
      other.tasks.pop_front();
      other.count.store(other.tasks.size(), std::memory_order_relaxed);
      return true;
    }
    return false;
  }

  std::vector<Worker> workers_;
  std::vector<Task> first_;
  std::atomic<std::size_t> next_first_{0};
  std::atomic<std::int64_t> pending_{0};
  std::atomic<bool> abandoned_{false};
};

}  // namespace ramet::cpu
