#include "cpu/routing.hpp"

#include "base/error.hpp"
#include "cpu/partition.hpp"

namespace ramet::cpu {

Router::Router(const backend::FinishedTree& tree, const data::DatasetData& data,
               std::span<const std::int32_t> leaf_numbers)
    : row_bytes_(data.layout.row_bytes) {
  // Leaves become negative links; inner nodes keep their order.
  std::vector<std::int32_t> link(tree.nodes.size());
  std::int32_t inner = 0;
  for (std::size_t n = 0; n < tree.nodes.size(); ++n)
    link[n] = tree.nodes[n].left < 0 ? -1 - leaf_numbers[n] : inner++;
  start_ = link[0];
  for (const backend::FinishedTree::Node& from : tree.nodes) {
    if (from.left < 0) continue;
    const std::int32_t c = data.layout.column_of_feature[static_cast<std::size_t>(from.rule.feature)];
    check_internal(c >= 0, "feature {} is split on but not stored", from.rule.feature);
    const data::StoredColumn& column = data.layout.columns[static_cast<std::size_t>(c)];
    Node node;
    node.byte_offset = static_cast<std::int32_t>(column.byte_offset);
    node.two_bytes = column.width == 2;
    node.low = from.rule.missing_left ? 0 : 1;
    node.span = static_cast<std::uint16_t>(from.rule.bin - node.low);
    node.left = link[static_cast<std::size_t>(from.left)];
    node.right = link[static_cast<std::size_t>(from.right)];
    if (from.rule.categorical) {
      node.table = static_cast<std::int32_t>(tables_.size());
      const std::vector<std::uint8_t> table = category_table(from.rule, column.value_bins);
      tables_.insert(tables_.end(), table.begin(), table.end());
    }
    nodes_.push_back(node);
  }
}

inline std::int32_t Router::step(const Node& node, const std::uint8_t* row) const {
  std::uint16_t code = row[node.byte_offset];
  if (node.two_bytes) __builtin_memcpy(&code, row + node.byte_offset, sizeof code);
  const bool left = node.table < 0 ? static_cast<std::uint16_t>(code - node.low) <= node.span
                                   : tables_[static_cast<std::size_t>(node.table) + code] != 0;
  return left ? node.left : node.right;
}

std::uint32_t Router::route(const std::uint8_t* row) const {
  std::int32_t at = start_;
  while (at >= 0) at = step(nodes_[static_cast<std::size_t>(at)], row);
  return static_cast<std::uint32_t>(-1 - at);
}

void Router::route(const data::Page& page, std::int32_t begin, std::int32_t end,
                   std::uint32_t* leaves) const {
  // Several rows at a time, so that their memory accesses overlap.
  constexpr std::int32_t together = 8;
  const std::uint8_t* rows = page.packed.data();
  std::int32_t r = begin;
  for (; r + together <= end; r += together) {
    std::int32_t at[together];
    for (std::int32_t& a : at) a = start_;
    bool moving = start_ >= 0;
    while (moving) {
      moving = false;
      for (std::int32_t i = 0; i < together; ++i) {
        if (at[i] < 0) continue;
        at[i] = step(nodes_[static_cast<std::size_t>(at[i])], rows + (r + i) * row_bytes_);
        moving |= at[i] >= 0;
      }
    }
    for (std::int32_t i = 0; i < together; ++i)
      leaves[r - begin + i] = static_cast<std::uint32_t>(-1 - at[i]);
  }
  for (; r < end; ++r) leaves[r - begin] = route(rows + r * row_bytes_);
}

}  // namespace ramet::cpu
