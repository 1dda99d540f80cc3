#include "cuda/grower_plan.hpp"

#include <algorithm>
#include <cmath>

#include "backend/limits.hpp"
#include "base/error.hpp"
#include "cuda/search.hpp"
#include "cuda/search_exchange.hpp"

namespace ramet::cuda {
namespace {

constexpr std::int64_t most_slots = std::int64_t{1} << 16;
// A search of so many nodes fills any device.
constexpr std::int64_t most_chunk_nodes = 4'096;
// One split needs its parent's slot and two new ones, and a neighbour's children may have to be kept apart.
constexpr std::int64_t least_slots = 4;

// A node and two children are the least to plan for.
std::int64_t most_leaves(const backend::SessionInput& input) {
  return std::max<std::int64_t>(2, backend::most_leaves(input.params, input.train->total_rows));
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

std::int32_t exchange_words(const backend::SessionInput& input, const GrowerPlan& plan) {
  return SplitSearch::category_words(plan.search, input.params.max_cat_to_onehot);
}

// Whether devices should each get, and search, the sums of a part of the columns rather than all of them:
// where that moves less. Of `members` devices each sends (members - 1) / members of a histogram, parts padded
// to equal size, and its candidates to all others; for all sums twice that share of a histogram.
bool part_moves_less(const backend::SessionInput& input, const GrowerPlan& plan, std::int32_t members) {
  const data::Layout& layout = input.train->layout;
  const std::int64_t bytes = plan.search.planes * static_cast<std::int64_t>(sizeof(std::int64_t));
  const std::int64_t all = HistogramLayout::most_cells(layout, plan.columns) * bytes;
  const std::int64_t part = HistogramLayout::most_cells(layout, plan.columns, members) * bytes;
  const std::int64_t candidate = SearchExchange::bytes(1, 1, exchange_words(input, plan));
  return members * (part + candidate) < 2 * all;
}

// All but the number of trees and slots.
GrowerPlan base_plan(const backend::SessionInput& input, bool counted, std::int32_t members) {
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
  plan.search.planes = counted ? 3 : 2;
  plan.parts = part_moves_less(input, plan, members) ? members : 1;
  plan.search.cells = HistogramLayout::most_cells(layout, plan.columns, plan.parts);
  plan.slot_size = plan.search.cells * plan.search.planes * plan.parts;
  plan.search.tiles = std::max<std::int32_t>(plan.columns, 1);
  plan.search.levels = params.grow_policy == "symmetric";
  return plan;
}

void set_trees(const backend::SessionInput& input, std::int64_t trees, GrowerPlan& plan) {
  const std::int64_t leaves = most_leaves(input);
  const std::int64_t slots = wanted_slots(input.params, leaves);
  const std::int64_t nodes = plan.search.levels ? trees * slots : std::min(most_chunk_nodes, trees * leaves);
  plan.trees = static_cast<std::int32_t>(trees);
  plan.leaves = trees * leaves;
  plan.chunk_nodes = static_cast<std::int32_t>(std::max<std::int64_t>(nodes, trees));
  plan.search.nodes = plan.chunk_nodes;
  plan.slots = static_cast<std::int32_t>(trees * slots);
}

std::int32_t least_slots_of(const backend::SessionInput& input, const GrowerPlan& plan) {
  const std::int64_t slots = wanted_slots(input.params, most_leaves(input));
  return static_cast<std::int32_t>(plan.search.levels ? slots : std::min(slots, least_slots));
}

}  // namespace

bool counts_rows(const backend::SessionInput& input) {
  const std::vector<data::StoredColumn>& columns = input.train->layout.columns;
  const bool many = std::any_of(columns.begin(), columns.end(), [&](const data::StoredColumn& column) {
    return many_categories(*input.train, column, input.params);
  });
  return needs_counts(input.params, backend::constant_hessian(input), many);
}

GrowerPlan least_plan(const backend::SessionInput& input, bool counted, std::int32_t members) {
  GrowerPlan plan = base_plan(input, counted, members);
  set_trees(input, 1, plan);
  plan.slots = least_slots_of(input, plan);
  return plan;
}

GrowerPlan most_plan(const backend::SessionInput& input, bool counted, std::int32_t members) {
  GrowerPlan plan = base_plan(input, counted, members);
  set_trees(input, static_cast<std::int64_t>(input.outputs.size()), plan);
  return plan;
}

std::int64_t grower_bytes(const backend::SessionInput& input, std::int64_t rows, const GrowerPlan& plan) {
  const std::int64_t layouts = plan.shared_columns ? 1 : plan.trees;
  const std::int64_t ids = (2 * std::int64_t{plan.trees} + (input.params.subsample < 1.0 ? 1 : 0)) * rows * 4;
  const std::int64_t exchange =
      plan.parts == 1 ? 0 : SearchExchange::bytes(plan.parts, plan.chunk_nodes, exchange_words(input, plan));
  return layouts * HistogramLayout::bytes(input.train->layout, rows, plan.columns) + ids +
         SplitSearch::bytes(plan.search) + std::int64_t{plan.slots} * plan.slot_size * 8 + exchange;
}

GrowerPlan plan_grower(const backend::SessionInput& input, std::int64_t rows, bool counted,
                       std::int32_t members, std::int64_t budget) {
  GrowerPlan plan = base_plan(input, counted, members);
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
