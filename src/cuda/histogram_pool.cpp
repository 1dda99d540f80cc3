#include "cuda/histogram_pool.hpp"

#include <utility>

namespace ramet::cuda {

HistogramPool::HistogramPool(std::int64_t size, std::int32_t slots)
    : size_(size), slots_(slots), memory_(static_cast<std::size_t>(size * slots)) {
  release_all();
}

std::int64_t* HistogramPool::acquire() {
  if (free_.empty()) return nullptr;
  std::int64_t* slot = *free_.begin();
  free_.erase(free_.begin());
  return slot;
}

void HistogramPool::release(std::int64_t*& slot) {
  if (slot == nullptr) return;
  free_.insert(std::exchange(slot, nullptr));
}

void HistogramPool::release_all() {
  free_.clear();
  for (std::int32_t i = 0; i < slots_; ++i) free_.insert(memory_.data() + size_ * i);
}

}  // namespace ramet::cuda
