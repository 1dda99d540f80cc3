// The gain of one split on the device, and which of two splits is better (contract, rule 4).
#pragma once

#include <cuda_runtime.h>

#include "cuda/search_plan.hpp"
#include "math/gain.hpp"

namespace ramet::cuda {

__device__ inline DeviceSums operator+(const DeviceSums& a, const DeviceSums& b) {
  return {a.g + b.g, a.h + b.h, a.rows + b.rows};
}
__device__ inline DeviceSums operator-(const DeviceSums& a, const DeviceSums& b) {
  return {a.g - b.g, a.h - b.h, a.rows - b.rows};
}
// By member: choosing between references would put both into memory.
__device__ inline DeviceSums choose(bool first, const DeviceSums& a, const DeviceSums& b) {
  return {first ? a.g : b.g, first ? a.h : b.h, first ? a.rows : b.rows};
}

// A node as its candidates see it.
struct SearchedNode {
  DeviceSums total;
  double g_unit = 1;
  double h_unit = 1;
  double parent_score = 0;
};

__device__ inline double real_h(const SearchedNode& node) {
  return static_cast<double>(node.total.h) * node.h_unit;
}

// Of a node whose hessian leaves nothing to search: it has no score, and adds nothing to its level.
__device__ inline bool splittable(const SearchSettings& s, const SearchedNode& node) {
  return real_h(node) + s.regularisation.lambda > 0;
}

__device__ inline SearchedNode searched_node(const SearchSettings& s, const DeviceSums& total,
                                             const DeviceScale& scale) {
  SearchedNode node{total, scale.g_unit, scale.h_unit, 0};
  if (splittable(s, node)) {
    const double g = static_cast<double>(total.g) * node.g_unit;
    node.parent_score = math::node_score(g, real_h(node), s.regularisation);
  }
  return node;
}

// Whether a side has enough rows. `counted`: sums have rows where the layout or h counts them; otherwise h is
// their number, or nothing is.
template <bool counted>
__device__ bool enough_rows(const SearchSettings& s, const SearchedNode& node, const DeviceSums& side) {
  if (!s.h_counts_rows && (!counted || node.total.rows == 0)) return true;
  return (counted ? side.rows : side.h) >= s.min_rows;
}

// Gain of the split with these left sums; 0, which is never enough, where a side is not admissible.
template <bool counted>
__device__ double split_gain(const SearchSettings& s, const math::Regularisation& children,
                             const SearchedNode& node, const DeviceSums& left) {
  const DeviceSums right = node.total - left;
  const double left_h = static_cast<double>(left.h) * node.h_unit;
  const double right_h = static_cast<double>(right.h) * node.h_unit;
  const bool enough = left_h + children.lambda > 0 && right_h + children.lambda > 0 &&
                      left_h >= s.min_child_weight && right_h >= s.min_child_weight;
  if (!enough || !enough_rows<counted>(s, node, left) || !enough_rows<counted>(s, node, right)) return 0;
  const double left_g = static_cast<double>(left.g) * node.g_unit;
  const double right_g = static_cast<double>(right.g) * node.g_unit;
  return (math::node_score(left_g, left_h, children) + math::node_score(right_g, right_h, children)) -
         node.parent_score;
}

// Higher gain, lower feature, lower order, missing left first.
__device__ inline bool better(const SearchBest& a, const SearchBest& b) {
  if (a.gain != b.gain) return a.gain > b.gain;
  if (a.feature != b.feature) return a.feature < b.feature;
  return a.key < b.key;
}

// How a column is searched.
enum class ColumnKind : std::uint32_t { none, numeric, one_against_rest, many_against_many };

__device__ inline ColumnKind kind_of(const SearchSettings& s, const DeviceColumn& column) {
  if (column.categorical == 0) return ColumnKind::numeric;
  return column.value_bins <= s.max_onehot ? ColumnKind::one_against_rest : ColumnKind::many_against_many;
}

__device__ inline bool is_allowed(const SearchTask& task, std::int32_t column) {
  return task.allowed == nullptr || (task.allowed[column / 32] >> (column % 32) & 1) != 0;
}

}  // namespace ramet::cuda
