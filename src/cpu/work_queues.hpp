// Work that makes more work: nodes to expand, taken by whoever has nothing to do.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace ramet::cpu {

// Each worker takes what it added last, whose data are in its cache, and if it has none what another added
// first, which is the largest. It keeps its tasks for itself, where adding and taking costs nothing, but for
// the oldest few, which others may take: a line of memory that goes from core to core takes as long as some
// tasks. Usage, with any number of workers, one of them being enough:
//   start(); assign(worker, task) for the first ones; and each worker:
//   while (take(worker, task)) { carry out, add(worker, ...); finish(worker); }
template <class Task>
class WorkQueues {
 public:
  explicit WorkQueues(int workers)
      : workers_(static_cast<std::size_t>(workers)),
        offered_(static_cast<std::size_t>(std::min(workers - 1, 4))) {}

  // Nobody is working, and there are no tasks.
  void start() {
    abandoned_.store(false, std::memory_order_relaxed);
    for (Worker& worker : workers_) {
      worker.own.clear();
      worker.offered.clear();
      worker.offers.store(0, std::memory_order_relaxed);
      worker.added.store(0, std::memory_order_relaxed);
      worker.finished.store(0, std::memory_order_relaxed);
    }
  }

  // Before anybody works: a task that the worker should take, the last one first, unless others have nothing
  // else.
  void assign(int worker, const Task& task) { offer(worker, {&task, 1}); }

  // Waits for a task; false once all are finished. fetch(task): whether there was one elsewhere.
  template <class Fetch>
  bool take(int worker, Task& task, const Fetch& fetch) {
    Worker& mine = workers_[static_cast<std::size_t>(worker)];
    if (abandoned_.load(std::memory_order_relaxed)) return false;
    if (!mine.own.empty()) {
      task = mine.own.back();
      mine.own.pop_back();
      offer_oldest(mine);
      return true;
    }
    for (int waits = 0; !abandoned_.load(); ++waits) {
      if (take_back(mine, task) || take_from_others(worker, task) || fetch(task)) return true;
      if (all_finished()) return false;
      if (waits > 100) std::this_thread::yield();
    }
    return false;
  }

  bool take(int worker, Task& task) {
    return take(worker, task, [](Task&) { return false; });
  }

  void add(int worker, const Task& task) {
    Worker& mine = workers_[static_cast<std::size_t>(worker)];
    count_more(mine.added, 1);
    mine.own.push_back(task);
    offer_oldest(mine);
  }

  // Tasks that others should take part in at once.
  void offer(int worker, std::span<const Task> tasks) {
    Worker& mine = workers_[static_cast<std::size_t>(worker)];
    count_more(mine.added, static_cast<std::int64_t>(tasks.size()));
    const std::lock_guard lock(mine.mutex);
    mine.offered.insert(mine.offered.end(), tasks.begin(), tasks.end());
    mine.offers.store(mine.offered.size(), std::memory_order_release);
  }

  // A task that the worker took is done, and has added what follows from it.
  void finish(int worker) { count_finished(worker, 1); }

  // For tasks kept elsewhere: they are there, or will be before this worker's task is finished.
  void count_added(int worker, std::int64_t count) {
    count_more(workers_[static_cast<std::size_t>(worker)].added, count);
  }
  // Or they are there no more, and nobody took them.
  void count_finished(int worker, std::int64_t count) {
    count_more(workers_[static_cast<std::size_t>(worker)].finished, count);
  }

  // A task failed: take() is false from now on.
  void abandon() { abandoned_.store(true); }

 private:
  using Counter = std::atomic<std::int64_t>;

  // What only the worker itself looks at, what it tells, and what others take from, on lines of their own.
  struct alignas(64) Worker {
    std::deque<Task> own;
    alignas(64) Counter added{0};
    Counter finished{0};
    alignas(64) std::atomic<std::size_t> offers{0};  // size of `offered`, for those who only look
    alignas(64) std::mutex mutex;
    std::deque<Task> offered;
  };

  // Only its worker writes it.
  static void count_more(Counter& counter, std::int64_t count) {
    counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_release);
  }

  // Keeps the task that comes next.
  void offer_oldest(Worker& mine) {
    if (mine.own.size() < 2 || mine.offers.load(std::memory_order_relaxed) >= offered_) return;
    const std::lock_guard lock(mine.mutex);
    mine.offered.push_back(mine.own.front());
    mine.own.pop_front();
    mine.offers.store(mine.offered.size(), std::memory_order_release);
  }

  static bool take_back(Worker& mine, Task& task) {
    if (mine.offers.load(std::memory_order_relaxed) == 0) return false;
    const std::lock_guard lock(mine.mutex);
    if (mine.offered.empty()) return false;
    task = mine.offered.back();
    mine.offered.pop_back();
    mine.offers.store(mine.offered.size(), std::memory_order_release);
    return true;
  }

  bool take_from_others(int thief, Task& task) {
    const std::size_t count = workers_.size();
    for (std::size_t i = 1; i < count; ++i) {
      Worker& other = workers_[(static_cast<std::size_t>(thief) + i) % count];
      if (other.offers.load(std::memory_order_acquire) == 0) continue;
      const std::lock_guard lock(other.mutex);
      if (other.offered.empty()) continue;
      task = other.offered.front();
      other.offered.pop_front();
      other.offers.store(other.offered.size(), std::memory_order_release);
      return true;
    }
    return false;
  }

  // More are added than finished as long as there is a task, and both only grow: if as many were finished as
  // have been added a moment later, there is none.
  bool all_finished() const {
    std::int64_t finished = 0;
    for (const Worker& worker : workers_) finished += worker.finished.load(std::memory_order_acquire);
    std::int64_t added = 0;
    for (const Worker& worker : workers_) added += worker.added.load(std::memory_order_acquire);
    return finished == added;
  }

  std::vector<Worker> workers_;
  std::size_t offered_;  // by each worker
  std::atomic<bool> abandoned_{false};
};

}  // namespace ramet::cpu
