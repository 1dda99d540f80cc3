#include "train/growing_tree.hpp"

#include <algorithm>
#include <functional>
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

void set_best_split(GrowingTree& tree, std::int32_t node, double gain, const backend::SplitRule& rule) {
  KnownNode& known = tree.nodes[static_cast<std::size_t>(node)];
  known.gain = gain;
  known.rule = rule;
  known.bottleneck = gain;
  if (known.parent >= 0)
    known.bottleneck = std::min(gain, tree.nodes[static_cast<std::size_t>(known.parent)].bottleneck);
  if (known.splittable()) tree.contenders.push_back({known.bottleneck, node});
}

namespace {

bool comes_later(const Contender& a, const Contender& b) {
  return a.bottleneck != b.bottleneck ? a.bottleneck < b.bottleneck : a.node > b.node;
}

bool comes_first(const Contender& a, const Contender& b) { return comes_later(b, a); }

// Brings what find_reached keeps up to date. Returns the bottleneck of the last node that is split, or -1 if
// all contenders are.
double see_new_contenders(GrowingTree& tree, std::int64_t max_splits) {
  std::vector<double>& highest = tree.highest;
  const auto sorted = static_cast<std::ptrdiff_t>(tree.open.size());
  for (; tree.seen < tree.contenders.size(); ++tree.seen) {
    const Contender& c = tree.contenders[tree.seen];
    tree.open.push_back(c);
    if (static_cast<std::int64_t>(highest.size()) == max_splits) {
      if (c.bottleneck <= highest.front()) continue;
      std::pop_heap(highest.begin(), highest.end(), std::greater<>());
      highest.back() = c.bottleneck;
    } else {
      highest.push_back(c.bottleneck);
    }
    std::push_heap(highest.begin(), highest.end(), std::greater<>());
  }
  std::sort(tree.open.begin() + sorted, tree.open.end(), comes_first);
  std::inplace_merge(tree.open.begin(), tree.open.begin() + sorted, tree.open.end(), comes_first);
  const bool all_are_split = static_cast<std::int64_t>(tree.seen) <= max_splits;
  const double last = all_are_split ? -1 : highest.front();
  std::erase_if(tree.open, [&](const Contender& c) {
    return c.bottleneck < last || tree.nodes[static_cast<std::size_t>(c.node)].expanded();
  });
  return last;
}

// Below a node that gains the least come those that gain more: all have its bottleneck, `last`, and are split
// best first until there is no room. Appends those that come up.
void split_last(const GrowingTree& tree, double last, std::int64_t room, std::vector<std::int32_t>& reached) {
  const auto known = [&](std::int32_t node) -> const KnownNode& {
    return tree.nodes[static_cast<std::size_t>(node)];
  };
  std::vector<Contender> line;  // a heap, by gain
  const auto join_line = [&](std::int32_t node) {
    if (known(node).bottleneck != last) return;
    line.push_back({known(node).gain, node});
    std::push_heap(line.begin(), line.end(), comes_later);
  };
  for (const Contender& c : tree.contenders) {
    if (c.bottleneck != last) continue;
    const std::int32_t parent = known(c.node).parent;
    if (parent < 0 || known(parent).bottleneck != last) join_line(c.node);
  }
  for (; room > 0 && !line.empty(); --room) {
    std::pop_heap(line.begin(), line.end(), comes_later);
    const std::int32_t node = line.back().node;
    line.pop_back();
    if (!known(node).expanded()) {
      reached.push_back(node);
    } else {
      join_line(known(node).left);
      join_line(known(node).right);
    }
  }
}

}  // namespace

std::vector<std::int32_t> find_reached(GrowingTree& tree, std::int64_t max_splits) {
  if (max_splits <= 0) return {};
  const double last = see_new_contenders(tree, max_splits);
  std::vector<std::int32_t> reached;
  reached.reserve(tree.open.size());
  for (const Contender& c : tree.open) {
    if (c.bottleneck > last) reached.push_back(c.node);
  }
  if (last < 0) return reached;
  const auto above = std::count_if(tree.highest.begin(), tree.highest.end(),
                                   [&](double bottleneck) { return bottleneck > last; });
  split_last(tree, last, max_splits - above, reached);
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
