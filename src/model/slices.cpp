#include "model/slices.hpp"

#include <algorithm>
#include <unordered_map>
#include <variant>

#include "model/plan.hpp"

namespace ramet::model {
namespace {

struct PredicateHash {
  std::size_t operator()(const Predicate& p) const {
    std::uint64_t h = (std::uint64_t{p.column} << 32 | p.bias) * 0x9e3779b97f4a7c15u;
    h = (h ^ (h >> 29) ^ p.threshold) * 0xbf58476d1ce4e5b9u;
    return h ^ (h >> 32);
  }
};

template <class Node>
class SliceBuilder {
 public:
  SliceBuilder(Plan& plan, const std::vector<Node>& nodes) : plan_(plan), nodes_(nodes) {}

  SlicePlan build() {
    slices_.tiles.emplace_back();
    for (std::size_t t = 0; t < plan_.trees.size(); ++t) {
      const std::size_t first = plan_.trees[t].first_node;
      const std::size_t end = t + 1 < plan_.trees.size() ? plan_.trees[t + 1].first_node : nodes_.size();
      plan_.trees[t].sliced = end - first < 2 * most_slice_leaves && !plan_.trees[t].has_sets;
      if (plan_.trees[t].sliced) add_tree(t, first, end);
    }
    return std::move(slices_);
  }

 private:
  void add_tree(std::size_t t, std::size_t first, std::size_t end) {
    if (slices_.predicates.size() - slices_.tiles.back().first_predicate + (end - first) / 2 >
        most_tile_predicates) {
      slices_.tiles.push_back(
          {.first_predicate = slices_.predicates.size(), .first_tree = slices_.trees.size()});
      numbers_.clear();
    }
    SliceTree tree{.tree = t, .first_split = slices_.splits.size(), .first_leaf = slices_.leaves.size()};
    for (std::size_t i = first; i < end; ++i) {
      const auto number = static_cast<std::uint32_t>(i - first);
      if (nodes_[i].left == number) {
        slices_.leaves.push_back(number);
      } else {
        slices_.splits.push_back({.predicate = number_of(nodes_[i]), .node = number});
        ++tree.splits;
      }
    }
    slices_.trees.push_back(tree);
    SliceTile& tile = slices_.tiles.back();
    tile.predicates = slices_.predicates.size() - tile.first_predicate;
    tile.trees = slices_.trees.size() - tile.first_tree;
  }

  std::uint32_t number_of(const Node& node) {
    const Predicate predicate{.column = node.column, .bias = node.bias, .threshold = node.threshold};
    const auto next =
        static_cast<std::uint32_t>(slices_.predicates.size() - slices_.tiles.back().first_predicate);
    const auto [found, is_new] = numbers_.emplace(predicate, next);
    if (is_new) slices_.predicates.push_back(predicate);
    return found->second;
  }

  Plan& plan_;
  const std::vector<Node>& nodes_;
  SlicePlan slices_;
  std::unordered_map<Predicate, std::uint32_t, PredicateHash> numbers_;
};

}  // namespace

SlicePlan make_slices(Plan& plan) {
  return std::visit(
      [&](const auto& nodes) {
        using Node = typename std::remove_cvref_t<decltype(nodes)>::value_type;
        if constexpr (sizeof(typename Node::Code) > 2) {
          return SlicePlan{};
        } else {
          return SliceBuilder<Node>(plan, nodes).build();
        }
      },
      plan.nodes);
}

}  // namespace ramet::model
