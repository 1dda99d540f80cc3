// Grower: whole trees without waiting at each level, by workers in whose caches rows and histograms stay.
#include <algorithm>
#include <chrono>
#include <limits>

#include "cpu/grower.hpp"

namespace ramet::cpu {
namespace {

// Nodes with up to this many rows are always one task, from partition to search.
constexpr std::int64_t always_small_rows = 4'096;

}  // namespace

AheadNode& AheadNodes::take() {
  if (used_ == nodes_.size()) nodes_.push_back(&memory_.emplace_back());
  return *nodes_[used_++];
}

std::int64_t Grower::small_rows(std::span<Work* const> works) const {
  if (tasks_.threads() == 1) return std::numeric_limits<std::int64_t>::max();
  std::int64_t total = 0;
  for (const Work* work : works) total += work->parent->sums.rows;
  return std::max(always_small_rows, total / tasks_.threads());
}

// The nodes that were asked for, and those of their descendants of which it is known that they will be.
void Grower::expand_apart(std::span<Work* const> works) {
  if (works.empty()) return;
  const auto begin = std::chrono::steady_clock::now();
  most_small_rows_ = small_rows(works);
  for (std::size_t w = 0; w < workers_.size(); ++w) {
    workers_[w].used_large = 0;
    workers_[w].tree = static_cast<std::int32_t>(w) * tree_count_ / tasks_.threads();
  }
  growth_.start();
  std::vector<Work*> small;
  std::vector<Work*> large;
  for (Work* work : works) {
    const backend::Split& split = *work->split;
    const bool best_first = split.outlook.most_splits != backend::Outlook::unlimited;
    Contest<GrowTask>& contest = contests_[static_cast<std::size_t>(split.tree)];
    if (best_first && split.node == split.tree)
      contest.start(split.outlook.most_splits - 1);  // beside the root's
    if (work->parent->sums.rows > most_small_rows_) {
      large.push_back(work);
    } else if (best_first) {
      growth_.count_added(0, 1);
      contest.request({.work = work});
    } else {
      small.push_back(work);
    }
  }
  assign(small);
  for (Work* work : large) {
    LargeNode& node = take_large(0);
    node.work = work;
    node.below = work->split->outlook;
    begin_large(node, 0);
  }
  // Whoever comes takes part in all of it until it is done.
  tasks_.for_each_by_worker(tasks_.threads(), [&](std::int64_t, int worker) { grow(worker); });
  share_time(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
}

// Nodes go to those who have their histograms. The longest tasks are begun first.
void Grower::assign(std::vector<Work*>& works) {
  std::stable_sort(works.begin(), works.end(),
                   [](const Work* a, const Work* b) { return a->parent->sums.rows < b->parent->sums.rows; });
  int next = 0;
  for (Work* work : works) {
    int& worker = work->parent->worker;
    if (worker < 0) worker = next++ % tasks_.threads();
    growth_.assign(worker, {.work = work});
  }
}

// Steps run side by side: each phase gets its share of the time that they took together.
void Grower::share_time(double seconds) {
  PhaseTimes steps;
  double total = 0;
  for (Worker& worker : workers_) {
    for (std::size_t i = 0; i < steps.seconds.size(); ++i) {
      steps.seconds[i] += worker.steps.seconds[i];
      total += worker.steps.seconds[i];
    }
    worker.steps = {};
  }
  if (total <= 0) return;
  for (std::size_t i = 0; i < steps.seconds.size(); ++i)
    times.seconds[i] += seconds * steps.seconds[i] / total;
}

void Grower::grow(int worker) {
  try {
    const auto fetch_one = [&](GrowTask& task) { return fetch(worker, task); };
    for (GrowTask task; growth_.take(worker, task, fetch_one); growth_.finish(worker))
      carry_out(task, worker);
  } catch (...) {
    growth_.abandon();
    throw;
  }
}

void Grower::carry_out(const GrowTask& task, int worker) {
  if (task.large != nullptr) {
    carry_out_piece(*task.large, task.piece, worker);
  } else if (task.work != nullptr) {
    expand_small(*task.work, worker);
    plan_children(*task.work, task.work->split->outlook, worker);
  } else {
    go_ahead(task, worker);
  }
}

// A node that is in the running, of the tree that the worker is at if there is one.
bool Grower::fetch(int worker, GrowTask& task) {
  std::int32_t& tree = workers_[static_cast<std::size_t>(worker)].tree;
  std::int64_t dropped = 0;
  bool found = false;
  for (std::int32_t i = 0; i < tree_count_ && !found; ++i) {
    const std::int32_t t = tree + i < tree_count_ ? tree + i : tree + i - tree_count_;
    found = contests_[static_cast<std::size_t>(t)].take(task, dropped);
    if (found) tree = t;
  }
  if (dropped > 0) growth_.count_finished(worker, dropped);
  return found;
}

// The work is done: makes tasks of its children that are, or may be, going to be expanded. Their best splits
// stay where they are.
void Grower::plan_children(Work& work, const backend::Outlook& below, int worker) {
  Contest<GrowTask>& contest = contests_[static_cast<std::size_t>(work.parent->tree)];
  const bool best_first = below.most_splits != backend::Outlook::unlimited;
  std::array<Contest<GrowTask>::Entrant, 2> entrants;
  std::size_t count = 0;
  for (int i = 0; i < 2; ++i) {
    const BestSplit* best = &work.best[i];
    if (AheadNode* ahead = work.parent->ahead[i]; ahead != nullptr) {
      std::swap(ahead->best, work.best[i]);
      best = &ahead->best;
    }
    if (best->feature < 0) continue;
    GrowingNode& child = *work.child[i];
    child.standing = work.parent->standing.of_child(best->gain);
    if (below.levels <= 0) continue;
    const GrowTask task{.tree = work.tree, .node = &child, .best = best, .outlook = below};
    if (best_first && child.standing.bottleneck() < below.likely_gain) {
      entrants[count++] = {child.standing, task};
    } else if (!best_first || contest.note(child.standing)) {
      growth_.add(worker, task);
    }
  }
  if (count == 0) return;
  growth_.count_added(worker, static_cast<std::int64_t>(count));
  const std::int64_t out = contest.enter(std::span(entrants).first(count));
  if (out > 0) growth_.count_finished(worker, out);
}

void Grower::go_ahead(const GrowTask& task, int worker) {
  backend::Outlook below = task.outlook;
  --below.levels;
  if (task.node->sums.rows > most_small_rows_) {
    LargeNode& large = take_large(worker);
    large.work = &large.own_work;
    large.below = below;
    attach_ahead(large.own_work, large.own_split, task, worker);
    begin_large(large, worker);
    return;
  }
  Worker& mine = workers_[static_cast<std::size_t>(worker)];
  attach_ahead(mine.work, mine.split, task, worker);
  expand_small(mine.work, worker);
  plan_children(mine.work, below, worker);
}

// Says what the work on a node is that nobody has asked for.
void Grower::attach_ahead(Work& work, backend::Split& split, const GrowTask& task, int worker) {
  split.rule = task.best->rule();
  split.search_children = task.outlook.levels > 1;
  work.split = &split;
  work.tree = task.tree;
  work.parent = task.node;
  for (int i = 0; i < 2; ++i) {
    AheadNode& child = workers_[static_cast<std::size_t>(worker)].nodes.take();
    reset_node(child.node, task.node->tree, child_side(task.node->side));
    task.node->ahead[i] = &child;
    work.child[i] = &child.node;
  }
  prepare(work);
}

}  // namespace ramet::cpu
