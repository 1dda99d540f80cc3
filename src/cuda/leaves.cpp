#include "cuda/leaves.hpp"

#include <algorithm>

namespace ramet::cuda {
namespace {

constexpr std::int64_t digits = 256;

// The same rows may take more blocks another time: where they are spread over more leaves.
std::int64_t with_slack(std::int64_t blocks, std::int64_t leaves) {
  return blocks + std::min(blocks, leaves);
}

std::int64_t blocks_of(std::int64_t rows) { return rows / leaf_block_rows + 1; }

}  // namespace

LeafValues::LeafValues(const LeafSettings& settings, std::int32_t most_leaves, std::int64_t median_rows)
    : settings_(settings), most_leaves_(most_leaves), sums_(2 * static_cast<std::size_t>(most_leaves)) {
  if (median_rows > 0) reserve_median(blocks_of(median_rows));
}

void LeafValues::reserve_median(std::int64_t blocks) {
  const auto leaves = static_cast<std::size_t>(most_leaves_);
  ranges_.reserve(2 * leaves);
  counters_.reserve(static_cast<std::size_t>(digits) * leaves);
  medians_.reserve(leaves);
  if (static_cast<std::size_t>(blocks * leaf_block_rows) <= residuals_.size()) return;
  const auto most = static_cast<std::size_t>(with_slack(blocks, most_leaves_) * leaf_block_rows);
  residuals_.reserve(most);
  weights_.reserve(most);
}

std::int64_t LeafValues::bytes(std::int32_t most_leaves, std::int64_t median_rows) {
  const std::int64_t sums = 2 * std::int64_t{most_leaves} * 8;
  if (median_rows == 0) return sums;
  const std::int64_t of_leaf = (2 + digits) * 8 + static_cast<std::int64_t>(sizeof(LeafMedian));
  const std::int64_t blocks = with_slack(blocks_of(median_rows), most_leaves);
  return sums + most_leaves * of_leaf + blocks * leaf_block_rows * (8 + 4);
}

}  // namespace ramet::cuda
