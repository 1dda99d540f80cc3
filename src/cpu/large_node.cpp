// Grower: nodes with so many rows that several workers expand them.
#include <algorithm>

#include "cpu/grower.hpp"

namespace ramet::cpu {

Grower::LargeNode& Grower::take_large(int worker) {
  Worker& mine = workers_[static_cast<std::size_t>(worker)];
  if (mine.used_large == mine.large.size()) mine.large.emplace_back();
  return mine.large[mine.used_large++];
}

// Its work is prepared.
void Grower::begin_large(LargeNode& large, int worker) {
  PartitionJob& job = large.work->partition;
  large.partition.start(job, rows_of_chunk(job.rows_to_split(), tasks_.threads()));
  begin_step(large, LargeNode::Step::mark, large.partition.chunks(), worker);
}

void Grower::begin_step(LargeNode& large, LargeNode::Step step, std::int64_t pieces, int worker) {
  large.step = step;
  large.unfinished.store(pieces);
  std::vector<GrowTask> tasks(static_cast<std::size_t>(pieces));
  for (std::int64_t piece = 0; piece < pieces; ++piece)
    tasks[static_cast<std::size_t>(piece)] = {.large = &large, .piece = piece};
  growth_.offer(worker, tasks);
}

void Grower::carry_out_piece(LargeNode& large, std::int64_t piece, int worker) {
  if (worker == 0) poll();  // on the caller's thread
  Laps laps(workers_[static_cast<std::size_t>(worker)].steps, 1);
  Phase phase = Phase::partition;
  switch (large.step) {
    case LargeNode::Step::mark:
      large.partition.mark(piece);
      break;
    case LargeNode::Step::scatter:
      large.partition.scatter(piece);
      break;
    case LargeNode::Step::build:
      phase = Phase::histogram;
      build_share({&large.job, 1}, large.plan.shares[static_cast<std::size_t>(piece)], pool_, worker);
      break;
    case LargeNode::Step::search:
      phase = Phase::search;
      search_range(large, piece, worker);
      break;
  }
  laps.add_to(phase);
  if (large.unfinished.fetch_sub(1) == 1) finish_step(large, worker);
}

void Grower::finish_step(LargeNode& large, int worker) {
  switch (large.step) {
    case LargeNode::Step::mark:
      large.partition.place();
      return begin_step(large, LargeNode::Step::scatter, large.partition.chunks(), worker);
    case LargeNode::Step::scatter:
      return build_large(large, worker);
    case LargeNode::Step::build:
      large.ranges = std::min<std::int64_t>(2 * tasks_.threads(),
                                            static_cast<std::int64_t>(large.work->tree->columns.size()));
      large.best.assign(static_cast<std::size_t>(2 * large.ranges), {});
      return begin_step(large, LargeNode::Step::search, large.ranges, worker);
    case LargeNode::Step::search:
      return finish_large(large, worker);
  }
}

void Grower::build_large(LargeNode& large, int worker) {
  Work& work = *large.work;
  finish_partition(work, work.partition.left_rows());
  plan_histograms(work, worker);
  if (!work.search[0] && !work.search[1]) return plan_children(work, large.below, worker);
  large.job = job_of(*work.tree, *work.child[work.smaller]);
  large.plan = plan_build({&large.job, 1}, pool_, tasks_.threads(), worker);
  begin_step(large, LargeNode::Step::build, static_cast<std::int64_t>(large.plan.shares.size()), worker);
}

// Adds up the shares' sums and searches both children, on some columns.
void Grower::search_range(LargeNode& large, std::int64_t range, int worker) {
  Work& work = *large.work;
  const auto columns = static_cast<std::int64_t>(work.tree->columns.size());
  const auto begin = static_cast<std::int32_t>(columns * range / large.ranges);
  const auto end = static_cast<std::int32_t>(columns * (range + 1) / large.ranges);
  const auto [first, last] = work.tree->layout->cell_range(begin, end);
  sum_partials(large.job.target, large.plan.partials[0], first, last);
  search_children(work, begin, end, large.best.data() + 2 * range,
                  workers_[static_cast<std::size_t>(worker)].searches);
}

void Grower::finish_large(LargeNode& large, int worker) {
  Work& work = *large.work;
  for (std::int64_t i = 0; i < 2 * large.ranges; ++i) {
    const BestSplit& other = large.best[static_cast<std::size_t>(i)];
    if (work.best[i % 2].loses_to(other)) work.best[i % 2] = other;
  }
  for (Histogram& part : large.plan.partials[0]) pool_.release(part, worker);
  finish_histograms(work, worker);
  plan_children(work, large.below, worker);
}

}  // namespace ramet::cpu
