// Which rows each node of a growing tree holds: ids per page, ascending, moved between two buffers.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/split.hpp"
#include "base/buffer.hpp"
#include "base/tasks.hpp"
#include "cpu/histogram.hpp"
#include "data/dataset_data.hpp"

namespace ramet::cpu {

// Positions [begin, end) among the tree's rows of one page.
struct Segment {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  std::int64_t size() const { return static_cast<std::int64_t>(end) - begin; }
};

// Where a node's ids are: a split moves them to the other buffer.
enum class Side : std::int8_t { root, a, b };

inline Side child_side(Side parent) { return parent == Side::a ? Side::b : Side::a; }

// The rows of a round's sample on this rank: local ids per page, or every row.
struct SampledRows {
  bool all = true;
  Buffer<std::uint32_t> ids;            // page p's from pages[p].first_row on; unused if all
  std::vector<std::uint32_t> per_page;  // how many
  std::int64_t rows = 0;
};

SampledRows sample_rows(const data::DatasetData& data, const backend::RowSample& sample, Tasks& tasks);

// The two id buffers of one tree. `sample` must outlive it.
class TreeRows {
 public:
  void start(const data::DatasetData& data, const SampledRows& sample);

  std::vector<Segment> root() const;
  // The rows of a segment of page p. Ids are null for a root that holds every row.
  RowSlice slice(std::int32_t p, Segment segment, Side side) const;
  // Where the ids of a node's children go: the positions of their parent's segment.
  std::uint32_t* ids(std::int32_t p, Side side);

 private:
  const data::DatasetData* data_ = nullptr;
  const SampledRows* sample_ = nullptr;
  Buffer<std::uint32_t> ids_[2];
};

}  // namespace ramet::cpu
