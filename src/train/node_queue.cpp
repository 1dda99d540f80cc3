#include "train/node_queue.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "backend/limits.hpp"
#include "base/error.hpp"

namespace ramet::training {
namespace {

// Speculation of lossguide growth: a batch has all nodes that gain as much as the last tree left over, and is
// filled up with the next in line to a share of the tree; before the first tree, with a share of the line. On
// trees of 255 leaves and depth 16 this takes 3 batches more than the depth, and expands 2 % more nodes than
// one-at-a-time growth; on ones of depth 27 11 % more.
constexpr std::int32_t leaves_per_filled_node = 20;
constexpr std::int32_t least_filled = 4;
constexpr double first_tree_share = 0.4;

}  // namespace

GrowLimits grow_limits(const TrainParams& params) {
  GrowLimits limits{.max_depth = params.max_depth, .max_leaves = params.max_leaves};
  if (params.grow_policy == "symmetric") limits.policy = GrowPolicy::symmetric;
  if (params.grow_policy == "lossguide") {
    limits.policy = GrowPolicy::lossguide;
    if (limits.max_depth == 0 && limits.max_leaves == 0) limits.max_leaves = backend::lossguide_leaves;
  }
  return limits;
}

NodeQueue::NodeQueue(const GrowLimits& limits, std::vector<TreePlan> plans)
    : limits_(limits), plans_(std::move(plans)), trees_(plans_.size()) {
  for (std::size_t t = 0; t < trees_.size(); ++t) {
    trees_[t].nodes.push_back({.number = static_cast<std::int32_t>(t), .path = root_path, .rule = {}});
    trees_[t].frontier = {0};
    place_.emplace_back(static_cast<std::int32_t>(t), 0);
  }
}

void NodeQueue::offer(std::span<const backend::SplitCandidate> candidates) {
  for (const backend::SplitCandidate& candidate : candidates) {
    const auto [tree_number, index] = place_.at(static_cast<std::size_t>(candidate.node));
    GrowingTree& tree = trees_[static_cast<std::size_t>(tree_number)];
    if (limits_.policy != GrowPolicy::symmetric) {
      set_best_split(tree, index, candidate.gain, candidate.rule);
      if (candidate.ahead) tree.ahead.push_back(index);
      continue;
    }
    // The level's gain is shared out evenly, so that a tree's gains still add up to what it gained.
    for (const std::int32_t member : tree.frontier) {
      KnownNode& node = tree.nodes[static_cast<std::size_t>(member)];
      node.gain = std::ldexp(candidate.gain, -node.depth);
      node.rule = candidate.rule;
    }
  }
}

std::vector<backend::Split> NodeQueue::next_batch() {
  std::vector<std::vector<std::int32_t>> chosen;
  chosen.reserve(trees_.size());
  std::size_t splits = 0;
  for (int tree = 0; tree < static_cast<int>(trees_.size()); ++tree) {
    chosen.push_back(choose(tree));
    splits += chosen.back().size();
  }
  std::vector<backend::Split> batch;
  batch.reserve(splits);
  for (std::size_t tree = 0; tree < trees_.size(); ++tree)
    split_nodes(static_cast<int>(tree), chosen[tree], batch);
  return batch;
}

std::vector<std::int32_t> NodeQueue::choose(int tree) {
  GrowingTree& growing = trees_[static_cast<std::size_t>(tree)];
  switch (limits_.policy) {
    case GrowPolicy::depthwise:
      return choose_depthwise(growing);
    case GrowPolicy::lossguide:
      return choose_lossguide(growing, plans_[static_cast<std::size_t>(tree)]);
    case GrowPolicy::symmetric:
      return choose_symmetric(growing);
  }
  fail(ErrorCode::internal, "unknown growth policy");
}

std::vector<std::int32_t> NodeQueue::choose_depthwise(GrowingTree& tree) const {
  std::vector<std::int32_t> chosen;
  for (const std::int32_t node : tree.frontier) {
    if (tree.nodes[static_cast<std::size_t>(node)].splittable()) chosen.push_back(node);
  }
  const auto room = static_cast<std::size_t>(std::max<std::int64_t>(0, max_splits() - (tree.leaves - 1)));
  if (chosen.size() > room) {
    std::stable_sort(chosen.begin(), chosen.end(), [&](std::int32_t a, std::int32_t b) {
      return tree.nodes[static_cast<std::size_t>(a)].gain > tree.nodes[static_cast<std::size_t>(b)].gain;
    });
    chosen.resize(room);
    std::sort(chosen.begin(), chosen.end());
  }
  return chosen;
}

std::vector<std::int32_t> NodeQueue::choose_symmetric(const GrowingTree& tree) const {
  if (tree.frontier.empty()) return {};
  const KnownNode& first = tree.nodes[static_cast<std::size_t>(tree.frontier.front())];
  return first.splittable() ? tree.frontier : std::vector<std::int32_t>{};
}

std::vector<std::int32_t> NodeQueue::choose_lossguide(GrowingTree& tree, const TreePlan& plan) const {
  if (tree.complete) return {};
  // What is there already costs nothing, wanted or not, and tells more of what will be needed.
  if (!tree.ahead.empty()) return std::exchange(tree.ahead, {});
  std::vector<std::int32_t> reached = find_reached(tree, max_splits());
  if (reached.empty()) {
    Replay replay = replay_best_first(tree, max_splits());
    reached = replay.reached;
    if (reached.empty()) tree.complete = std::move(replay);
  }
  // Without a bound on leaves every node that comes up is certain to be split.
  if (reached.empty() || limits_.max_leaves == 0) return reached;
  const bool first_tree = std::isinf(plan.expected_left_over);
  std::size_t room =
      static_cast<std::size_t>(std::max(least_filled, limits_.max_leaves / leaves_per_filled_node));
  if (first_tree)
    room = std::max(room, static_cast<std::size_t>(first_tree_share * static_cast<double>(reached.size())));
  const auto gain = [&](std::int32_t node) { return tree.nodes[static_cast<std::size_t>(node)].gain; };
  const auto is_clear = [&](std::int32_t node) {
    return node == reached.front() || gain(node) >= plan.expected_left_over;
  };
  const auto clear = static_cast<std::size_t>(std::count_if(reached.begin(), reached.end(), is_clear));
  std::size_t filled = clear < room ? room - clear : 0;
  std::vector<std::int32_t> chosen;
  for (const std::int32_t node : reached) {
    if (is_clear(node)) {
      chosen.push_back(node);
    } else if (filled > 0) {
      chosen.push_back(node);
      --filled;
    }
  }
  return chosen;
}

void NodeQueue::split_nodes(int tree, const std::vector<std::int32_t>& chosen,
                            std::vector<backend::Split>& batch) {
  GrowingTree& growing = trees_[static_cast<std::size_t>(tree)];
  ColumnSampler& columns = plans_[static_cast<std::size_t>(tree)].columns;
  growing.frontier.clear();
  growing.leaves += static_cast<std::int32_t>(chosen.size());
  const bool by_levels = limits_.policy != GrowPolicy::lossguide;
  const bool complete = by_levels && growing.leaves - 1 >= max_splits();
  for (const std::int32_t parent : chosen) {
    const std::int32_t left = add_child(tree, parent, false);
    const std::int32_t right = add_child(tree, parent, true);
    KnownNode& node = growing.nodes[static_cast<std::size_t>(parent)];
    node.left = left;
    node.right = right;
    const KnownNode& left_node = growing.nodes[static_cast<std::size_t>(left)];
    const KnownNode& right_node = growing.nodes[static_cast<std::size_t>(right)];
    const std::int32_t depth = node.depth + 1;
    backend::Split split;
    split.tree = tree;
    split.node = node.number;
    split.rule = node.rule;
    split.left = left_node.number;
    split.right = right_node.number;
    split.search_children = !complete && (limits_.max_depth == 0 || depth < limits_.max_depth);
    if (split.search_children) {
      split.left_features = columns.by_node(depth, left_node.path);
      split.right_features = columns.by_node(depth, right_node.path);
      split.outlook = outlook(tree, depth);
    }
    batch.push_back(std::move(split));
    growing.frontier.insert(growing.frontier.end(), {left, right});
  }
  growing.splits.insert(growing.splits.end(), chosen.begin(), chosen.end());
}

// Of a split whose children are at `depth`.
backend::Outlook NodeQueue::outlook(int tree, std::int32_t depth) const {
  const TreePlan& plan = plans_[static_cast<std::size_t>(tree)];
  if (limits_.policy == GrowPolicy::symmetric || !plan.columns.same_for_all_nodes()) return {};
  backend::Outlook outlook{.levels = limits_.max_depth == 0 ? std::numeric_limits<std::int32_t>::max()
                                                            : limits_.max_depth - depth};
  if (limits_.max_leaves == 0) return outlook;  // every split that is found is taken
  if (limits_.policy == GrowPolicy::depthwise) return {};
  outlook.most_splits = max_splits();
  outlook.likely_gain = plan.expected_left_over;
  return outlook;
}

std::int32_t NodeQueue::add_child(int tree, std::int32_t parent, bool right) {
  GrowingTree& growing = trees_[static_cast<std::size_t>(tree)];
  const KnownNode& above = growing.nodes[static_cast<std::size_t>(parent)];
  KnownNode child{
      .depth = above.depth + 1, .path = child_path(above.path, right), .parent = parent, .rule = {}};
  child.number = static_cast<std::int32_t>(place_.size());
  const auto index = static_cast<std::int32_t>(growing.nodes.size());
  growing.nodes.push_back(std::move(child));
  place_.emplace_back(tree, index);
  return index;
}

std::int64_t NodeQueue::max_splits() const {
  return limits_.max_leaves == 0 ? std::numeric_limits<std::int64_t>::max() : limits_.max_leaves - 1;
}

Replay NodeQueue::grown_best_first(const GrowingTree& tree) const {
  return tree.complete ? *tree.complete : replay_best_first(tree, max_splits());
}

std::vector<std::int32_t> NodeQueue::final_splits(const GrowingTree& tree) const {
  return limits_.policy == GrowPolicy::lossguide ? grown_best_first(tree).splits : tree.splits;
}

std::vector<backend::FinishedTree> NodeQueue::trees() const {
  std::vector<backend::FinishedTree> finished;
  for (std::size_t t = 0; t < trees_.size(); ++t) {
    finished.push_back(
        number_nodes(trees_[t], final_splits(trees_[t]), static_cast<std::int32_t>(t), nullptr));
  }
  return finished;
}

std::vector<double> NodeQueue::gains(int tree) const {
  const GrowingTree& growing = trees_.at(static_cast<std::size_t>(tree));
  std::vector<double> gains;
  number_nodes(growing, final_splits(growing), tree, &gains);
  return gains;
}

double NodeQueue::left_over(int tree) const {
  const GrowingTree& growing = trees_.at(static_cast<std::size_t>(tree));
  return limits_.policy == GrowPolicy::lossguide ? grown_best_first(growing).left_over : 0.0;
}

}  // namespace ramet::training
