#include "cpu/leaf_rows.hpp"

#include <algorithm>

namespace ramet::cpu {
namespace {

constexpr std::int64_t least_range_rows = 2'048;
constexpr std::int64_t ids_ahead = 64;  // that are fetched

}  // namespace

std::vector<RowRange> cut_rows(const data::DatasetData& data, int threads) {
  std::vector<RowRange> ranges;
  const std::int64_t size = std::max(least_range_rows, (data.rows + 4 * threads - 1) / (4 * threads));
  for (std::size_t p = 0; p < data.pages.size(); ++p) {
    const std::int64_t rows = data.pages[p].rows;
    for (std::int64_t begin = 0; begin < rows; begin += size) {
      ranges.push_back({static_cast<std::int32_t>(p), static_cast<std::int32_t>(begin),
                        static_cast<std::int32_t>(std::min(begin + size, rows))});
    }
  }
  return ranges;
}

LeafRows::LeafRows(const backend::FinishedTree& tree, const Grower& grower, const data::DatasetData& data)
    : grower_(grower), data_(data), tree_(tree.tree), parts_(data.pages.size()) {
  leaf_numbers_.reserve(tree.nodes.size());
  for (std::vector<Part>& parts : parts_) parts.reserve(tree.nodes.size() / 2 + 1);
  for (const backend::FinishedTree::Node& node : tree.nodes) {
    leaf_numbers_.push_back(node.left < 0 ? leaves_++ : -1);
    if (node.left < 0) add_parts(grower.node(node.source), leaf_numbers_.back());
  }
  if (!grower.sample().all) router_.emplace(tree, data, leaf_numbers_);
}

// A leaf may have been expanded in vain: then its rows are with its descendants.
void LeafRows::add_parts(const GrowingNode& top, std::int32_t leaf) {
  open_.push_back(&top);
  while (!open_.empty()) {
    const GrowingNode& node = *open_.back();
    open_.pop_back();
    if (node.left >= 0) {
      open_.push_back(&grower_.node(node.left));
      open_.push_back(&grower_.node(node.right));
    } else if (node.ahead[0] != nullptr) {
      for (const AheadNode* child : node.ahead) open_.push_back(&child->node);
    } else {
      for (std::size_t p = 0; p < parts_.size(); ++p) {
        if (node.segments[p].size() > 0) parts_[p].push_back({leaf, node.side, node.segments[p]});
      }
    }
  }
}

void LeafRows::assign(const RowRange& range, std::uint32_t* out) const {
  const auto begin = static_cast<std::uint32_t>(range.begin);
  const auto end = static_cast<std::uint32_t>(range.end);
  if (router_) {
    router_->route(data_.pages[static_cast<std::size_t>(range.page)], range.begin, range.end, out);
    for (std::uint32_t r = 0; r < end - begin; ++r) out[r] |= out_of_sample;
  }
  const TreeRows& rows = grower_.tree(tree_).rows;
  const std::vector<Part>& parts = parts_[static_cast<std::size_t>(range.page)];
  // While one leaf's ids in the range are taken, the first ones of the next leaf arrive, which are far from
  // them.
  const auto from_begin = [&](const Part& part) {
    RowSlice slice = rows.slice(range.page, part.segment, part.side);
    if (slice.ids == nullptr) return slice;
    take_rows(slice, std::lower_bound(slice.ids, slice.ids + slice.count, begin) - slice.ids);
    for (std::int64_t i = 0; i < ids_ahead; i += 16) __builtin_prefetch(slice.ids + i);
    return slice;
  };
  RowSlice next;
  if (!parts.empty()) next = from_begin(parts[0]);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const RowSlice slice = next;
    if (i + 1 < parts.size()) next = from_begin(parts[i + 1]);
    const auto leaf = static_cast<std::uint32_t>(parts[i].leaf);
    if (slice.ids == nullptr) {
      std::fill(out, out + (end - begin), leaf);
      continue;
    }
    const std::uint32_t* last = slice.ids + slice.count;
    for (const std::uint32_t* at = slice.ids; at != last && *at < end; ++at) {
      __builtin_prefetch(at + ids_ahead);
      out[*at - begin] = leaf;
    }
  }
}

}  // namespace ramet::cpu
