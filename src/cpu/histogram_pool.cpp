#include "cpu/histogram_pool.hpp"

namespace ramet::cpu {

Histogram HistogramPool::acquire(bool wide) {
  const std::lock_guard lock(mutex_);
  std::vector<std::int64_t*>& free = free_[wide ? 1 : 0];
  if (free.empty()) {
    memory_.emplace_back(static_cast<std::size_t>(wide ? 2 * cells_ : cells_));
    // Room for its return, so that release cannot fail.
    free.reserve(memory_.size());
    return {memory_.back().data(), wide};
  }
  // The one released last is the likeliest to be in a cache.
  std::int64_t* data = free.back();
  free.pop_back();
  return {data, wide};
}

void HistogramPool::release(Histogram& histogram) {
  if (histogram.empty()) return;
  const std::lock_guard lock(mutex_);
  free_[histogram.wide ? 1 : 0].push_back(histogram.data);
  histogram = {};
}

}  // namespace ramet::cpu
