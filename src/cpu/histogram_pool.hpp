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

// Hands out uninitialised histograms of a fixed number of cells. Thread-safe.
class HistogramPool {
 public:
  explicit HistogramPool(std::int64_t cells) : cells_(cells) {}

  Histogram acquire(bool wide);
  // Takes a histogram back; it becomes empty. Does nothing with an empty one.
  void release(Histogram& histogram);

  // Bytes of one histogram.
  std::int64_t bytes(bool wide) const { return cells_ * (wide ? 16 : 8); }

 private:
  std::int64_t cells_;
  std::mutex mutex_;
  std::vector<Buffer<std::int64_t>> memory_;
  std::vector<std::int64_t*> free_[2];  // packed, wide
};

}  // namespace ramet::cpu
