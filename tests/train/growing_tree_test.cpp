// Nodes that best-first growth reaches, by selection and by replaying it.
#include "train/growing_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace ramet::training {
namespace {

// A tree of which random nodes are expanded. Few different gains, so that many are equal.
GrowingTree random_tree(std::mt19937& random, int expanded) {
  GrowingTree tree;
  const auto add = [&](std::int32_t parent) {
    const auto node = static_cast<std::int32_t>(tree.nodes.size());
    tree.nodes.push_back({.parent = parent, .rule = {}});
    set_best_split(tree, node, static_cast<double>(random() % 60), {});
    return node;
  };
  add(-1);
  for (int i = 0; i < expanded; ++i) {
    const auto parent = static_cast<std::int32_t>(random() % tree.nodes.size());
    const KnownNode& chosen = tree.nodes[static_cast<std::size_t>(parent)];
    if (chosen.expanded() || !chosen.splittable()) continue;
    const std::int32_t left = add(parent);
    const std::int32_t right = add(parent);
    tree.nodes[static_cast<std::size_t>(parent)].left = left;
    tree.nodes[static_cast<std::size_t>(parent)].right = right;
  }
  return tree;
}

std::vector<std::int32_t> above(const GrowingTree& tree, std::vector<std::int32_t> nodes, double least) {
  std::erase_if(nodes,
                [&](std::int32_t n) { return tree.nodes[static_cast<std::size_t>(n)].bottleneck <= least; });
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

TEST(GrowingTree, SelectionReachesWhatBestFirstGrowthReaches) {
  std::mt19937 random(11);
  for (int i = 0; i < 500; ++i) {
    GrowingTree tree = random_tree(random, 1 + i % 80);
    const std::int64_t max_splits = 1 + static_cast<std::int64_t>(random() % 60);
    const Replay replay = replay_best_first(tree, max_splits);
    const std::vector<std::int32_t> reached = find_reached(tree, max_splits);
    // Whatever it dropped.
    EXPECT_EQ(above(tree, reached, -1), above(tree, find_reached(tree, max_splits), -1));
    // Which of the nodes with the least bottleneck are still reached, the two may see differently.
    double least = tree.nodes[0].gain;
    for (const std::vector<std::int32_t>* nodes : {&replay.splits, &replay.reached}) {
      for (const std::int32_t n : *nodes)
        least = std::min(least, tree.nodes[static_cast<std::size_t>(n)].bottleneck);
    }
    EXPECT_EQ(above(tree, reached, least), above(tree, replay.reached, least));
    for (const std::int32_t n : reached) EXPECT_GE(tree.nodes[static_cast<std::size_t>(n)].bottleneck, least);
  }
}

}  // namespace
}  // namespace ramet::training
