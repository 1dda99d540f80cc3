// The queue alone, against growth of one node at a time, on trees of random gains.
#include "train/node_queue.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "math/random.hpp"

namespace ramet::training {
namespace {

// An endless tree: the gain of every node, by its path. Few distinct values, so that ties are common;
// children may gain more than their parents.
struct Gains {
  std::uint64_t seed = 0;
  int levels = 8;      // distinct gains
  double decay = 0.8;  // of gains, a level
  int deepest = 40;    // nothing is worth splitting below

  double operator()(std::uint64_t path, int depth) const {
    if (depth >= deepest) return 0;
    const std::uint64_t draw = math::draw64(seed, path) % static_cast<std::uint64_t>(levels);
    return std::ldexp(std::floor(std::ldexp(static_cast<double>(draw) * std::pow(decay, depth), 4)), -4);
  }
};

struct Node {
  std::uint64_t path = root_path;
  int depth = 0;
  int left = -1;
  int right = -1;
};

// One at a time: of all leaves split the best, the lower number among equals.
std::vector<Node> grow_best_first(const Gains& gains, const GrowLimits& limits) {
  std::vector<Node> nodes(1);
  int leaves = 1;
  while (limits.max_leaves == 0 || leaves < limits.max_leaves) {
    int best = -1;
    double best_gain = 0;
    for (int n = 0; n < static_cast<int>(nodes.size()); ++n) {
      const Node& node = nodes[static_cast<std::size_t>(n)];
      if (node.left >= 0 || (limits.max_depth > 0 && node.depth >= limits.max_depth)) continue;
      const double gain = gains(node.path, node.depth);
      if (gain > best_gain) {
        best = n;
        best_gain = gain;
      }
    }
    if (best < 0) break;
    Node& parent = nodes[static_cast<std::size_t>(best)];
    parent.left = static_cast<int>(nodes.size());
    parent.right = parent.left + 1;
    const Node copy = parent;
    nodes.push_back({.path = child_path(copy.path, false), .depth = copy.depth + 1});
    nodes.push_back({.path = child_path(copy.path, true), .depth = copy.depth + 1});
    ++leaves;
  }
  return nodes;
}

// Level by level; where the leaves run out the best of the level, the lower number among equals.
std::vector<Node> grow_by_levels(const Gains& gains, const GrowLimits& limits) {
  std::vector<Node> nodes(1);
  std::vector<int> level{0};
  int leaves = 1;
  while (!level.empty()) {
    std::vector<int> worth;
    for (const int n : level) {
      const Node& node = nodes[static_cast<std::size_t>(n)];
      const bool too_deep = limits.max_depth > 0 && node.depth >= limits.max_depth;
      if (!too_deep && gains(node.path, node.depth) > 0) worth.push_back(n);
    }
    std::stable_sort(worth.begin(), worth.end(), [&](int a, int b) {
      const Node& x = nodes[static_cast<std::size_t>(a)];
      const Node& y = nodes[static_cast<std::size_t>(b)];
      return gains(x.path, x.depth) > gains(y.path, y.depth);
    });
    if (limits.max_leaves > 0) {
      worth.resize(std::min(worth.size(), static_cast<std::size_t>(limits.max_leaves - leaves)));
    }
    std::sort(worth.begin(), worth.end());
    level.clear();
    for (const int n : worth) {
      const Node copy = nodes[static_cast<std::size_t>(n)];
      nodes[static_cast<std::size_t>(n)].left = static_cast<int>(nodes.size());
      nodes[static_cast<std::size_t>(n)].right = static_cast<int>(nodes.size()) + 1;
      for (const bool right : {false, true}) {
        level.push_back(static_cast<int>(nodes.size()));
        nodes.push_back({.path = child_path(copy.path, right), .depth = copy.depth + 1});
      }
      ++leaves;
    }
  }
  return nodes;
}

// Plays the backend: knows every node's path, answers with its gain.
struct Backend {
  std::vector<Gains> gains;  // one per tree
  bool symmetric = false;
  std::uint64_t ahead_of_seven = 0;  // of seven splits so many are carried out ahead of time
  std::map<std::int32_t, std::pair<std::uint64_t, int>> places;  // node -> path, depth
  int batches = 0;
  std::map<std::int32_t, int> expansions;  // tree -> nodes expanded

  backend::SplitCandidate candidate(std::int32_t tree, std::int32_t node) const {
    const auto [path, depth] = places.at(node);
    backend::SplitCandidate found{.tree = tree, .node = node, .gain = 0, .rule = {}};
    found.gain = gains[static_cast<std::size_t>(tree)](path, depth);
    found.rule.feature = static_cast<std::int32_t>(path & 0xffff);
    found.ahead = found.gain > 0 && path % 7 < ahead_of_seven;
    return found;
  }

  std::vector<backend::FinishedTree> grow(NodeQueue& queue) {
    std::vector<backend::SplitCandidate> candidates;
    for (std::int32_t t = 0; t < static_cast<std::int32_t>(gains.size()); ++t) {
      places[t] = {root_path, 0};
      candidates.push_back(candidate(t, t));
    }
    queue.offer(candidates);
    for (auto splits = queue.next_batch(); !splits.empty(); splits = queue.next_batch()) {
      ++batches;
      candidates.clear();
      for (std::size_t s = 0; s < splits.size(); ++s) {
        const backend::Split& split = splits[s];
        ++expansions[split.tree];
        const auto [path, depth] = places.at(split.node);
        EXPECT_EQ(split.rule.feature,
                  static_cast<std::int32_t>((symmetric ? level_path(split) : path) & 0xffff));
        EXPECT_TRUE(places.try_emplace(split.left, child_path(path, false), depth + 1).second);
        EXPECT_TRUE(places.try_emplace(split.right, child_path(path, true), depth + 1).second);
        const bool new_level = s == 0 || splits[s - 1].tree != split.tree;
        if (new_level) first_of_level[split.tree] = split.left;
        if (!split.search_children) continue;
        if (!symmetric) {
          candidates.push_back(candidate(split.tree, split.left));
          candidates.push_back(candidate(split.tree, split.right));
        } else if (new_level) {
          candidates.push_back(candidate(split.tree, split.left));
        }
      }
      queue.offer(candidates);
    }
    return queue.trees();
  }

  // Symmetric levels take the rule of their first node.
  std::uint64_t level_path(const backend::Split& split) const {
    const int depth = places.at(split.node).second;
    std::uint64_t path = root_path;
    for (int d = 0; d < depth; ++d) path = child_path(path, false);
    return path;
  }
  std::map<std::int32_t, std::int32_t> first_of_level;
};

void expect_same(const backend::FinishedTree& grown, const std::vector<Node>& expected,
                 const Backend& backend) {
  ASSERT_EQ(grown.nodes.size(), expected.size());
  for (std::size_t n = 0; n < expected.size(); ++n) {
    EXPECT_EQ(backend.places.at(grown.nodes[n].source).first, expected[n].path) << "node " << n;
    EXPECT_EQ(grown.nodes[n].left, expected[n].left) << "node " << n;
    EXPECT_EQ(grown.nodes[n].right, expected[n].right) << "node " << n;
  }
}

Gains any_gains() {
  return {.seed = *rc::gen::arbitrary<std::uint64_t>(),
          .levels = *rc::gen::elementOf(std::vector<int>{2, 3, 10, 1000}),
          .decay = *rc::gen::elementOf(std::vector<double>{0.5, 0.8, 0.95, 1.05}),
          .deepest = *rc::gen::elementOf(std::vector<int>{0, 1, 4, 9})};
}

RC_GTEST_PROP(NodeQueue, BatchedLossguideIsBestFirstGrowth, ()) {
  const GrowLimits limits{.policy = GrowPolicy::lossguide,
                          .max_depth = *rc::gen::elementOf(std::vector<std::int32_t>{0, 1, 3, 8}),
                          .max_leaves = *rc::gen::elementOf(std::vector<std::int32_t>{0, 2, 3, 7, 31, 120})};
  const int trees = *rc::gen::inRange(1, 4);
  Backend backend;
  backend.ahead_of_seven = *rc::gen::elementOf(std::vector<std::uint64_t>{0, 4, 7});
  std::vector<TreePlan> plans(static_cast<std::size_t>(trees));
  for (TreePlan& plan : plans) {
    backend.gains.push_back(any_gains());
    plan.expected_left_over =
        *rc::gen::elementOf(std::vector<double>{0, 0.5, 2, 10, std::numeric_limits<double>::infinity()});
  }
  NodeQueue queue(limits, plans);
  const std::vector<backend::FinishedTree> grown = backend.grow(queue);
  for (int t = 0; t < trees; ++t) {
    const auto i = static_cast<std::size_t>(t);
    const std::vector<Node> expected = grow_best_first(backend.gains[i], limits);
    expect_same(grown[i], expected, backend);
    double left_over = 0;
    const std::vector<double> gains = queue.gains(t);
    for (std::size_t n = 0; n < expected.size(); ++n) {
      const bool searched = limits.max_depth == 0 || expected[n].depth < limits.max_depth;
      const double gain = searched ? backend.gains[i](expected[n].path, expected[n].depth) : 0;
      RC_ASSERT(gains[n] == (expected[n].left >= 0 ? gain : 0));
      if (expected[n].left < 0) left_over = std::max(left_over, gain);
    }
    RC_ASSERT(queue.left_over(t) == left_over);
  }
  RC_ASSERT(!::testing::Test::HasFailure());
}

RC_GTEST_PROP(NodeQueue, DepthwiseGrowsLevels, ()) {
  const GrowLimits limits{.policy = GrowPolicy::depthwise,
                          .max_depth = *rc::gen::elementOf(std::vector<std::int32_t>{0, 1, 3, 8}),
                          .max_leaves = *rc::gen::elementOf(std::vector<std::int32_t>{0, 2, 3, 7, 31, 120})};
  Backend backend;
  backend.gains = {any_gains(), any_gains()};
  NodeQueue queue(limits, std::vector<TreePlan>(2));
  const std::vector<backend::FinishedTree> grown = backend.grow(queue);
  for (std::size_t t = 0; t < 2; ++t) {
    const std::vector<Node> expected = grow_by_levels(backend.gains[t], limits);
    expect_same(grown[t], expected, backend);
    // No speculation: every expanded node is in the tree.
    RC_ASSERT(backend.expansions[static_cast<std::int32_t>(t)] == static_cast<int>(expected.size() / 2));
  }
  RC_ASSERT(!::testing::Test::HasFailure());
}

TEST(NodeQueue, SymmetricSplitsWholeLevels) {
  Backend backend;
  backend.symmetric = true;
  backend.gains = {{.seed = 3, .levels = 1000, .decay = 1, .deepest = 4}};
  NodeQueue queue({.policy = GrowPolicy::symmetric, .max_depth = 6}, std::vector<TreePlan>(1));
  const std::vector<backend::FinishedTree> grown = backend.grow(queue);
  ASSERT_EQ(grown[0].nodes.size(), 31u);  // four levels of splits, though six were allowed
  EXPECT_EQ(backend.batches, 4);
  // Gains of a level are shared out evenly among its nodes.
  const std::vector<double> gains = queue.gains(0);
  std::uint64_t path = root_path;
  std::size_t first = 0;
  for (int depth = 0; depth < 4; ++depth) {
    for (std::size_t n = first; n < 2 * first + 1; ++n) {
      EXPECT_EQ(gains[n], std::ldexp(backend.gains[0](path, depth), -depth)) << "node " << n;
    }
    first = 2 * first + 1;
    path = child_path(path, false);
  }
}

TEST(NodeQueue, NoSplitMakesOneLeaf) {
  for (const GrowPolicy policy : {GrowPolicy::depthwise, GrowPolicy::lossguide, GrowPolicy::symmetric}) {
    Backend backend;
    backend.gains = {{.seed = 1, .levels = 8, .decay = 1, .deepest = 0}};
    NodeQueue queue({.policy = policy, .max_depth = 3}, std::vector<TreePlan>(1));
    const std::vector<backend::FinishedTree> grown = backend.grow(queue);
    EXPECT_EQ(grown[0].nodes.size(), 1u);
    EXPECT_EQ(backend.batches, 0);
  }
}

TEST(NodeQueue, SpeculationSavesBatchesAndWastesLittle) {
  // Rougher than real trees: a node's gain says nothing about its children's.
  const GrowLimits limits{.policy = GrowPolicy::lossguide, .max_depth = 0, .max_leaves = 255};
  double left_over = std::numeric_limits<double>::infinity();
  for (std::uint64_t tree = 0; tree < 10; ++tree) {
    Backend backend;
    backend.gains = {{.seed = tree, .levels = 1'000'000, .decay = 0.7, .deepest = 40}};
    std::vector<TreePlan> plans(1);
    plans[0].expected_left_over = left_over;
    NodeQueue queue(limits, plans);
    const std::vector<backend::FinishedTree> grown = backend.grow(queue);
    left_over = queue.left_over(0);
    ASSERT_EQ(grown[0].nodes.size(), 509u);
    EXPECT_LE(backend.batches, 30) << "tree " << tree;
    if (tree > 0) {
      EXPECT_LE(backend.expansions[0], 254 * 3 / 2) << "tree " << tree;
    }
  }
}

TEST(NodeQueue, AsksForWhatIsThereBeforeAnythingElse) {
  const GrowLimits limits{.policy = GrowPolicy::lossguide, .max_leaves = 30};
  NodeQueue queue(limits, std::vector<TreePlan>(1));
  const backend::SplitCandidate root{.tree = 0, .node = 0, .gain = 5, .rule = {}};
  queue.offer({&root, 1});
  const std::vector<backend::Split> first = queue.next_batch();
  ASSERT_EQ(first.size(), 1u);
  const backend::SplitCandidate children[2] = {
      {.tree = 0, .node = first[0].left, .gain = 4, .rule = {}},
      {.tree = 0, .node = first[0].right, .gain = 1, .rule = {}, .ahead = true}};
  queue.offer(children);
  const std::vector<backend::Split> second = queue.next_batch();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].node, first[0].right);
}

TEST(GrowLimits, LossguideWithoutLimitsHas31Leaves) {
  TrainParams params;
  params.grow_policy = "lossguide";
  EXPECT_EQ(grow_limits(params).max_leaves, 0);  // max_depth is 6
  params.max_depth = 0;
  EXPECT_EQ(grow_limits(params).max_leaves, 31);
  params.max_leaves = 12;
  EXPECT_EQ(grow_limits(params).max_leaves, 12);
  params.grow_policy = "depthwise";
  EXPECT_EQ(grow_limits(params).policy, GrowPolicy::depthwise);
  params.grow_policy = "symmetric";
  EXPECT_EQ(grow_limits(params).policy, GrowPolicy::symmetric);
}

std::vector<backend::Split> first_batch(const GrowLimits& limits, TreePlan plan) {
  std::vector<TreePlan> plans;
  plans.push_back(std::move(plan));
  NodeQueue queue(limits, std::move(plans));
  const backend::SplitCandidate root{.tree = 0, .node = 0, .gain = 5, .rule = {}};
  queue.offer({&root, 1});
  return queue.next_batch();
}

TEST(NodeQueue, SaysWhatIsLikelyToBeAskedForNext) {
  const GrowLimits by_levels{.policy = GrowPolicy::depthwise, .max_depth = 8};
  backend::Outlook outlook = first_batch(by_levels, {}).at(0).outlook;
  EXPECT_EQ(outlook.levels, 7);
  EXPECT_EQ(outlook.most_splits, backend::Outlook::unlimited);
  // A bound on leaves may end any level.
  EXPECT_EQ(first_batch({.policy = GrowPolicy::depthwise, .max_leaves = 30}, {}).at(0).outlook.levels, 0);
  EXPECT_EQ(first_batch({.policy = GrowPolicy::symmetric, .max_depth = 3}, {}).at(0).outlook.levels, 0);
  // Nodes whose features are their own are not searched ahead of time.
  TrainParams params;
  params.colsample_bynode = 0.5;
  EXPECT_EQ(first_batch(by_levels, {.columns = ColumnSampler(params, 10, 0, 0)}).at(0).outlook.levels, 0);

  const GrowLimits best_first{.policy = GrowPolicy::lossguide, .max_leaves = 30};
  outlook = first_batch(best_first, {.columns = {}, .expected_left_over = 0.25}).at(0).outlook;
  EXPECT_EQ(outlook.most_splits, 29);
  EXPECT_GE(outlook.levels, 29);
  EXPECT_EQ(outlook.likely_gain, 0.25);
  // Before the first tree nothing is.
  EXPECT_TRUE(std::isinf(first_batch(best_first, {}).at(0).outlook.likely_gain));
}

}  // namespace
}  // namespace ramet::training
