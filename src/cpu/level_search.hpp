// The best common split of all nodes of a symmetric tree's level on one column.
#pragma once

#include <span>
#include <vector>

#include "cpu/split_candidate.hpp"

namespace ramet::cpu {

struct LevelNode {
  SearchNode node;
  bool splittable = false;  // prepare_node's answer; otherwise the node adds nothing
};

// Sum of the nodes' parent scores, in order: what the total gain is compared with.
double level_parent_score(std::span<const LevelNode> nodes);

// Improves `best` if the column has a better split of the level.
void search_level_column(const SearchSettings& settings, const SearchColumn& column,
                         std::span<const LevelNode> nodes, double parent_score, BestSplit& best);

}  // namespace ramet::cpu
