// Grower::expand: from splits to searched children.
#include <algorithm>
#include <utility>

#include "cpu/column_sums.hpp"
#include "cpu/grower.hpp"

namespace ramet::cpu {
namespace {

// Of the columns that are searched at a time: 8 KB of each child.
constexpr std::int64_t searched_cells = 1'024;

}  // namespace

void Grower::expand(std::span<const backend::Split> splits) {
  poll();
  std::int32_t largest = -1;
  for (const backend::Split& split : splits) largest = std::max({largest, split.left, split.right});
  if (static_cast<std::size_t>(largest + 1) > nodes_.size())
    nodes_.resize(static_cast<std::size_t>(largest) + 1);
  if (works_.size() < splits.size()) works_.resize(splits.size());
  const std::span<Work> works(works_.data(), splits.size());
  std::vector<Work*> to_do;
  for (std::size_t i = 0; i < splits.size(); ++i) {
    attach(works[i], splits[i]);
    if (!works[i].done) to_do.push_back(&works[i]);
  }
  if (data_.communicator->size() > 1) {
    expand_together(to_do);
  } else {
    expand_apart(to_do);
  }
  poll();
  search_levels(works);
  report(works);
}

// Step by step, since the ranks add up what each step finds.
void Grower::expand_together(std::span<Work* const> works) {
  {
    const PhaseTimer timer(times, Phase::partition);
    std::vector<PartitionJob*> partitions;
    for (Work* work : works) partitions.push_back(&work->partition);
    partition_all(partitions, tasks_);
    std::vector<std::int64_t> left;
    for (const Work* work : works) left.push_back(work->partition.left_rows());
    data_.communicator->all_reduce_sum(left);
    for (std::size_t i = 0; i < works.size(); ++i) finish_partition(*works[i], left[i]);
  }
  {
    const PhaseTimer timer(times, Phase::histogram);
    std::vector<BuildJob> jobs;
    for (Work* work : works) {
      plan_histograms(*work, 0);
      const GrowingNode& smaller = *work->child[work->smaller];
      if (!smaller.histogram.empty()) jobs.push_back(job_of(*work->tree, smaller));
    }
    build_all(jobs, pool_, tasks_);
    all_reduce_histograms(jobs, *data_.communicator);
  }
  const PhaseTimer timer(times, Phase::search);
  search_together(works);
}

// Says what the work is, and does what is done at once.
void Grower::attach(Work& work, const backend::Split& split) {
  work.split = &split;
  work.tree = &trees_[static_cast<std::size_t>(split.tree)];
  work.parent = &nodes_[static_cast<std::size_t>(split.node)];
  const std::int32_t numbers[2] = {split.left, split.right};
  for (int i = 0; i < 2; ++i) {
    work.child[i] = &nodes_[static_cast<std::size_t>(numbers[i])];
    reset_node(*work.child[i], split.tree, child_side(work.parent->side));
  }
  work.parent->left = split.left;
  work.parent->right = split.right;
  work.done = work.parent->ahead[0] != nullptr;
  if (work.done) {
    adopt(work);
  } else {
    prepare(work);
  }
}

// Takes over what was done ahead of time.
void Grower::adopt(Work& work) {
  for (int i = 0; i < 2; ++i) {
    AheadNode& ahead = *std::exchange(work.parent->ahead[i], nullptr);
    std::swap(*work.child[i], ahead.node);
    std::swap(work.best[i], ahead.best);
  }
}

// Everything that can be said of a split without looking at rows. Split, tree, parent and children are set.
void Grower::prepare(Work& work) {
  const backend::Split& split = *work.split;
  work.best[0] = {};
  work.best[1] = {};
  const auto at =
      static_cast<std::size_t>(work.tree->column_of_feature[static_cast<std::size_t>(split.rule.feature)]);
  const SearchColumn& column = work.tree->columns[at];
  work.child[0]->sums = left_sums(column, work.parent->histogram, split.rule);
  work.child[1]->sums = {work.parent->sums.g - work.child[0]->sums.g,
                         work.parent->sums.h - work.child[0]->sums.h, 0};
  PartitionJob& job = work.partition;
  job.rows = &work.tree->rows;
  job.data = &data_;
  job.column = &data_.layout.columns[static_cast<std::size_t>(column.cells->column)];
  job.rule = &split.rule;
  job.table = category_table(split.rule, column.value_bins);
  job.side = work.parent->side;
  job.parent = work.parent->segments;
}

void Grower::finish_partition(Work& work, std::int64_t global_left) {
  work.child[0]->sums.rows = global_left;
  work.child[1]->sums.rows = work.parent->sums.rows - global_left;
  const std::vector<Segment>& parent = work.partition.parent;
  for (std::size_t p = 0; p < parent.size(); ++p) {
    const std::uint32_t mid = work.partition.mids[p];
    work.child[0]->segments.push_back({parent[p].begin, mid});
    work.child[1]->segments.push_back({mid, parent[p].end});
  }
  // A level is searched as a whole, whatever its single nodes are worth.
  for (int i = 0; i < 2; ++i) {
    work.search[i] = work.split->search_children &&
                     (work.tree->spec.symmetric || worth_searching(*work.tree, work.child[i]->sums));
  }
  work.smaller = work.child[0]->sums.rows <= work.child[1]->sums.rows ? 0 : 1;
  work.derive = work.search[1 - work.smaller];
}

void Grower::plan_histograms(Work& work, int worker) {
  Histogram& parent = work.parent->histogram;
  if (!work.search[0] && !work.search[1]) {
    pool_.release(parent, worker);
    return;
  }
  if (tells_dead_columns(*work.tree)) {
    for (GrowingNode* child : work.child) child->alive.assign(work.tree->columns.size(), 0);
  }
  const math::GradientScale& scale = work.tree->gradients->scale;
  GrowingNode& smaller = *work.child[work.smaller];
  GrowingNode& larger = *work.child[1 - work.smaller];
  smaller.histogram = pool_.acquire(!fits_packed(scale, smaller.sums.rows), worker);
  if (!work.derive) {
    pool_.release(parent, worker);
  } else if (parent.wide && fits_packed(scale, larger.sums.rows)) {
    larger.histogram = pool_.acquire(false, worker);
  } else {
    larger.histogram = parent;
  }
}

void Grower::subtract(Work& work, std::int64_t begin, std::int64_t end) {
  if (!work.derive) return;
  subtract_cells(work.parent->histogram, work.child[work.smaller]->histogram,
                 work.child[1 - work.smaller]->histogram, begin, end);
}

// The histograms that nobody needs any more go back.
void Grower::finish_histograms(Work& work, int worker) {
  Histogram& parent = work.parent->histogram;
  if (work.derive && parent.data != work.child[1 - work.smaller]->histogram.data)
    pool_.release(parent, worker);
  parent = {};
  if (work.tree->spec.symmetric) return;
  for (int i = 0; i < 2; ++i) {
    if (work.best[i].feature < 0) pool_.release(work.child[i]->histogram, worker);
  }
}

void Grower::expand_small(Work& work, int worker) {
  // Looking at the clock for every node would take a hundredth of the time; few have many rows.
  constexpr std::uint32_t one_in = 8;
  constexpr std::int64_t sampled_rows = 4'096;
  Worker& mine = workers_[static_cast<std::size_t>(worker)];
  std::uint32_t weight = 1;
  if (work.parent->sums.rows <= sampled_rows) weight = mine.small_nodes++ % one_in == 0 ? one_in : 0;
  Laps laps(mine.steps, weight);
  for (GrowingNode* child : work.child) child->worker = worker;
  partition_one(work.partition);
  finish_partition(work, work.partition.left_rows());
  laps.add_to(Phase::partition);
  plan_histograms(work, worker);
  if (!work.search[0] && !work.search[1]) return;
  BuildJob job = job_of(*work.tree, *work.child[work.smaller]);
  if (!work.parent->alive.empty() && !job.target.wide) job.alive = work.parent->alive.data();
  build_one(job, pool_, worker);
  laps.add_to(Phase::histogram);
  search_children(work, 0, static_cast<std::int32_t>(work.tree->columns.size()), work.best, mine.searches);
  finish_histograms(work, worker);
  laps.add_to(Phase::search);
}

// The larger child's histogram, and both children's best splits on the columns [column_begin, column_end): a
// few columns at a time, whose cells are still in the first-level cache when they are searched.
void Grower::search_children(Work& work, std::int32_t column_begin, std::int32_t column_end, BestSplit* best,
                             SearchPair& searches) {
  const HistogramLayout& layout = *work.tree->layout;
  const bool symmetric = work.tree->spec.symmetric;
  for (int i = 0; i < 2; ++i) {
    searches[i].worthwhile = false;
    if (work.search[i] && !symmetric)
      prepare_search(*work.tree, *work.child[i],
                     i == 0 ? work.split->left_features : work.split->right_features, searches[i]);
  }
  const std::uint8_t* alive = work.parent->alive.empty() ? nullptr : work.parent->alive.data();
  const bool tells_dead = tells_dead_columns(*work.tree);
  for (int i = 0; tells_dead && i < 2; ++i) {
    std::vector<std::uint8_t>& allowed = searches[i].allowed;
    if (searches[i].worthwhile && allowed.empty()) allowed.assign(layout.columns.size(), 1);
  }
  for (std::int32_t next = column_begin; next < column_end;) {
    const auto [begin, run_end] = alive_run(alive, next, column_end);
    if (begin == run_end) break;
    const std::int32_t end = layout.columns_within(begin, run_end, searched_cells);
    const auto [first, last] = layout.cell_range(begin, end);
    subtract(work, first, last);
    for (int i = 0; i < 2; ++i) {
      if (tells_dead && searches[i].worthwhile)
        find_alive(*work.tree, *work.child[i], searches[i], begin, end);
      search_columns(*work.tree, searches[i], begin, end, best[i]);
    }
    next = end;
  }
}

// Where the lists of sparse rows leave a column's most frequent cell out, it is known which one has most
// rows. If what is outside of it weighs too little for a child, no split of the column is admissible, here or
// below: one side of it would have no more. Such a column is dead, and nothing is done for it any more.
bool Grower::tells_dead_columns(const GrowingTreeData& tree) const {
  // Of fewer cells telling takes as long as what it saves.
  constexpr std::int32_t least_cells = 8'192;
  return sparse_ != nullptr && tree.layout == full_layout_ && tree.layout->total_cells >= least_cells &&
         tree.settings.min_child_weight > 0 && !tree.spec.symmetric && data_.communicator->size() == 1;
}

// Of columns [column_begin, column_end), which are alive in the parent: `alive` and `allowed` of the others
// are 0.
void Grower::find_alive(const GrowingTreeData& tree, GrowingNode& node, NodeSearch& search,
                        std::int32_t column_begin, std::int32_t column_end) const {
  const Histogram& histogram = node.histogram;
  for (std::int32_t c = column_begin; c < column_end; ++c) {
    const auto at = static_cast<std::size_t>(c);
    const std::int64_t cell = sparse_->frequent_cells[at];
    const std::int64_t h =
        histogram.wide ? histogram.wide_cells()[cell].h : packed_h(histogram.packed()[cell]);
    const double outside = static_cast<double>(node.sums.h - h) * tree.settings.h_unit;
    const bool alive = outside >= tree.settings.min_child_weight;
    node.alive[at] = alive ? 1 : 0;
    if (!alive) search.allowed[at] = 0;
  }
}

void Grower::search_together(std::span<Work* const> works) {
  if (works.empty()) return;
  const auto count = static_cast<std::int64_t>(works.size());
  // Cut by columns as well where there are too few nodes to go round.
  const std::int64_t ranges = std::max<std::int64_t>(1, (4 * tasks_.threads() + count - 1) / count);
  std::vector<BestSplit> best(static_cast<std::size_t>(count * ranges * 2));
  tasks_.for_each_by_worker(count * ranges, [&](std::int64_t task, int worker) {
    Work& work = *works[static_cast<std::size_t>(task / ranges)];
    if (!work.search[0] && !work.search[1]) return;
    const auto columns = static_cast<std::int64_t>(work.tree->layout->columns.size());
    search_children(work, static_cast<std::int32_t>(columns * (task % ranges) / ranges),
                    static_cast<std::int32_t>(columns * (task % ranges + 1) / ranges), best.data() + task * 2,
                    workers_[static_cast<std::size_t>(worker)].searches);
  });
  for (std::int64_t w = 0; w < count; ++w) {
    Work& work = *works[static_cast<std::size_t>(w)];
    for (std::int64_t r = 0; r < ranges; ++r) {
      for (int i = 0; i < 2; ++i) {
        const BestSplit& other = best[static_cast<std::size_t>((w * ranges + r) * 2 + i)];
        if (work.best[i].loses_to(other)) work.best[i] = other;
      }
    }
    if (work.search[0] || work.search[1]) finish_histograms(work, 0);
  }
}

void Grower::search_levels(std::span<Work> works) {
  const PhaseTimer timer(times, Phase::search);
  for (std::size_t begin = 0; begin < works.size();) {
    const std::int32_t t = works[begin].split->tree;
    std::size_t end = begin;
    while (end < works.size() && works[end].split->tree == t) ++end;
    if (works[begin].tree->spec.symmetric && works[begin].split->search_children) {
      std::vector<LevelNode> nodes;
      for (std::size_t w = begin; w < end; ++w) {
        for (const GrowingNode* child : works[w].child) {
          LevelNode level{{child->histogram, child->sums}, false};
          level.splittable = prepare_node(works[w].tree->settings, level.node);
          nodes.push_back(level);
        }
      }
      search_level(t, nodes, works[begin].split->left_features, works[begin].best[0]);
    }
    begin = end;
  }
}

void Grower::search_level(std::int32_t t, std::vector<LevelNode>& nodes, const backend::FeatureSet& features,
                          BestSplit& best) {
  const GrowingTreeData& tree = trees_[static_cast<std::size_t>(t)];
  const double parent_score = level_parent_score(nodes);
  std::vector<BestSplit> of_column(tree.columns.size());
  const std::vector<std::uint8_t> allowed = allowed_columns(tree, features);
  tasks_.for_each(static_cast<std::int64_t>(tree.columns.size()), [&](std::int64_t c) {
    const auto at = static_cast<std::size_t>(c);
    if (!allowed.empty() && allowed[at] == 0) return;
    search_level_column(tree.settings, tree.columns[at], nodes, parent_score, of_column[at]);
  });
  for (const BestSplit& other : of_column) {
    if (best.loses_to(other)) best = other;
  }
}

void Grower::report(std::span<Work> works) {
  std::int32_t last_level = -1;
  for (Work& work : works) {
    const backend::Split& split = *work.split;
    if (!split.search_children) continue;
    if (work.tree->spec.symmetric) {
      if (split.tree == last_level) continue;
      last_level = split.tree;
      candidates_.push_back({split.tree, split.left, work.best[0].gain, work.best[0].rule()});
      continue;
    }
    const std::int32_t numbers[2] = {split.left, split.right};
    for (int i = 0; i < 2; ++i) {
      candidates_.push_back({split.tree, numbers[i], work.best[i].gain, work.best[i].rule(),
                             work.child[i]->ahead[0] != nullptr});
    }
  }
}

}  // namespace ramet::cpu
