#include "train/grow.hpp"

#include <algorithm>
#include <limits>

#include "backend/limits.hpp"
#include "base/error.hpp"
#include "comm/agree.hpp"
#include "math/random.hpp"
#include "train/assemble.hpp"
#include "train/node_queue.hpp"

namespace ramet::training {
TreeGrower::TreeGrower(const Job& job, backend::Session& session)
    : job_(job), session_(session), left_over_(job.outputs.size(), std::numeric_limits<double>::infinity()) {
  const std::int64_t leaves = backend::most_leaves(job.params, job.data.total_rows);
  const int fit = session.max_batch_trees(
      static_cast<int>(std::min<std::int64_t>(leaves, std::numeric_limits<int>::max())));
  // Ranks with many rows may have room for fewer trees than others.
  batch_trees_ = static_cast<int>(std::max<std::int64_t>(1, -comm::max(*job.data.communicator, -fit)));
}

std::vector<model::Tree> TreeGrower::grow_round(int round) {
  std::vector<model::Tree> grown;
  for (int first = 0; first < job_.output_count(); first += batch_trees_) {
    grow_batch(round, first, std::min(batch_trees_, job_.output_count() - first), grown);
  }
  return grown;
}

void TreeGrower::grow_batch(int round, int first_output, int trees, std::vector<model::Tree>& grown) {
  const TrainParams& params = job_.params;
  const GrowLimits limits = grow_limits(params);
  const auto features = static_cast<int>(job_.data.schema->features.size());
  std::vector<TreePlan> plans;
  std::vector<backend::TreeSpec> specs;
  for (int output = first_output; output < first_output + trees; ++output) {
    TreePlan plan{.columns = ColumnSampler(params, features, round, output),
                  .expected_left_over = left_over_[static_cast<std::size_t>(output)]};
    specs.push_back({.output = output,
                     .rows = {.fraction = params.subsample,
                              .key = math::stream_key(params.seed, math::Stream::row_sample,
                                                      static_cast<std::uint64_t>(round))},
                     .features = plan.columns.by_tree(),
                     .root_features = plan.columns.by_node(0, root_path),
                     .symmetric = limits.policy == GrowPolicy::symmetric});
    plans.push_back(std::move(plan));
  }

  NodeQueue queue(limits, std::move(plans));
  session_.begin_trees(specs);
  queue.offer(session_.candidates());
  for (auto splits = queue.next_batch(); !splits.empty(); splits = queue.next_batch()) {
    if (job_.options.cancelled && job_.options.cancelled())
      fail(ErrorCode::cancelled, "training was cancelled");
    session_.expand(splits);
    queue.offer(session_.candidates());
  }
  const std::vector<backend::FinishedTree> finished = queue.trees();
  session_.end_trees(finished);

  const std::vector<backend::TreeValues> values = session_.tree_values();
  check_internal(values.size() == finished.size(), "{} trees with values of {}", finished.size(),
                 values.size());
  for (int t = 0; t < trees; ++t) {
    const auto i = static_cast<std::size_t>(t);
    grown.push_back(make_tree(finished[i], values[i], queue.gains(t), first_output + t, *job_.data.bins));
    left_over_[static_cast<std::size_t>(first_output + t)] = queue.left_over(t);
  }
}

}  // namespace ramet::training
