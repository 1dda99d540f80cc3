// What backends and the training loop tell each other about nodes and splits.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace ramet::backend {

// Quantised gradient sums of a node's rows over all ranks, and their number.
struct NodeSums {
  std::int64_t g = 0;
  std::int64_t h = 0;
  std::int64_t rows = 0;  // -1 where only expanding the split would tell
};

struct SplitRule {
  std::int32_t feature = -1;
  // Numeric: codes 1..bin go left. Unused for categorical splits.
  std::uint32_t bin = 0;
  bool missing_left = false;
  bool categorical = false;
  std::vector<std::uint32_t> left_categories;  // categorical: bit k = category k (code k + 1) goes left
};

// Features that may be split on, ascending schema indices; null = all of the tree's.
using FeatureSet = std::shared_ptr<const std::vector<std::int32_t>>;

// Which rows a tree is grown on: those with in_sample(key, global row, fraction).
struct RowSample {
  double fraction = 1.0;
  std::uint64_t key = 0;
};

struct TreeSpec {
  std::int32_t output = 0;
  RowSample rows;
  FeatureSet features;       // colsample_bytree: histograms are built for these only
  FeatureSet root_features;  // further restricted at the root; null = features
  bool symmetric = false;    // all nodes that one expand call makes for this tree get one common candidate
};

// What is likely to be asked for after a split: the splits found up to `levels` levels of splits below its
// children, with the rule found, and children searched on all of the tree's features. All of them or, if the
// tree may have no more than `most_splits` splits, those of best-first growth, which almost surely has those
// down to where one gains less than `likely_gain`. A backend may carry such splits out ahead of time, and
// answer from what it has when it is asked. What is never asked for must leave no trace.
struct Outlook {
  static constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();
  std::int32_t levels = 0;
  std::int64_t most_splits = unlimited;
  double likely_gain = std::numeric_limits<double>::infinity();
};

// Nodes are numbered by the caller over all trees of the batch: tree t's root is node t, children as given
// here.
struct Split {
  std::int32_t tree = 0;
  std::int32_t node = 0;
  SplitRule rule;
  std::int32_t left = 0;
  std::int32_t right = 0;
  bool search_children = true;  // false: the children will be leaves
  FeatureSet left_features;
  FeatureSet right_features;
  Outlook outlook;
};

// The best split of a search unit: one node, or a symmetric tree's level (then `node` is the level's first).
struct SplitCandidate {
  std::int32_t tree = 0;
  std::int32_t node = 0;
  double gain = 0;  // 0: no split is worth it
  SplitRule rule;
  bool ahead = false;  // the split was carried out ahead of time
};

// A finished tree in its final order: node 0 is the root, children after parents.
struct FinishedTree {
  struct Node {
    std::int32_t source = 0;  // the node's number in the batch
    std::int32_t left = -1;   // -1: a leaf
    std::int32_t right = -1;
    SplitRule rule;  // split nodes
  };
  std::int32_t tree = 0;
  std::vector<Node> nodes;
};

// What the backend knows about a finished tree, per node in final order.
struct TreeValues {
  std::int32_t shift = 0;
  std::vector<std::int32_t> leaf_value;  // in units * 2^shift; 0 for split nodes
  std::vector<double> cover;             // sum of hessians
  std::vector<std::int64_t> rows;
};

}  // namespace ramet::backend
