#include "train/growing_tree.hpp"

#include <algorithm>
#include <queue>

namespace ramet::training {
namespace {

struct Leaf {
  double gain;
  std::int32_t final_number;
  std::int32_t node;
};

struct ComesLater {
  bool operator()(const Leaf& a, const Leaf& b) const {
    return a.gain != b.gain ? a.gain < b.gain : a.final_number > b.final_number;
  }
};

}  // namespace

Replay replay_best_first(const GrowingTree& tree, std::int64_t max_splits) {
  Replay replay;
  std::priority_queue<Leaf, std::vector<Leaf>, ComesLater> leaves;
  const auto add_leaf = [&](std::int32_t node, std::int32_t final_number) {
    const KnownNode& known = tree.nodes[static_cast<std::size_t>(node)];
    if (known.splittable()) leaves.push({known.gain, final_number, node});
  };
  add_leaf(0, 0);
  std::int32_t next_number = 1;
  for (std::int64_t split = 0; split < max_splits && !leaves.empty(); ++split) {
    const Leaf best = leaves.top();
    leaves.pop();
    const KnownNode& known = tree.nodes[static_cast<std::size_t>(best.node)];
    if (known.expanded()) {
      replay.splits.push_back(best.node);
      add_leaf(known.left, next_number);
      add_leaf(known.right, next_number + 1);
    } else {
      replay.reached.push_back(best.node);
    }
    next_number += 2;
  }
  if (!leaves.empty()) replay.left_over = leaves.top().gain;
  return replay;
}

std::vector<std::int32_t> find_reached(const GrowingTree& tree, std::int64_t max_splits) {
  struct Known {
    double bottleneck;
    std::int32_t node;
  };
  std::vector<Known> known;
  known.reserve(tree.nodes.size());
  for (std::size_t n = 0; n < tree.nodes.size(); ++n) {
    if (tree.nodes[n].splittable()) known.push_back({tree.nodes[n].bottleneck, static_cast<std::int32_t>(n)});
  }
  const auto first = [](const Known& a, const Known& b) {
    return a.bottleneck != b.bottleneck ? a.bottleneck > b.bottleneck : a.node < b.node;
  };
  if (static_cast<std::int64_t>(known.size()) > max_splits) {
    std::nth_element(known.begin(), known.begin() + max_splits, known.end(), first);
    known.resize(static_cast<std::size_t>(max_splits));
  }
  std::erase_if(known,
                [&](const Known& k) { return tree.nodes[static_cast<std::size_t>(k.node)].expanded(); });
  std::sort(known.begin(), known.end(), first);
  std::vector<std::int32_t> reached;
  reached.reserve(known.size());
  for (const Known& k : known) reached.push_back(k.node);
  return reached;
}

backend::FinishedTree number_nodes(const GrowingTree& tree, const std::vector<std::int32_t>& splits,
                                   std::int32_t tree_number, std::vector<double>* gains) {
  backend::FinishedTree finished{.tree = tree_number, .nodes = {}};
  std::vector<std::int32_t> final_number(tree.nodes.size(), -1);
  const auto add_node = [&](std::int32_t node) {
    const auto number = static_cast<std::int32_t>(finished.nodes.size());
    final_number[static_cast<std::size_t>(node)] = number;
    finished.nodes.push_back({.source = tree.nodes[static_cast<std::size_t>(node)].number, .rule = {}});
    return number;
  };
  finished.nodes.reserve(2 * splits.size() + 1);
  add_node(0);
  if (gains != nullptr) gains->assign(2 * splits.size() + 1, 0.0);
  for (const std::int32_t node : splits) {
    const KnownNode& known = tree.nodes[static_cast<std::size_t>(node)];
    const auto number = static_cast<std::size_t>(final_number[static_cast<std::size_t>(node)]);
    const std::int32_t left = add_node(known.left);
    const std::int32_t right = add_node(known.right);
    finished.nodes[number].left = left;
    finished.nodes[number].right = right;
    finished.nodes[number].rule = known.rule;
    if (gains != nullptr) (*gains)[number] = known.gain;
  }
  return finished;
}

}  // namespace ramet::training
