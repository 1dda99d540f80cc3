// The order in which nodes are split: pure policy, the same for every backend, which it does not know.
//
// A queue's life: { offer(candidates); next_batch() }* until the batch is empty; then trees().
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "backend/split.hpp"
#include "ramet/params.hpp"
#include "train/column_sampler.hpp"
#include "train/growing_tree.hpp"

namespace ramet::training {

enum class GrowPolicy {
  depthwise,  // level by level; within a level highest gains first, if max_leaves binds
  lossguide,  // the leaf with the highest gain next
  symmetric,  // whole levels, all nodes of one with the same split
};

struct GrowLimits {
  GrowPolicy policy = GrowPolicy::depthwise;
  std::int32_t max_depth = 0;   // 0 = unlimited
  std::int32_t max_leaves = 0;  // 0 = unlimited
};

// As the parameters say: lossguide without any limit gets 31 leaves.
GrowLimits grow_limits(const TrainParams& params);

// What the queue must know of one tree besides its candidates.
struct TreePlan {
  ColumnSampler columns;
  // Lossguide: nodes that gain as much are expanded before it is certain that they are needed: the best gain
  // left over in the last tree like this one; infinity: there was none. Changes the batches and what backends
  // do ahead of time, never the trees.
  double expected_left_over = std::numeric_limits<double>::infinity();
};

// Grows the trees of one batch together. Tree t's root is node t.
class NodeQueue {
 public:
  NodeQueue(const GrowLimits& limits, std::vector<TreePlan> plans);

  // The best splits of the nodes (or, symmetric, levels) made by the last batch.
  void offer(std::span<const backend::SplitCandidate> candidates);

  // The next splits to carry out, over all trees; empty once every tree is complete.
  std::vector<backend::Split> next_batch();

  // The complete trees in order, and what belongs to them. Precondition: the last batch was empty.
  std::vector<backend::FinishedTree> trees() const;
  std::vector<double> gains(int tree) const;  // per node in final order; 0 for leaves
  double left_over(int tree) const;           // best gain that was not taken

 private:
  std::vector<std::int32_t> choose_depthwise(GrowingTree& tree) const;
  std::vector<std::int32_t> choose_lossguide(GrowingTree& tree, const TreePlan& plan) const;
  std::vector<std::int32_t> choose_symmetric(const GrowingTree& tree) const;
  std::vector<std::int32_t> choose(int tree);
  void split_nodes(int tree, const std::vector<std::int32_t>& chosen, std::vector<backend::Split>& batch);
  backend::Outlook outlook(int tree, std::int32_t depth) const;
  std::int32_t add_child(int tree, std::int32_t parent, bool right);
  std::int64_t max_splits() const;
  Replay grown_best_first(const GrowingTree& tree) const;
  std::vector<std::int32_t> final_splits(const GrowingTree& tree) const;

  GrowLimits limits_;
  std::vector<TreePlan> plans_;
  std::vector<GrowingTree> trees_;
  std::vector<std::pair<std::int32_t, std::int32_t>> place_;  // node number -> (tree, index in its nodes)
};

}  // namespace ramet::training
