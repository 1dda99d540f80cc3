// What is known about one tree while it grows: every node that was expanded, wanted in the end or not.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "backend/split.hpp"

namespace ramet::training {

struct KnownNode {
  std::int32_t number = 0;  // the backend's, over all trees of the batch
  std::int32_t depth = 0;
  std::uint64_t path = 0;
  std::int32_t left = -1;  // indices into GrowingTree::nodes; -1: not expanded
  std::int32_t right = -1;
  std::int32_t parent = -1;
  double gain = 0;  // of the best split; 0: none, or not searched
  // The least gain from the root to here. Best-first growth splits nodes in its descending order.
  double bottleneck = 0;
  backend::SplitRule rule;

  bool expanded() const { return left >= 0; }
  bool splittable() const { return gain > 0; }
};

// Which nodes lossguide growth would split, as far as is known.
struct Replay {
  std::vector<std::int32_t> splits;   // expanded nodes, in best-first order
  std::vector<std::int32_t> reached;  // not expanded ones that come up, in that order; empty: tree complete
  double left_over = 0;               // best gain among the nodes that stay leaves
};

// A node that may be split, expanded or not.
struct Contender {
  double bottleneck = 0;
  std::int32_t node = 0;  // index into GrowingTree::nodes
};

struct GrowingTree {
  std::vector<KnownNode> nodes;       // in order of creation; 0 is the root
  std::vector<Contender> contenders;  // nodes with a split, in the order in which they became known
  // What find_reached keeps: how many contenders it has seen, the highest bottlenecks of those, as many as
  // may be split (a heap, the least in front), and, best first, those that were not expanded and may come up.
  std::size_t seen = 0;
  std::vector<double> highest;
  std::vector<Contender> open;
  std::vector<std::int32_t> ahead;     // not asked for yet, but carried out
  std::vector<std::int32_t> frontier;  // by levels: the nodes of the deepest level so far
  std::vector<std::int32_t> splits;    // by levels: the expanded nodes, in order
  std::int32_t leaves = 1;             // by levels: leaves so far
  std::optional<Replay> complete;      // best first: how a tree has grown of which all is known
};

// Plays best-first growth up to `max_splits` splits: the leaf with the highest gain is split next, of equal
// ones the one with the lower final number. Nodes that are not expanded are taken to have no children worth
// splitting, so everything before the first of them, and it, is certain.
Replay replay_best_first(const GrowingTree& tree, std::int64_t max_splits);

// Takes note of the best split of a node; a gain of 0: there is none.
void set_best_split(GrowingTree& tree, std::int32_t node, double gain, const backend::SplitRule& rule);

// What replay_best_first reports as reached, by selection instead of a queue: exact but for the order of
// nodes that gain equally. Empty does not mean that the tree is complete. `max_splits` is the same in each
// call for a tree.
std::vector<std::int32_t> find_reached(GrowingTree& tree, std::int64_t max_splits);

// The tree made by `splits` (parents before children), numbered in that order: children get the next two
// numbers when their parent is split. `gains`, if given, receives the gain of every node (0 for leaves).
backend::FinishedTree number_nodes(const GrowingTree& tree, const std::vector<std::int32_t>& splits,
                                   std::int32_t tree_number, std::vector<double>* gains);

}  // namespace ramet::training
