// Which nodes best-first growth is going to split, as far as is known while several workers expand them.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "base/spin_lock.hpp"

namespace ramet::cpu {

// When a node with a split has its turn in best-first growth: after those of a higher standing. It is the
// least gain from the root to the node; then the least one below the node that has that, and so on down to
// the node itself. Where the first ones are alike the turn is of whose list ends before, being above the
// other. What comes after the first few is left out: then some stand alike that do not.
class Standing {
 public:
  // Of a child whose split gains so much; of a root if this is the default.
  Standing of_child(double gain) const {
    Standing child = *this;
    const auto rounded = static_cast<float>(gain);
    while (child.count_ > 0 && child.least_[child.count_ - 1] >= rounded) --child.count_;
    if (child.count_ < most) child.least_[child.count_++] = rounded;
    return child;
  }
  // The least gain from the root to the node, rounded.
  float bottleneck() const { return least_[0]; }
  friend bool operator<(const Standing& a, const Standing& b) {
    const std::uint32_t both = std::min(a.count_, b.count_);
    for (std::uint32_t i = 0; i < both; ++i) {
      if (a.least_[i] != b.least_[i]) return a.least_[i] < b.least_[i];
    }
    return a.count_ > b.count_;
  }
  friend bool operator>(const Standing& a, const Standing& b) { return b < a; }

 private:
  static constexpr std::uint32_t most = 7;
  std::array<float, most> least_{};  // ascending; the rest means nothing
  std::uint32_t count_ = 0;
};

// The nodes of one tree with room for so many splits. Best-first growth splits the nodes of the highest
// standing, but what standing suffices shows only once all is known. A node stays in the running while its
// standing is among as many of the highest ones so far as there is room for; all that growth splits do so,
// unless gains are equal. Expanding them from the top wastes about one node for each worker beyond the first.
template <class Task>
class alignas(64) Contest {
 public:
  // Nobody is working.
  void start(std::int64_t most_splits) {
    most_splits_ = static_cast<std::size_t>(std::max<std::int64_t>(most_splits, 0));
    highest_.clear();
    open_.clear();
    entered_.clear();
    requested_.clear();
    tasks_.store(0, std::memory_order_relaxed);
  }

  // A task that is taken whatever its node's standing, before the others.
  void request(const Task& task) {
    const std::lock_guard lock(lock_);
    requested_.push_back(task);
    count_tasks();
  }

  // A node that became known, and what expands it.
  struct Entrant {
    Standing standing;
    Task task;
  };

  // Nodes enter if they are in the running; how many are not.
  std::int64_t enter(std::span<const Entrant> entrants) {
    const std::lock_guard lock(lock_);
    std::int64_t out = 0;
    for (const Entrant& entrant : entrants) {
      if (!note_one(entrant.standing)) {
        ++out;
        continue;
      }
      open_.push_back({entrant.standing, static_cast<std::uint32_t>(entered_.size())});
      entered_.push_back(entrant.task);
      std::push_heap(open_.begin(), open_.end(), comes_later);
    }
    count_tasks();
    return out;
  }

  // A node became known that somebody is going to expand if it is in the running. Whether it is.
  bool note(const Standing& standing) {
    const std::lock_guard lock(lock_);
    return note_one(standing);
  }

  // The task of the highest standing, if one is in the running. Adds to `dropped` how many are no more.
  bool take(Task& task, std::int64_t& dropped) {
    if (tasks_.load(std::memory_order_acquire) == 0) return false;
    const std::lock_guard lock(lock_);
    const bool requested = !requested_.empty();
    if (requested) {
      task = requested_.back();
      requested_.pop_back();
    } else if (!open_.empty() && is_out(open_.front().standing)) {
      dropped += static_cast<std::int64_t>(open_.size());
      open_.clear();
    }
    const bool found = requested || !open_.empty();
    if (found && !requested) {
      std::pop_heap(open_.begin(), open_.end(), comes_later);
      task = entered_[open_.back().task];
      open_.pop_back();
    }
    count_tasks();
    return found;
  }

 private:
  struct Entry {
    Standing standing;
    std::uint32_t task = 0;  // index into entered_: tasks are larger, and stay where they are
  };

  static bool comes_later(const Entry& a, const Entry& b) { return a.standing < b.standing; }

  bool is_out(const Standing& standing) const {
    if (highest_.size() < most_splits_) return false;
    return most_splits_ == 0 || standing < highest_.front();
  }

  // Whether it is in the running.
  bool note_one(const Standing& standing) {
    if (is_out(standing)) return false;
    if (highest_.size() == most_splits_) {
      std::pop_heap(highest_.begin(), highest_.end(), std::greater<>());
      highest_.pop_back();
    }
    highest_.push_back(standing);
    std::push_heap(highest_.begin(), highest_.end(), std::greater<>());
    return true;
  }
  void count_tasks() { tasks_.store(requested_.size() + open_.size(), std::memory_order_release); }

  std::size_t most_splits_ = 0;
  std::vector<Standing> highest_;  // a heap, the lowest in front
  std::vector<Entry> open_;        // a heap, the highest in front
  std::vector<Task> entered_;
  std::vector<Task> requested_;
  SpinLock lock_;
  alignas(64) std::atomic<std::size_t> tasks_{0};  // for those who only look
};

}  // namespace ramet::cpu
