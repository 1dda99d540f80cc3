// Which features a tree, a level and a node may split on. Counter-based: a set depends on seed, round, output
// and place in the tree, never on the order in which nodes are grown.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/split.hpp"
#include "ramet/params.hpp"

namespace ramet::training {

// A node's place in its tree: a hash of the left and right turns from the root.
inline constexpr std::uint64_t root_path = 1;
std::uint64_t child_path(std::uint64_t parent, bool right);

// Of `from`, the max(1, round(fraction * size)) features with the smallest draws, ascending.
// Precondition: `from` is not empty.
std::vector<std::int32_t> sample_features(const std::vector<std::int32_t>& from, double fraction,
                                          std::uint64_t key);

// The feature sets of one tree. Samples nest: a level's is drawn from the tree's, a node's from its level's.
// Null stands for the whole set of the tree (for by_tree: of the schema).
class ColumnSampler {
 public:
  ColumnSampler() = default;  // all features everywhere
  ColumnSampler(const TrainParams& params, int features, int round, int output);

  const backend::FeatureSet& by_tree() const { return tree_; }
  backend::FeatureSet by_node(int depth, std::uint64_t path);
  // Whether by_node is null for every node.
  bool same_for_all_nodes() const { return level_fraction_ >= 1 && node_fraction_ >= 1; }

 private:
  const backend::FeatureSet& by_level(int depth);

  backend::FeatureSet tree_;
  std::vector<std::int32_t> candidates_;     // the tree's features, spelled out
  std::vector<backend::FeatureSet> levels_;  // those asked for so far
  double level_fraction_ = 1.0;
  double node_fraction_ = 1.0;
  std::uint64_t level_key_ = 0;
  std::uint64_t node_key_ = 0;
};

}  // namespace ramet::training
