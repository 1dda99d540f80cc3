#include "cuda/grower_plan.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "cuda/search.hpp"

namespace ramet::cuda {
namespace {

constexpr std::int64_t most_slots = std::int64_t{1} << 16;
// A search of so many nodes fills any device.
constexpr std::int64_t most_chunk_nodes = 4'096;
// One split needs its parent's slot and two new ones, and a neighbour's children may have to be kept apart.
constexpr std::int64_t least_slots = 4;

std::int64_t most_leaves(const TrainParams& params, std::int64_t rows) {
  std::int64_t leaves = std::max<std::int64_t>(2, rows);
  const bool unlimited = params.max_depth == 0 && params.max_leaves == 0;
  if (unlimited && params.grow_policy == "lossguide") leaves = std::min<std::int64_t>(leaves, 31);
  if (params.max_leaves > 0) leaves = std::min<std::int64_t>(leaves, params.max_leaves);
  if (params.max_depth > 0 && params.max_depth < 31)
    leaves = std::min(leaves, std::int64_t{1} << params.max_depth);
  return std::max<std::int64_t>(leaves, 2);
}

// Histograms of a tree that are worth keeping. Level by level, the last level's nodes have none.
std::int64_t wanted_slots(const TrainParams& params, std::int64_t leaves) {
  const bool by_level = params.grow_policy != "lossguide" && params.max_leaves == 0;
  const std::int64_t wanted = by_level ? leaves / 2 : 2 * leaves;
  return std::clamp(wanted, least_slots, most_slots);
}

bool many_categories(const data::DatasetData& data, const data::StoredColumn& column,
                     const TrainParams& params) {
  return data.bins->features[static_cast<std::size_t>(column.feature)].type == ColumnType::categorical &&
         column.value_bins > params.max_cat_to_onehot;
}

std::int32_t most_columns(const data::Layout& layout, const TrainParams& params) {
  const auto stored = static_cast<std::int32_t>(layout.columns.size());
  if (params.colsample_bytree >= 1.0) return stored;
  const double features = static_cast<double>(layout.column_of_feature.size());
  return std::min(stored, static_cast<std::int32_t>(std::nearbyint(features * params.colsample_bytree)) + 1);
}

// All but the number of trees and slots.
GrowerPlan base_plan(const backend::SessionInput& input, bool counted) {
  const TrainParams& params = input.params;
  const data::Layout& layout = input.train->layout;
  GrowerPlan plan;
  plan.shared_columns = params.colsample_bytree >= 1.0;
  plan.columns = most_columns(layout, params);
  for (const data::StoredColumn& column : layout.columns) {
    if (!many_categories(*input.train, column, params)) continue;
    ++plan.search.category_columns;
    plan.search.most_categories = std::max(plan.search.most_categories, column.value_bins);
  }
  plan.search.cells = HistogramLayout::most_cells(layout, plan.columns);
  plan.search.planes = counted ? 3 : 2;
  plan.slot_size = plan.search.cells * plan.search.planes;
  plan.search.tiles = std::max<std::int32_t>(plan.columns, 1);
  plan.search.levels = params.grow_policy == "symmetric";
  return plan;
}

void set_trees(const backend::SessionInput& input, std::int64_t trees, GrowerPlan& plan) {
  const std::int64_t leaves = most_leaves(input.params, input.train->total_rows);
  const std::int64_t slots = wanted_slots(input.params, leaves);
  const std::int64_t nodes = plan.search.levels ? trees * slots : std::min(most_chunk_nodes, trees * leaves);
  plan.trees = static_cast<std::int32_t>(trees);
  plan.leaves = trees * leaves;
  plan.chunk_nodes = static_cast<std::int32_t>(std::max<std::int64_t>(nodes, trees));
  plan.search.nodes = plan.chunk_nodes;
  plan.slots = static_cast<std::int32_t>(trees * slots);
}

std::int32_t least_slots_of(const backend::SessionInput& input, const GrowerPlan& plan) {
  const std::int64_t slots = wanted_slots(input.params, most_leaves(input.params, input.train->total_rows));
  return static_cast<std::int32_t>(plan.search.levels ? slots : std::min(slots, least_slots));
}

}  // namespace

bool constant_hessian(const backend::SessionInput& input) {
  return objective::traits(input.objective).unit_hessian && !input.train->weighted;
}

bool counts_rows(const backend::SessionInput& input) {
  const std::vector<data::StoredColumn>& columns = input.train->layout.columns;
  const bool many = std::any_of(columns.begin(), columns.end(), [&](const data::StoredColumn& column) {
    return many_categories(*input.train, column, input.params);
  });
  return needs_counts(input.params, constant_hessian(input), many);
}

GrowerPlan least_plan(const backend::SessionInput& input, bool counted) {
  GrowerPlan plan = base_plan(input, counted);
  set_trees(input, 1, plan);
  plan.slots = least_slots_of(input, plan);
  return plan;
}

GrowerPlan most_plan(const backend::SessionInput& input, bool counted) {
  GrowerPlan plan = base_plan(input, counted);
  set_trees(input, static_cast<std::int64_t>(input.outputs.size()), plan);
  return plan;
}

std::int64_t grower_bytes(const backend::SessionInput& input, std::int64_t rows, const GrowerPlan& plan) {
  const std::int64_t layouts = plan.shared_columns ? 1 : plan.trees;
  const std::int64_t ids = (2 * std::int64_t{plan.trees} + (input.params.subsample < 1.0 ? 1 : 0)) * rows * 4;
  return layouts * HistogramLayout::bytes(input.train->layout, rows, plan.columns) + ids +
         SplitSearch::bytes(plan.search) + std::int64_t{plan.slots} * plan.slot_size * 8;
}

GrowerPlan plan_grower(const backend::SessionInput& input, std::int64_t rows, bool counted,
                       std::int64_t budget) {
  GrowerPlan plan = base_plan(input, counted);
  for (auto trees = static_cast<std::int64_t>(input.outputs.size()); trees >= 1; --trees) {
    set_trees(input, trees, plan);
    // Fewer trees at once rather than histograms built twice.
    if (grower_bytes(input, rows, plan) <= budget) return plan;
  }
  const std::int32_t wanted = plan.slots;
  plan.slots = 0;
  const std::int64_t fixed = grower_bytes(input, rows, plan);
  const std::int64_t fitting = (budget - fixed) / std::max<std::int64_t>(plan.slot_size * 8, 1);
  const std::int32_t least = least_slots_of(input, plan);
  plan.slots = static_cast<std::int32_t>(std::clamp<std::int64_t>(fitting, 0, wanted));
  if (plan.slots >= least) return plan;
  plan.slots = least;
  fail(ErrorCode::out_of_memory,
       "device memory: growing a tree needs {} bytes, {} are free; lower max_depth, max_leaves or max_bin, "
       "or spread the "
       "rows over more devices",
       grower_bytes(input, rows, plan), std::max<std::int64_t>(budget, 0));
}

}  // namespace ramet::cuda
