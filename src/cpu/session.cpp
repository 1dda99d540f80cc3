#include "cpu/session.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "cpu/leaf_kernels.hpp"
#include "cpu/leaf_values.hpp"
#include "math/score.hpp"

namespace ramet::cpu {
namespace {

// What the histograms and row ids of one batch of trees may take.
constexpr std::int64_t batch_bytes = std::int64_t{1} << 30;

}  // namespace

CpuSession::CpuSession(const backend::SessionInput& input)
    : input_(input),
      tasks_(input.params.threads),
      gradients_(input_, tasks_),
      grower_(input_, gradients_, tasks_) {
  scores_.emplace_back(*input_.train, input_.outputs, tasks_);
  for (const data::DatasetData* set : input_.more_sets) scores_.emplace_back(*set, input_.outputs, tasks_);
}

const data::DatasetData& CpuSession::set_data(std::size_t set) const {
  return set == 0 ? *input_.train : *input_.more_sets.at(set - 1);
}

void CpuSession::begin_round(int round) {
  const PhaseTimer timer(times_, Phase::gradients);
  gradients_.compute(round, scores_[0]);
}

void CpuSession::begin_trees(std::span<const backend::TreeSpec> specs) { grower_.begin(specs); }

void CpuSession::expand(std::span<const backend::Split> splits) { grower_.expand(splits); }

std::vector<backend::SplitCandidate> CpuSession::candidates() { return grower_.take_candidates(); }

void CpuSession::end_trees(std::span<const backend::FinishedTree> trees) {
  values_.clear();
  if (leaf_of_row_.size() < trees.size()) leaf_of_row_.resize(trees.size());
  const auto tree_count = static_cast<std::int64_t>(trees.size());
  std::vector<std::optional<LeafRows>> leaf_rows(trees.size());
  std::vector<LeafJob> jobs(trees.size());
  tasks_.for_each(tree_count, [&](std::int64_t i) {
    const auto t = static_cast<std::size_t>(i);
    leaf_rows[t].emplace(trees[t], grower_, *input_.train);
    const std::int32_t output = grower_.tree(trees[t].tree).spec.output;
    jobs[t] = {.leaf_rows = &*leaf_rows[t],
               .gradients = &gradients_.output(output),
               .scores = scores_[0].output(output),
               .unit_exponent = scores_[0].unit_exponent(output),
               .leaf_of_row = std::move(leaf_of_row_[t]),
               .units = {}};
  });
  {
    const PhaseTimer timer(times_, Phase::leaves);
    if (objective::traits(input_.objective).leaf_rule == objective::LeafRule::weighted_median) {
      median_leaves(jobs, input_, tasks_);
    } else {
      newton_leaves(jobs, input_, tasks_);
    }
  }
  const PhaseTimer timer(times_, Phase::scores);
  std::vector<std::vector<std::int64_t>> steps(trees.size());
  values_.resize(trees.size());
  tasks_.for_each(tree_count, [&](std::int64_t i) {
    const auto t = static_cast<std::size_t>(i);
    values_[t] = values_of(trees[t], jobs[t].units, steps[t]);
  });
  const std::vector<RowRange> ranges = cut_rows(*input_.train, tasks_.threads());
  const auto count = static_cast<std::int64_t>(ranges.size());
  // Trees of one output one after another: they add to the same scores.
  tasks_.for_each(count, [&](std::int64_t i) {
    const RowRange& range = ranges[static_cast<std::size_t>(i)];
    const std::int64_t first =
        input_.train->pages[static_cast<std::size_t>(range.page)].first_row + range.begin;
    for (std::size_t t = 0; t < trees.size(); ++t) {
      std::int64_t* scores = scores_[0].output(grower_.tree(trees[t].tree).spec.output) + first;
      add_leaf_units(jobs[t].leaf_of_row.data() + first, range.end - range.begin, steps[t].data(), scores);
    }
  });
  for (std::size_t t = 0; t < trees.size(); ++t) {
    for (std::size_t set = 1; set < scores_.size(); ++set) {
      update_other_set(set, trees[t], leaf_rows[t]->leaf_numbers(), steps[t]);
    }
    leaf_of_row_[t] = std::move(jobs[t].leaf_of_row);
  }
}

// `steps`: what each leaf adds to a score, in units.
backend::TreeValues CpuSession::values_of(const backend::FinishedTree& tree,
                                          const std::vector<std::int64_t>& units,
                                          std::vector<std::int64_t>& steps) const {
  backend::TreeValues values;
  std::int64_t largest = 0;
  for (const std::int64_t u : units) largest = std::max(largest, u < 0 ? -u : u);
  values.shift = math::leaf_shift(largest);
  const double h_unit = grower_.tree(tree.tree).settings.h_unit;
  values.leaf_value.reserve(tree.nodes.size());
  values.cover.reserve(tree.nodes.size());
  values.rows.reserve(tree.nodes.size());
  steps.reserve(units.size());
  std::size_t leaf = 0;
  for (const backend::FinishedTree::Node& node : tree.nodes) {
    const backend::NodeSums& sums = grower_.node(node.source).sums;
    std::int32_t value = 0;
    if (node.left < 0) {
      value = math::leaf_to_int(units[leaf++], values.shift);
      steps.push_back(static_cast<std::int64_t>(value) * (std::int64_t{1} << values.shift));
    }
    values.leaf_value.push_back(value);
    values.cover.push_back(static_cast<double>(sums.h) * h_unit);
    values.rows.push_back(sums.rows);
  }
  return values;
}

void CpuSession::update_other_set(std::size_t set, const backend::FinishedTree& tree,
                                  std::span<const std::int32_t> leaf_numbers,
                                  std::span<const std::int64_t> steps) {
  const data::DatasetData& data = set_data(set);
  const Router router(tree, data, leaf_numbers);
  std::int64_t* scores = scores_[set].output(grower_.tree(tree.tree).spec.output);
  constexpr std::int32_t block = 4'096;
  for (const data::Page& page : data.pages) {
    tasks_.for_ranges(page.rows, block, [&](std::int64_t begin, std::int64_t end) {
      std::uint32_t leaves[block];
      router.route(page, static_cast<std::int32_t>(begin), static_cast<std::int32_t>(end), leaves);
      add_leaf_units(leaves, end - begin, steps.data(), scores + page.first_row + begin);
    });
  }
}

std::vector<backend::TreeValues> CpuSession::tree_values() { return std::move(values_); }

double CpuSession::evaluate(const metric::Metric& metric, int set) {
  const PhaseTimer timer(times_, Phase::evaluate);
  const auto at = static_cast<std::size_t>(set);
  const data::DatasetData& data = set_data(at);
  return metric::evaluate(metric, scores_.at(at).scored_set(data), *data.communicator, tasks_);
}

int CpuSession::max_batch_trees(int leaves) const {
  const std::int64_t tree = grower_.tree_bytes() + (std::int64_t{leaves} + 1) * grower_.node_bytes();
  return static_cast<int>(std::clamp<std::int64_t>(batch_bytes / std::max<std::int64_t>(tree, 1), 1, 4'096));
}

std::vector<std::pair<std::string, double>> CpuSession::phases() const {
  PhaseTimes all = times_;
  for (std::size_t i = 0; i < all.seconds.size(); ++i) all.seconds[i] += grower_.times.seconds[i];
  return all.named();
}

}  // namespace ramet::cpu
