// Device memory for the histograms of a batch's nodes: a fixed number of slots of equal size.
#pragma once

#include <cstdint>
#include <set>

#include "cuda/memory.hpp"

namespace ramet::cuda {

class HistogramPool {
 public:
  HistogramPool() = default;
  // `size`: int64 values of a slot.
  HistogramPool(std::int64_t size, std::int32_t slots);

  // The free slot with the lowest address, so that those taken together tend to be neighbours; null if there
  // is none.
  std::int64_t* acquire();
  // Null is allowed, and leaves it as it is; sets the pointer to null.
  void release(std::int64_t*& slot);
  void release_all();

  std::int32_t free_slots() const { return static_cast<std::int32_t>(free_.size()); }
  std::int32_t slots() const { return slots_; }
  std::int64_t size() const { return size_; }

 private:
  std::int64_t size_ = 0;
  std::int32_t slots_ = 0;
  DeviceArray<std::int64_t> memory_;
  std::set<std::int64_t*> free_;
};

}  // namespace ramet::cuda
