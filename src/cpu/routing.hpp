// Sends rows down a finished tree by their bin codes: rows outside the sample, and other data sets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/split.hpp"
#include "data/dataset_data.hpp"

namespace ramet::cpu {

class Router {
 public:
  // `leaf_numbers`: what route gives for each leaf of the tree, per node in final order. The data set is
  // binned like the one that the tree was grown on.
  Router(const backend::FinishedTree& tree, const data::DatasetData& data,
         std::span<const std::int32_t> leaf_numbers);

  // Leaf numbers of rows [begin, end) of a page, to leaves[0 .. end - begin).
  void route(const data::Page& page, std::int32_t begin, std::int32_t end, std::uint32_t* leaves) const;
  std::uint32_t route(const std::uint8_t* packed_row) const;

 private:
  struct Node {
    std::int32_t byte_offset = 0;
    std::uint16_t low = 0;
    std::uint16_t span = 0;
    std::int32_t left = 0;  // next node, or -1 - leaf number
    std::int32_t right = 0;
    std::int32_t table = -1;  // categorical: offset in tables_
    bool two_bytes = false;
  };

  std::int32_t step(const Node& node, const std::uint8_t* row) const;

  std::vector<Node> nodes_;
  std::vector<std::uint8_t> tables_;
  std::int64_t row_bytes_ = 0;
  std::int32_t start_ = 0;
};

}  // namespace ramet::cpu
