// An ensemble laid out for prediction: only the cuts it uses, small codes in place of values, compact nodes.
//
// A value's code is 0 if it is missing, else 1 + the number of the model's cuts of that feature below it
// (categories: 1 + index in the dictionary; unseen: 0). A split sends a row left where
//   Code(code - bias) <= threshold      (wrapping)
// which says `code <= k` (missing left: bias 0), `1 <= code <= k` (missing right: bias 1), and category sets
// whose codes, or the others, are consecutive; one against the rest among them. Other sets are bit sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "data/bin_lookup.hpp"
#include "model/ensemble.hpp"
#include "model/slices.hpp"

namespace ramet::model {

// Nodes are numbered breadth-first within their tree; the right child follows the left one. A leaf is its own
// left child and sends every row there, so that rows may go on stepping after they have arrived.
template <class CodeType, class Column>
struct PlanNode {
  using Code = CodeType;
  std::uint32_t left = 0;
  Column column = 0;  // of the block of codes
  Code bias = 0;
  Code threshold = 0;
};
using NarrowNode = PlanNode<std::uint8_t, std::uint16_t>;   // 8 bytes
using MediumNode = PlanNode<std::uint16_t, std::uint32_t>;  // 12 bytes
using WideNode = PlanNode<std::uint32_t, std::uint32_t>;    // 16 bytes

struct PlanTree {
  std::size_t first_node = 0;
  std::int32_t output = 0;
  std::int32_t shift = 0;
  std::int32_t shallowest_leaf = 0;  // its depth
  bool has_sets = false;             // some split is a bit set
  bool sliced = false;               // is in Plan::slices
};

// A feature that some split uses.
struct PlanColumn {
  std::int32_t feature = 0;
  ColumnType type = ColumnType::numeric;
  std::vector<double> cuts;  // numeric: strictly ascending
  data::BinLookup lookup;    // of the cuts
  // Categorical: codes of the labels. Views and numbers of the ensemble's dictionary.
  std::uint32_t categories = 0;
  std::unordered_map<std::string_view, std::uint32_t> code_of_label;
  std::unordered_map<double, std::uint32_t> code_of_number;
  std::unordered_map<std::int64_t, std::uint32_t> code_of_integer;
};

inline constexpr std::int32_t no_set = -1;

struct Plan {
  std::vector<PlanColumn> columns;
  std::vector<std::int32_t> column_of_feature;  // -1: no split uses it
  std::vector<PlanTree> trees;
  std::variant<std::vector<NarrowNode>, std::vector<MediumNode>, std::vector<WideNode>> nodes;

  // One entry per node.
  std::vector<std::int32_t> leaf_value;
  std::vector<std::int32_t> leaf_number;  // among the tree's leaves in the order of model::Tree

  // Empty if no tree has sets, else one entry per node: no_set, or the set's first word. Bit c: code c goes
  // left.
  std::vector<std::int32_t> node_set;
  std::vector<std::uint32_t> set_words;

  SlicePlan slices;  // for large batches

  std::vector<std::int64_t> reach;  // per output: the most that all trees can move a margin, in units
};

// `ensemble` must outlive the plan. Throws Error{bad_model} if it makes no sense (model/check.hpp).
Plan make_plan(const Ensemble& ensemble);

}  // namespace ramet::model
