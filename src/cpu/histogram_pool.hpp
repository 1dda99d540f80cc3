// Memory for node histograms, reused from node to node and from round to round.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "base/buffer.hpp"
#include "cpu/cells.hpp"

namespace ramet::cpu {

// A node's cells: `wide` says whether they are packed integers or WideCells. Null: the node has none.
struct Histogram {
  std::int64_t* data = nullptr;
  bool wide = false;

  bool empty() const { return data == nullptr; }
  std::int64_t* packed() const { return data; }
  WideCell* wide_cells() const { return reinterpret_cast<WideCell*>(data); }
};

// Hands out uninitialised histograms of a fixed number of cells. A worker gets back what it released last,
// which is the likeliest to be in its cache. Thread-safe, as long as a worker's number is used by one thread
// at a time.
class HistogramPool {
 public:
  explicit HistogramPool(std::int64_t cells, int workers = 1);

  Histogram acquire(bool wide, int worker = 0);
  // Takes a histogram back, whoever acquired it; it becomes empty. Does nothing with an empty one.
  void release(Histogram& histogram, int worker = 0);

  // Bytes of one histogram.
  std::int64_t bytes(bool wide) const { return cells_ * (wide ? 16 : 8); }

 private:
  using FreeList = std::vector<std::int64_t*>;
  struct alignas(64) Worker {
    FreeList free[2];  // packed, wide; the one released last is at the end
  };

  std::int64_t cells_;
  std::vector<Worker> workers_;
  std::mutex mutex_;  // guards what follows
  std::vector<Buffer<std::int64_t>> memory_;
  FreeList free_[2];
};

}  // namespace ramet::cpu
