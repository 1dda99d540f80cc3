// Grower: whole subtrees without waiting for the other workers, in whose caches rows and histograms stay.
#include <atomic>

#include "cpu/grower.hpp"

namespace ramet::cpu {

AheadNode& AheadNodes::take() {
  if (used_ == nodes_.size()) nodes_.push_back(&memory_.emplace_back());
  return *nodes_[used_++];
}

// Small nodes, and those of their descendants of which it is known that they will be asked for.
void Grower::work_on_subtrees(int worker) {
  try {
    for (SubtreeTask task; subtrees_.take(worker, task); subtrees_.finish()) {
      if (task.work != nullptr) {
        expand_small(*task.work, worker);
        for (int i = 0; i < 2; ++i)
          plan_ahead(*task.work->tree, *task.work->child[i], task.work->best[i], task.work->split->outlook,
                     worker);
      } else {
        go_ahead(task, worker);
      }
    }
  } catch (...) {
    subtrees_.abandon();
    throw;
  }
}

// Makes a task of a node that is going to be expanded. `best` stays where it is.
void Grower::plan_ahead(GrowingTreeData& tree, GrowingNode& node, const BestSplit& best,
                        const backend::Outlook& outlook, int worker) {
  if (outlook.levels <= 0 || best.feature < 0 || best.gain < outlook.least_gain) return;
  if (std::atomic_ref(tree.splits_ahead).fetch_sub(1, std::memory_order_relaxed) <= 0) return;
  subtrees_.add(worker, {.tree = &tree, .node = &node, .best = &best, .outlook = outlook});
}

void Grower::go_ahead(const SubtreeTask& task, int worker) {
  Worker& mine = workers_[static_cast<std::size_t>(worker)];
  backend::Outlook below = task.outlook;
  --below.levels;
  mine.split.rule = task.best->rule();
  mine.split.search_children = below.levels > 0;
  Work& work = mine.work;
  work.split = &mine.split;
  work.tree = task.tree;
  work.parent = task.node;
  for (int i = 0; i < 2; ++i) {
    AheadNode& child = mine.nodes.take();
    reset_node(child.node, task.node->tree, child_side(task.node->side));
    task.node->ahead[i] = &child;
    work.child[i] = &child.node;
  }
  prepare(work);
  expand_small(work, worker);
  for (int i = 0; i < 2; ++i) {
    AheadNode& child = *task.node->ahead[i];
    std::swap(child.best, work.best[i]);
    plan_ahead(*task.tree, child.node, child.best, below, worker);
  }
}

}  // namespace ramet::cpu
