// Rows through trees: 16 walks side by side, so that their memory accesses overlap. Exact: which leaf is
// reached does not depend on how the walks are grouped.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/plan.hpp"

namespace ramet::model {

inline constexpr int lanes = 16;

// Codes of a block of rows, column by column; the rows padded to a multiple of `lanes` with any codes that
// the columns may have. There is at least one column.
template <class Code>
struct CodeBlock {
  const Code* codes = nullptr;
  std::int64_t stride = 0;  // codes between two columns
};

template <class Node>
class Walker {
 public:
  using Code = typename Node::Code;
  using Reached = std::array<std::uint32_t, lanes>;  // node of the plan, counted from its tree's first

  Walker(const Plan& plan, const CodeBlock<Code>& block)
      : plan_(plan), nodes_(std::get<std::vector<Node>>(plan.nodes).data()), block_(block) {}

  // The leaves of one tree that rows [row, row + lanes) reach.
  Reached one_tree(const PlanTree& tree, std::int64_t row) const {
    return tree.has_sets ? walk_rows<true>(tree, row) : walk_rows<false>(tree, row);
  }

  // The leaves of `trees[0 .. lanes)` that one row reaches.
  Reached one_row(const PlanTree* trees, std::int64_t row) const {
    return plan_.node_set.empty() ? walk_trees<false>(trees, row) : walk_trees<true>(trees, row);
  }

 private:
  template <bool sets>
  std::uint32_t step(std::size_t first_node, std::uint32_t at, const Code* codes) const {
    const Node node = nodes_[first_node + at];
    const Code code = codes[static_cast<std::int64_t>(node.column) * block_.stride];
    bool right = static_cast<Code>(code - node.bias) > node.threshold;
    if constexpr (sets) {
      const std::int32_t set = plan_.node_set[first_node + at];
      if (set != no_set) {
        const std::uint32_t word = plan_.set_words[static_cast<std::size_t>(set) + code / 32];
        right = (word >> (code % 32) & 1) == 0;
      }
    }
    return node.left + (right ? 1 : 0);
  }

  template <bool sets>
  Reached walk_rows(const PlanTree& tree, std::int64_t row) const {
    Reached at{};
    const Code* codes = block_.codes + row;
    for (std::int32_t depth = 0; depth < tree.shallowest_leaf; ++depth) {
      for (int k = 0; k < lanes; ++k) at[k] = step<sets>(tree.first_node, at[k], codes + k);
    }
    for (std::uint32_t moved = 1; moved != 0;) {
      moved = 0;
      for (int k = 0; k < lanes; ++k) {
        const std::uint32_t next = step<sets>(tree.first_node, at[k], codes + k);
        moved |= next ^ at[k];
        at[k] = next;
      }
    }
    return at;
  }

  template <bool sets>
  Reached walk_trees(const PlanTree* trees, std::int64_t row) const {
    Reached at{};
    const Code* codes = block_.codes + row;
    for (std::uint32_t moved = 1; moved != 0;) {
      moved = 0;
      for (int k = 0; k < lanes; ++k) {
        const std::uint32_t next = step<sets>(trees[k].first_node, at[k], codes);
        moved |= next ^ at[k];
        at[k] = next;
      }
    }
    return at;
  }

  const Plan& plan_;
  const Node* nodes_;
  CodeBlock<Code> block_;
};

}  // namespace ramet::model
