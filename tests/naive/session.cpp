#include "naive/session.hpp"

#include "base/error.hpp"
#include "math/random.hpp"
#include "metric/evaluate.hpp"
#include "naive/leaves.hpp"
#include "naive/search.hpp"

namespace ramet::naive {
namespace {

// Sums over the given rows of all ranks, by code.
std::vector<Cell> sum_by_code(const BinnedRows& set, const std::vector<std::int64_t>& rows,
                              const std::vector<std::uint32_t>& codes, std::size_t code_count,
                              const OutputGradients& gradients) {
  std::vector<std::int64_t> sums(3 * code_count);
  for (const std::int64_t row : rows) {
    const auto r = static_cast<std::size_t>(row);
    std::int64_t* sum = &sums[3 * static_cast<std::size_t>(codes[r])];
    sum[0] += gradients.quantised_g[r];
    sum[1] += gradients.quantised_h[r];
    sum[2] += 1;
  }
  set.data->communicator->all_reduce_sum(sums);
  std::vector<Cell> cells;
  for (std::size_t c = 0; c < code_count; ++c)
    cells.push_back({sums[3 * c], sums[3 * c + 1], sums[3 * c + 2]});
  return cells;
}

}  // namespace

NaiveSession::NaiveSession(const backend::SessionInput& input) : input_(input) {
  sets_.emplace_back(*input.train);
  for (const data::DatasetData* set : input.more_sets) sets_.emplace_back(*set);
  for (const BinnedRows& set : sets_) scores_.emplace_back(*set.data, input.outputs);
}

void NaiveSession::check_cancelled() const {
  if (input_.cancelled && input_.cancelled()) fail(ErrorCode::cancelled, "training was cancelled");
}

void NaiveSession::begin_round(int round) {
  check_cancelled();
  gradients_ = compute_gradients(input_, sets_[0], scores_[0], round);
}

void NaiveSession::begin_trees(std::span<const backend::TreeSpec> specs) {
  specs_.assign(specs.begin(), specs.end());
  rows_of_node_.clear();
  for (std::size_t t = 0; t < specs_.size(); ++t) {
    std::vector<std::int64_t>& rows = rows_of_node_[static_cast<std::int32_t>(t)];
    for (std::int64_t row = 0; row < sets_[0].data->rows; ++row) {
      const bool sampled =
          math::in_sample(specs_[t].rows.key, sets_[0].global_row(row), specs_[t].rows.fraction);
      if (sampled) rows.push_back(row);
    }
    search(static_cast<std::int32_t>(t), {static_cast<std::int32_t>(t)}, specs_[t].root_features);
  }
}

void NaiveSession::expand(std::span<const backend::Split> splits) {
  check_cancelled();
  for (std::size_t s = 0; s < splits.size(); ++s) {
    const backend::Split& split = splits[s];
    const auto& codes = sets_[0].codes[static_cast<std::size_t>(split.rule.feature)];
    for (const std::int64_t row : rows_of_node_.at(split.node)) {
      const bool left = goes_left(split.rule, codes[static_cast<std::size_t>(row)]);
      rows_of_node_[left ? split.left : split.right].push_back(row);
    }
  }
  std::vector<std::int32_t> level;
  for (std::size_t s = 0; s < splits.size(); ++s) {
    const backend::Split& split = splits[s];
    if (!split.search_children) continue;
    if (!specs_[static_cast<std::size_t>(split.tree)].symmetric) {
      search(split.tree, {split.left}, split.left_features);
      search(split.tree, {split.right}, split.right_features);
      continue;
    }
    level.insert(level.end(), {split.left, split.right});
    if (s + 1 < splits.size() && splits[s + 1].tree == split.tree) continue;
    search(split.tree, level, split.left_features);
    level.clear();
  }
}

void NaiveSession::search(std::int32_t tree, const std::vector<std::int32_t>& nodes,
                          const backend::FeatureSet& features) {
  const backend::TreeSpec& spec = specs_[static_cast<std::size_t>(tree)];
  const OutputGradients& gradients = gradients_[static_cast<std::size_t>(spec.output)];
  const BinnedRows& set = sets_[0];
  const std::vector<std::uint32_t> no_codes(static_cast<std::size_t>(set.data->rows));
  std::vector<Cell> totals;
  for (const std::int32_t node : nodes) {
    totals.push_back(sum_by_code(set, rows_of_node_[node], no_codes, 1, gradients)[0]);
  }
  std::vector<std::int32_t> allowed;
  const backend::FeatureSet& chosen = features ? features : spec.features;
  if (chosen) allowed = *chosen;
  for (std::int32_t f = 0; !chosen && f < static_cast<std::int32_t>(set.codes.size()); ++f)
    allowed.push_back(f);

  UnitSearch unit(input_.params, gradients.scale, totals);
  for (const std::int32_t feature : allowed) {
    const std::int32_t stored = set.data->layout.column_of_feature[static_cast<std::size_t>(feature)];
    if (stored < 0) continue;
    const data::StoredColumn& column = set.data->layout.columns[static_cast<std::size_t>(stored)];
    FeatureCells cells{.feature = feature,
                       .categorical = set.data->bins->features[static_cast<std::size_t>(feature)].type ==
                                      ColumnType::categorical,
                       .has_missing = column.has_missing,
                       .value_bins = column.value_bins,
                       .nodes = {}};
    for (const std::int32_t node : nodes) {
      cells.nodes.push_back(sum_by_code(set, rows_of_node_[node],
                                        set.codes[static_cast<std::size_t>(feature)],
                                        static_cast<std::size_t>(column.value_bins) + 1, gradients));
    }
    unit.search(cells);
  }
  candidates_.push_back({.tree = tree, .node = nodes.front(), .gain = unit.gain(), .rule = unit.rule()});
}

std::vector<backend::SplitCandidate> NaiveSession::candidates() { return std::exchange(candidates_, {}); }

void NaiveSession::end_trees(std::span<const backend::FinishedTree> trees) {
  values_.clear();
  for (std::size_t t = 0; t < trees.size(); ++t) {
    const backend::TreeSpec& spec = specs_[t];
    std::vector<std::int32_t> leaf_of_row;
    for (std::int64_t row = 0; row < sets_[0].data->rows; ++row) {
      const bool sampled = math::in_sample(spec.rows.key, sets_[0].global_row(row), spec.rows.fraction);
      leaf_of_row.push_back(sampled ? leaf_of(trees[t], sets_[0], row) : -1);
    }
    values_.push_back(naive::tree_values(input_, trees[t], spec.output, leaf_of_row, sets_[0], scores_[0],
                                         gradients_[static_cast<std::size_t>(spec.output)]));
    const backend::TreeValues& values = values_.back();
    for (std::size_t s = 0; s < sets_.size(); ++s) {
      for (std::int64_t row = 0; row < sets_[s].data->rows; ++row) {
        const auto leaf = static_cast<std::size_t>(leaf_of(trees[t], sets_[s], row));
        scores_[s].at(row, spec.output) += std::int64_t{values.leaf_value[leaf]} << values.shift;
      }
    }
  }
}

std::vector<backend::TreeValues> NaiveSession::tree_values() { return std::move(values_); }

double NaiveSession::evaluate(const metric::Metric& metric, int set) {
  const auto s = static_cast<std::size_t>(set);
  const auto outputs = static_cast<std::int32_t>(input_.outputs.size());
  Tasks tasks(1);
  return metric::evaluate(metric,
                          {.scores = scores_[s].units,
                           .row_stride = outputs,
                           .output_stride = 1,
                           .rows = sets_[s].data->rows,
                           .outputs = outputs,
                           .unit_exponents = scores_[s].unit_exponents,
                           .labels = sets_[s].data->labels,
                           .weights = sets_[s].data->weights,
                           .first_row = sets_[s].data->first_global_row},
                          *sets_[s].data->communicator, tasks);
}

std::unique_ptr<backend::Session> open_session(const backend::SessionInput& input) {
  return std::make_unique<NaiveSession>(input);
}

}  // namespace ramet::naive
