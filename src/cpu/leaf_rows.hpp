// Which leaf of a finished tree every row is in.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/buffer.hpp"
#include "cpu/grower.hpp"
#include "cpu/routing.hpp"

namespace ramet::cpu {

// A piece of a page that one task works on.
struct RowRange {
  std::int32_t page = 0;
  std::int32_t begin = 0;
  std::int32_t end = 0;
};

// Pages cut for leaf work: few pieces, as each has accumulators of its own.
std::vector<RowRange> cut_rows(const data::DatasetData& data, int threads);

class LeafRows {
 public:
  // Leaves are numbered in final node order. `tree` must outlive the object.
  LeafRows(const backend::FinishedTree& tree, const Grower& grower, const data::DatasetData& data);

  std::int32_t leaves() const { return leaves_; }
  std::span<const std::int32_t> leaf_numbers() const {
    return leaf_numbers_;
  }  // per final node; -1: not a leaf

  // Writes the leaf of each row in the range to out[0 .. end - begin), out_of_sample added for rows that the
  // tree was not grown on.
  static constexpr std::uint32_t out_of_sample = 1u << 31;
  void assign(const RowRange& range, std::uint32_t* out) const;

 private:
  struct Part {
    std::int32_t leaf = 0;
    Side side = Side::root;
    Segment segment;
  };

  void add_parts(const GrowingNode& top, std::int32_t leaf);

  const Grower& grower_;
  const data::DatasetData& data_;
  std::int32_t tree_;
  std::int32_t leaves_ = 0;
  std::vector<std::int32_t> leaf_numbers_;
  std::vector<std::vector<Part>> parts_;  // per page
  std::optional<Router> router_;          // where there are rows outside the sample
  std::vector<const GrowingNode*> open_;  // of add_parts
};

}  // namespace ramet::cpu
