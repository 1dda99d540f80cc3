#include "cpu/histogram_pool.hpp"

namespace ramet::cpu {
namespace {

// What a worker keeps for itself: a path down a tree, with the siblings on the way.
constexpr std::size_t most_kept = 16;

}  // namespace

HistogramPool::HistogramPool(std::int64_t cells, int workers)
    : cells_(cells), workers_(static_cast<std::size_t>(workers)) {
  for (Worker& worker : workers_) {
    for (FreeList& free : worker.free) free.reserve(most_kept);
  }
}

Histogram HistogramPool::acquire(bool wide, int worker) {
  const std::size_t kind = wide ? 1 : 0;
  FreeList& own = workers_[static_cast<std::size_t>(worker)].free[kind];
  if (!own.empty()) {
    std::int64_t* data = own.back();
    own.pop_back();
    return {data, wide};
  }
  const std::lock_guard lock(mutex_);
  FreeList& free = free_[kind];
  if (free.empty()) {
    memory_.emplace_back(static_cast<std::size_t>((cells_ + spare_cells) * (wide ? 2 : 1)));
    // Room for its return, so that release cannot fail.
    free.reserve(memory_.size());
    return {memory_.back().data(), wide};
  }
  std::int64_t* data = free.back();
  free.pop_back();
  return {data, wide};
}

void HistogramPool::release(Histogram& histogram, int worker) {
  if (histogram.empty()) return;
  const std::size_t kind = histogram.wide ? 1 : 0;
  FreeList& own = workers_[static_cast<std::size_t>(worker)].free[kind];
  if (own.size() < most_kept) {
    own.push_back(histogram.data);
  } else {
    const std::lock_guard lock(mutex_);
    free_[kind].push_back(histogram.data);
  }
  histogram = {};
}

}  // namespace ramet::cpu
