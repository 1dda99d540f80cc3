// Bit-sliced prediction: 512 rows at a time, each row one bit of a 64-byte mask.
//
// Every distinct test of a tile of trees (`code - bias <= threshold` on a column) is evaluated once per block
// of rows into a mask. A tree then passes the set of rows that reach each node on to its children with two
// logical operations, breadth first, without branches; last, the number of each row's leaf is put together
// from 8 bit planes. About 2 n + 2 n operations on masks for a tree of n leaves, whatever its depth. The idea
// of rows as bits: Ye et al., "RapidScorer", KDD 2018 (there bits are leaves).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ramet::model {

struct Plan;

inline constexpr int slice_rows = 512;
inline constexpr int slice_words = slice_rows / 64;
inline constexpr int most_slice_leaves = 256;
inline constexpr int most_tile_predicates = 4096;  // their masks take 256 KB

struct Predicate {
  std::uint32_t column = 0;
  std::uint32_t bias = 0;
  std::uint32_t threshold = 0;

  bool operator==(const Predicate&) const = default;
};

// The j-th split of a tree sends the rows of node `node` to nodes 2 j + 1 and 2 j + 2.
struct SliceSplit {
  std::uint32_t predicate = 0;  // of its tile
  std::uint32_t node = 0;
};

struct SliceTree {
  std::size_t tree = 0;  // of the plan
  std::size_t first_split = 0;
  std::size_t first_leaf = 0;
  int splits = 0;  // it has splits + 1 leaves
};

struct SliceTile {
  std::size_t first_predicate = 0;
  std::size_t predicates = 0;
  std::size_t first_tree = 0;
  std::size_t trees = 0;
};

// The trees of a plan that can be sliced: at most 256 leaves, no bit sets.
struct SlicePlan {
  std::vector<Predicate> predicates;
  std::vector<SliceSplit> splits;
  std::vector<std::uint32_t> leaves;  // nodes within their tree
  std::vector<SliceTree> trees;
  std::vector<SliceTile> tiles;
};

// Of a plan whose nodes are made; marks its sliced trees. Plans with four-byte codes have none.
SlicePlan make_slices(Plan& plan);

// Masks of a tile, one after the other; rows that are not there have any bits. `codes`: see walk.hpp, 512
// rows. `masks`: slice_words for each predicate, aligned to 64 bytes.
void evaluate_predicates(std::span<const Predicate> predicates, const std::uint8_t* codes,
                         std::int64_t stride, std::uint64_t* masks);
void evaluate_predicates(std::span<const Predicate> predicates, const std::uint16_t* codes,
                         std::int64_t stride, std::uint64_t* masks);

// Number of the leaf, in the order of `leaves`, that each of 512 rows reaches. `scratch`: 2 *
// most_slice_leaves masks, aligned to 64 bytes.
void sliced_leaves(std::span<const SliceSplit> splits, std::span<const std::uint32_t> leaves,
                   const std::uint64_t* masks, std::uint64_t* scratch,
                   std::array<std::uint8_t, slice_rows>& out);

}  // namespace ramet::model
