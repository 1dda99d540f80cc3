#include "cuda/predict_forest.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <variant>

#include "base/error.hpp"
#include "model/plan.hpp"

namespace ramet::cuda {
namespace {

// The largest float that is not above `value`: a float is above the one where it is above the other.
float round_down(double value) {
  const auto nearest = static_cast<float>(value);
  return static_cast<double>(nearest) > value
             ? std::nextafter(nearest, -std::numeric_limits<float>::infinity())
             : nearest;
}

PredictNode leaf_node(std::int64_t step) {
  const auto bits = static_cast<std::uint64_t>(step);
  return {.left = 0,
          .column = 0,
          .bias = static_cast<std::uint32_t>(bits),
          .threshold = static_cast<std::uint32_t>(bits >> 32)};
}

// The plan's test in its codes' arithmetic, as one in 32 bits.
template <class Node>
PredictNode split_node(const Node& node) {
  using Code = typename Node::Code;
  constexpr std::uint32_t most = std::numeric_limits<Code>::max();
  const bool wraps = node.threshold > most - node.bias;
  // What goes left is then all but an interval in the middle.
  const std::uint32_t threshold = wraps ? ~std::uint32_t{0} - (most - node.threshold) : node.threshold;
  return {.left = node.left, .column = node.column, .bias = node.bias, .threshold = threshold};
}

// Appends the nodes of a tree of the plan, which are [begin, end) there.
template <class Node>
void add_nodes(const model::Plan& plan, const std::vector<Node>& nodes, const model::PlanTree& tree,
               std::size_t end, PredictForest& forest) {
  for (std::size_t n = tree.first_node; n < end; ++n) {
    const bool leaf = nodes[n].left == n - tree.first_node;
    if (leaf) {
      forest.nodes.push_back(leaf_node(std::int64_t{plan.leaf_value[n]} * (std::int64_t{1} << tree.shift)));
      continue;
    }
    forest.nodes.push_back(split_node(nodes[n]));
    const std::int32_t set = plan.node_set.empty() ? model::no_set : plan.node_set[n];
    if (set == model::no_set) continue;
    forest.nodes.back().column |= set_column;
    forest.nodes.back().bias = static_cast<std::uint32_t>(set);
  }
}

// Trees of one output after another: sums over trees are exact in any order.
void add_trees(const model::Plan& plan, std::size_t count, PredictForest& forest) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return plan.trees[a].output < plan.trees[b].output; });
  std::visit(
      [&](const auto& nodes) {
        using Node = typename std::remove_cvref_t<decltype(nodes)>::value_type;
        forest.code_bytes = static_cast<int>(sizeof(typename Node::Code));
        if (nodes.size() > std::numeric_limits<std::uint32_t>::max()) {
          fail(ErrorCode::unsupported, "{} tree nodes do not fit on a device: at most 2^32 - 1",
               nodes.size());
        }
        for (const std::size_t t : order) {
          const model::PlanTree& tree = plan.trees[t];
          const std::size_t end = t + 1 < plan.trees.size() ? plan.trees[t + 1].first_node : nodes.size();
          forest.trees.push_back({static_cast<std::uint32_t>(forest.nodes.size()), tree.output});
          add_nodes(plan, nodes, tree, end, forest);
        }
      },
      plan.nodes);
}

void cut_tiles(PredictForest& forest) {
  for (std::size_t t = 0; t < forest.trees.size(); ++t) {
    const std::size_t end =
        t + 1 < forest.trees.size() ? forest.trees[t + 1].first_node : forest.nodes.size();
    const auto nodes = static_cast<std::uint32_t>(end - forest.trees[t].first_node);
    const auto tree = static_cast<std::int32_t>(t);
    if (forest.tiles.empty() || forest.tiles.back().nodes + std::uint64_t{nodes} > most_tile_nodes) {
      forest.tiles.push_back({tree, tree, forest.trees[t].first_node, 0});
    }
    forest.tiles.back().end_tree = tree + 1;
    forest.tiles.back().nodes += nodes;
  }
}

// Values and the codes that go with them.
std::vector<std::pair<double, std::uint32_t>> values_of(const model::PlanColumn& column) {
  std::vector<std::pair<double, std::uint32_t>> values;
  if (column.type != ColumnType::categorical) {
    for (const double cut : column.cuts) values.emplace_back(cut, 0);
    return values;
  }
  for (const auto& [number, code] : column.code_of_number) {
    if (!std::isnan(number)) values.emplace_back(number, code);
  }
  std::sort(values.begin(), values.end());
  return values;
}

void add_columns(const model::Plan& plan, PredictForest& forest) {
  for (const model::PlanColumn& column : plan.columns) {
    const auto values = values_of(column);
    forest.columns.push_back({.feature = column.feature,
                              .categories = column.type == ColumnType::categorical ? column.categories : 0,
                              .first = static_cast<std::uint32_t>(forest.values.size()),
                              .count = static_cast<std::uint32_t>(values.size())});
    for (const auto& [value, code] : values) {
      forest.values.push_back(value);
      forest.rounded.push_back(round_down(value));
      forest.value_codes.push_back(code);
    }
  }
}

}  // namespace

PredictForest make_forest(const model::Ensemble& ensemble, int rounds) {
  if (rounds < 0 || rounds > ensemble.rounds()) {
    fail(ErrorCode::invalid_parameter, "rounds = {}: must be between 0 (the best) and {}", rounds,
         ensemble.rounds());
  }
  const model::Plan& plan = ensemble.plan.get(ensemble);
  const std::int64_t used = rounds == 0 ? ensemble.best_round : rounds;
  PredictForest forest;
  for (const model::OutputScale& output : ensemble.outputs) forest.base.push_back(output.base);
  forest.words = plan.set_words;
  add_columns(plan, forest);
  add_trees(plan, static_cast<std::size_t>(used * ensemble.trees_per_round), forest);
  cut_tiles(forest);
  return forest;
}

}  // namespace ramet::cuda
