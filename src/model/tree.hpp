// One regression tree as parallel arrays, one entry per node. Node 0 is the root, children come after
// parents.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ramet::model {

inline constexpr std::int32_t no_child = -1;

struct Tree {
  std::int32_t output = 0;  // the margin that the leaves add to
  std::int32_t shift = 0;   // a leaf adds leaf_value * 2^shift units to it

  std::vector<std::int32_t> left;  // no_child: a leaf
  std::vector<std::int32_t> right;
  std::vector<std::int32_t> feature;       // schema index; -1 in leaves
  std::vector<double> cut;                 // numeric: x <= cut goes left (may be +infinity); 0 otherwise
  std::vector<std::uint8_t> missing_left;  // where missing values (and unseen categories) go
  std::vector<std::int32_t> category_set;  // categorical: offset of the split's first word; else -1
  std::vector<std::int32_t> leaf_value;    // leaves; 0 otherwise
  std::vector<double> gain;                // split nodes; 0 otherwise
  std::vector<double> cover;               // sum of hessians of the node's (sampled) rows
  std::vector<std::int64_t> rows;          // number of them

  // Bit k of a split's words: category k goes left. (categories + 31) / 32 words per set,
  // its own.
  std::vector<std::uint32_t> category_words;

  std::int32_t nodes() const { return static_cast<std::int32_t>(left.size()); }
  bool is_leaf(std::int32_t node) const { return left[static_cast<std::size_t>(node)] == no_child; }
};

}  // namespace ramet::model
