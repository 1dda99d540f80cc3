#include "cuda/shard.hpp"

#include <algorithm>
#include <limits>
#include <variant>

#include "backend/limits.hpp"
#include "base/error.hpp"
#include "cuda/check.hpp"

namespace ramet::cuda {
namespace {

// Memory for the leaves of one batch; a batch of more makes it larger, once.
constexpr std::int64_t usual_leaves = 4'096;

GradientInput gradient_input(const backend::SessionInput& input, const SetRows& rows) {
  return {.objective = &input.objective,
          .unit_exponents = rows.unit_exponents(),
          .scores = rows.scores(),
          .labels = rows.labels(),
          .weights = rows.weights(),
          .rows = rows.rows(),
          .first_global_row = rows.first_global_row(),
          .total_rows = input.train->total_rows,
          .gradient_bits = input.params.gradient_bits,
          .seed = input.params.seed,
          .constant_hessian = backend::constant_hessian(input)};
}

std::vector<SetRows> upload_sets(const backend::SessionInput& input, const ShardInput& shard,
                                 cudaStream_t stream) {
  std::vector<SetRows> sets;
  sets.reserve(shard.sets.size());
  sets.emplace_back(*input.train, shard.sets[0], input.outputs, stream);
  for (std::size_t s = 1; s < shard.sets.size(); ++s) {
    sets.emplace_back(*input.more_sets[s - 1], shard.sets[s], input.outputs, stream);
  }
  return sets;
}

// Rows that leaves of weighted medians may have in one batch.
std::int64_t median_rows(const backend::SessionInput& input, const Grower& grower, const SetRows& rows) {
  if (objective::traits(input.objective).leaf_rule != objective::LeafRule::weighted_median) return 0;
  return rows.rows() * grower.most_batch_trees();
}

LeafSettings leaf_settings(const backend::SessionInput& input) {
  return {.regularisation = {input.params.lambda, input.params.alpha, input.params.max_delta_step},
          .eta = input.params.eta,
          .total_rows = input.train->total_rows,
          .constant_hessian = backend::constant_hessian(input)};
}

// The column's place in the packed row, where all columns are in one group.
DeviceArray<std::int32_t> one_group_slots(const TreeColumns* columns, std::size_t count,
                                          cudaStream_t stream) {
  if (columns == nullptr || columns->layout().tiles().size() != 1 || columns->layout().tiles()[0].slots == 1)
    return {};
  std::vector<std::int32_t> slots(count, 0);
  const auto slot_columns = columns->layout().slot_columns();
  for (std::size_t slot = 0; slot < slot_columns.size(); ++slot) {
    if (slot_columns[slot] >= 0)
      slots[static_cast<std::size_t>(slot_columns[slot])] = static_cast<std::int32_t>(slot);
  }
  DeviceArray<std::int32_t> on_device(count);
  copy(on_device.data(), slots.data(), count, stream);
  check(cudaStreamSynchronize(stream), "uploading the layout");
  return on_device;
}

}  // namespace

Shard::Shard(const backend::SessionInput& input, const ShardInput& shard, DeviceComm& comm)
    : input_(input),
      data_(*input.train),
      largest_weight_(shard.largest_weight),
      comm_(comm),
      sets_(upload_sets(input, shard, stream_.get())),
      gradients_(gradient_input(input, sets_[0])),
      grower_(input, sets_[0], gradients_, comm_, phases_, stream_.get()),
      leaf_capacity_(std::min<std::int64_t>(grower_.most_leaves(), usual_leaves)),
      leaf_values_(leaf_settings(input), static_cast<std::int32_t>(leaf_capacity_),
                   median_rows(input, grower_, sets_[0])),
      slot_of_column_(
          one_group_slots(grower_.shared_columns(), input.train->layout.columns.size(), stream_.get())) {}

void Shard::begin_round(int round) {
  round_ = round;
  phases_.mark(Phase::gradients, stream_.get());
  gradients_.compute(round, comm_, stream_.get());
  phases_.stop(stream_.get());
}

void Shard::begin_round(int round, std::span<const double> g, std::span<const double> h) {
  round_ = round;
  phases_.mark(Phase::gradients, stream_.get());
  gradients_.compute_from(round, g, h, comm_, stream_.get());
  phases_.stop(stream_.get());
}

void Shard::begin_trees(std::span<const backend::TreeSpec> specs) { grower_.begin(specs, round_); }

void Shard::expand(std::span<const backend::Split> splits) { grower_.expand(splits); }

std::vector<backend::SplitCandidate> Shard::candidates() { return grower_.take_candidates(); }

// A leaf may have been expanded in vain. Its descendants' rows together take the place that its own had, but
// part of them may be in the other buffer: those are moved.
const std::uint32_t* Shard::rows_of(std::int32_t number, Leaves& leaves) const {
  if (grower_.node(number).left < 0) return grower_.ids(grower_.node(number));
  const GrowingNode& first = grower_.node(grower_.node(number).left);
  std::uint32_t* together = grower_.buffer(first);
  std::vector<std::int32_t> open{number};
  while (!open.empty()) {
    const GrowingNode& node = grower_.node(open.back());
    open.pop_back();
    if (node.left >= 0) {
      open.push_back(node.left);
      open.push_back(node.right);
    } else if (node.buffer != first.buffer && node.count > 0) {
      leaves.moves.push_back({.from = grower_.ids(node),
                              .to = together + (node.begin - first.begin),
                              .count = node.count,
                              .first_block = leaves.move_blocks});
      leaves.move_blocks += copy_blocks(node.count);
    }
  }
  return together;
}

Shard::Leaves Shard::collect_leaves(std::span<const backend::FinishedTree> trees) {
  Leaves leaves;
  ended_.clear();
  for (const backend::FinishedTree& tree : trees) {
    const std::int32_t output = grower_.tree(tree.tree).spec.output;
    ended_.push_back({.tree = tree, .first_leaf = static_cast<std::int32_t>(leaves.tasks.size())});
    for (const backend::FinishedTree::Node& node : tree.nodes) {
      if (node.left >= 0) continue;
      LeafTask task;
      task.ids = rows_of(node.source, leaves);
      task.count = grower_.node(node.source).count;
      task.output = output;
      task.first_block = static_cast<std::uint32_t>(leaves.blocks);
      leaves.blocks += leaf_blocks(task.count);
      leaves.tasks.push_back(task);
    }
  }
  return leaves;
}

void Shard::compute_units(const Leaves& leaves) {
  std::vector<LeafOutput> outputs;
  for (std::size_t k = 0; k < input_.outputs.size(); ++k) {
    const auto output = static_cast<std::int32_t>(k);
    outputs.push_back({.gradients = gradients_.view(output),
                       .scores = sets_[0].scores(output),
                       .unit_exponent = input_.outputs[k].unit_exponent});
  }
  const auto count = static_cast<std::int32_t>(leaves.tasks.size());
  if (count > leaf_capacity_) {
    leaf_capacity_ = 2 * std::int64_t{count};
    leaf_values_ = LeafValues(leaf_settings(input_), static_cast<std::int32_t>(leaf_capacity_),
                              median_rows(input_, grower_, sets_[0]));
  }
  const LeafTask* tasks = to_device_.put(std::span<const LeafTask>(leaves.tasks));
  const CopyTask* moves = to_device_.put(std::span<const CopyTask>(leaves.moves));
  const LeafOutput* on_device = to_device_.put(std::span<const LeafOutput>(outputs));
  to_device_.send(stream_.get());
  copy_ids(moves, static_cast<std::int32_t>(leaves.moves.size()), leaves.move_blocks, stream_.get());
  if (objective::traits(input_.objective).leaf_rule == objective::LeafRule::weighted_median) {
    leaf_values_.weighted_median(tasks, count, leaves.blocks, on_device, sets_[0].labels(),
                                 sets_[0].weights(), largest_weight_, comm_, device_units_, stream_.get());
  } else {
    leaf_values_.newton(tasks, count, leaves.blocks, on_device, comm_, device_units_, stream_.get());
  }
}

void Shard::end_trees(std::span<const backend::FinishedTree> trees) {
  to_device_.clear();
  to_host_.clear();
  phases_.mark(Phase::leaves, stream_.get());
  const Leaves leaves = collect_leaves(trees);
  const auto place = [&]<class T>(std::size_t count, T*& host) {
    const auto [h, d] = to_host_.put<T>(count);
    host = h;
    return d;
  };
  device_units_ = place(leaves.tasks.size(), units_);
  std::int32_t* values = place(leaves.tasks.size(), values_);
  std::int32_t* shifts = place(trees.size(), shifts_);
  copy(place(input_.outputs.size(), scales_), gradients_.scales(), input_.outputs.size(), stream_.get());
  compute_units(leaves);
  std::vector<std::int32_t> first_leaf;
  for (const Ended& ended : ended_) first_leaf.push_back(ended.first_leaf);
  first_leaf.push_back(static_cast<std::int32_t>(leaves.tasks.size()));
  device_steps_ = to_device_.put<std::int64_t>(leaves.tasks.size()).second;
  const std::int32_t* first_on_device = to_device_.put(std::span<const std::int32_t>(first_leaf));
  to_device_.send(stream_.get());
  leaf_steps(device_units_, first_on_device, static_cast<std::int32_t>(trees.size()), shifts, values,
             device_steps_, stream_.get());
  to_host_.fetch(stream_.get());
  phases_.mark(Phase::scores, stream_.get());
  update_scores(trees);
  phases_.stop(stream_.get());
}

RouteTree Shard::route_tree(const backend::FinishedTree& tree, std::int32_t first_leaf) {
  const auto [nodes, nodes_on_device] = to_device_.put<RouteNode>(tree.nodes.size());
  std::vector<std::uint32_t> words;
  std::int32_t leaf = 0;
  for (std::size_t n = 0; n < tree.nodes.size(); ++n) {
    const backend::FinishedTree::Node& node = tree.nodes[n];
    RouteNode route;
    if (node.left < 0) {
      route.leaf = leaf++;
    } else {
      route.column = data_.layout.column_of_feature[static_cast<std::size_t>(node.rule.feature)];
      route.bin = node.rule.bin;
      route.left = node.left;
      route.right = node.right;
      route.missing_left = node.rule.missing_left ? 1 : 0;
      if (node.rule.categorical) {
        route.first_word = static_cast<std::int32_t>(words.size());
        route.words = static_cast<std::uint32_t>(node.rule.left_categories.size());
        words.insert(words.end(), node.rule.left_categories.begin(), node.rule.left_categories.end());
      }
    }
    nodes[n] = route;
  }
  return {.nodes = nodes_on_device,
          .words = to_device_.put(std::span<const std::uint32_t>(words)),
          .node_count = static_cast<std::int32_t>(tree.nodes.size()),
          .output = grower_.tree(tree.tree).spec.output,
          .steps = device_steps_ + first_leaf};
}

RouteRows Shard::route_rows(std::size_t set) const {
  RouteRows rows{.columns = sets_[set].columns().device(), .rows = sets_[set].rows()};
  if (set == 0 && !slot_of_column_.empty()) {
    const Tile& tile = grower_.shared_columns()->layout().tiles()[0];
    rows.packed = tile.rows;
    rows.packed_bytes = tile.slots;
    rows.slot_of_column = slot_of_column_.data();
  }
  return rows;
}

void Shard::update_scores(std::span<const backend::FinishedTree> trees) {
  std::vector<RouteTree> routes;
  for (std::size_t t = 0; t < trees.size(); ++t) routes.push_back(route_tree(trees[t], ended_[t].first_leaf));
  const RouteTree* on_device = to_device_.put(std::span<const RouteTree>(routes));
  to_device_.send(stream_.get());
  for (std::size_t set = 0; set < sets_.size(); ++set) {
    add_trees(on_device, static_cast<std::int32_t>(routes.size()), route_rows(set), sets_[set].scores(),
              stream_.get());
  }
}

std::vector<backend::TreeValues> Shard::tree_values() {
  comm_.synchronize(stream_.get());
  phases_.collect();
  std::vector<backend::TreeValues> result;
  std::int32_t leaf = 0;
  for (std::size_t t = 0; t < ended_.size(); ++t) {
    const backend::FinishedTree& tree = ended_[t].tree;
    const std::int32_t output = grower_.tree(tree.tree).spec.output;
    backend::TreeValues values{.shift = shifts_[t]};
    for (const backend::FinishedTree::Node& node : tree.nodes) {
      const GrowingNode& grown = grower_.node(node.source);
      std::int32_t value = 0;
      if (node.left < 0) {
        if (units_[leaf] == std::numeric_limits<std::int64_t>::min()) {
          fail(ErrorCode::invalid_data,
               "round {}: a leaf value is too large for margins of this label range (lower eta or raise "
               "lambda)",
               round_);
        }
        value = values_[leaf++];
      }
      values.leaf_value.push_back(value);
      values.cover.push_back(static_cast<double>(grown.h) * scales_[output].h_unit);
      values.rows.push_back(grown.rows);
    }
    result.push_back(std::move(values));
  }
  return result;
}

RowSums Shard::row_sums(const metric::Metric& metric, std::size_t set) {
  return metrics_.row_sums(metric, sets_[set].scored(), stream_.get());
}

std::optional<double> Shard::rank_metric(const metric::Metric& metric, std::size_t set) {
  const ScoredRows rows = sets_[set].scored();
  const RowCheck found = metrics_.check_rows(metric, rows, stream_.get());
  if (found.bad_row >= 0 || !(found.largest_weight > 0)) return std::nullopt;
  if (std::holds_alternative<metric::Auc>(metric))
    return metrics_.auc(rows, found.largest_weight, stream_.get());
  if (std::holds_alternative<metric::AucPr>(metric))
    return metrics_.auc_pr(rows, found.largest_weight, stream_.get());
  return std::nullopt;
}

void Shard::download_scores(std::size_t set, std::int64_t* out, std::int64_t stride) {
  for (std::size_t k = 0; k < input_.outputs.size(); ++k) {
    copy(out + static_cast<std::int64_t>(k) * stride, sets_[set].scores(static_cast<std::int32_t>(k)),
         static_cast<std::size_t>(sets_[set].rows()), stream_.get());
  }
  comm_.synchronize(stream_.get());
}

}  // namespace ramet::cuda
