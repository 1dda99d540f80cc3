// Grows the trees of one batch: rows, histograms and searches of all their nodes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "backend/session.hpp"
#include "base/tasks.hpp"
#include "cpu/column_search.hpp"
#include "cpu/contest.hpp"
#include "cpu/gradients.hpp"
#include "cpu/level_search.hpp"
#include "cpu/node_histogram.hpp"
#include "cpu/partition_job.hpp"
#include "cpu/sparse_columns.hpp"
#include "cpu/split_candidate.hpp"
#include "cpu/stopwatch.hpp"
#include "cpu/tree_rows.hpp"
#include "cpu/work_queues.hpp"

namespace ramet::cpu {

struct AheadNode;

// A node of the batch, while its tree grows.
struct GrowingNode {
  std::int32_t tree = -1;
  Side side = Side::root;
  std::int32_t left = -1;  // batch numbers; -1: not expanded
  std::int32_t right = -1;
  backend::NodeSums sums;         // over all ranks
  std::vector<Segment> segments;  // this rank's rows, per page
  int worker = -1;                // that made its histogram; -1: not known
  Standing standing;              // of its best split, if it has one
  // 1 for each column of the histogram that means anything, the others being dead; empty: all do.
  std::vector<std::uint8_t> alive;
  Histogram histogram;       // until the node is expanded or turns out to be a leaf
  AheadNode* ahead[2] = {};  // the children, if the node was expanded ahead of time
};

// A node that nobody has asked for yet (backend::Outlook), and its best split.
struct AheadNode {
  GrowingNode node;
  BestSplit best;
};

// Such nodes, made by one worker; their memory is kept from batch to batch.
class AheadNodes {
 public:
  AheadNode& take();
  // All of them may be taken again; nobody uses one any more.
  void clear() { used_ = 0; }
  std::span<AheadNode* const> taken() const { return {nodes_.data(), used_}; }

 private:
  std::deque<AheadNode> memory_;
  std::vector<AheadNode*> nodes_;
  std::size_t used_ = 0;
};

// As new, but with its memory.
void reset_node(GrowingNode& node, std::int32_t tree, Side side);

// A tree of the batch: what it is grown on.
struct GrowingTreeData {
  backend::TreeSpec spec;
  TreeRows rows;
  std::shared_ptr<const HistogramLayout> layout;
  std::vector<SearchColumn> columns;            // one per layout column
  std::vector<std::int32_t> column_of_feature;  // index into `columns`; -1: not in the tree
  SearchSettings settings;
  const OutputGradients* gradients = nullptr;
};

// 1 for each column that a node may use; empty: all of the tree's.
std::vector<std::uint8_t> allowed_columns(const GrowingTreeData& tree, const backend::FeatureSet& features);

class Grower {
 public:
  Grower(const backend::SessionInput& input, const Gradients& gradients, Tasks& tasks);

  void begin(std::span<const backend::TreeSpec> specs);
  void expand(std::span<const backend::Split> splits);
  std::vector<backend::SplitCandidate> take_candidates();

  const GrowingNode& node(std::int32_t number) const { return nodes_[static_cast<std::size_t>(number)]; }
  const GrowingTreeData& tree(std::int32_t t) const { return trees_[static_cast<std::size_t>(t)]; }
  const SampledRows& sample() const { return sample_; }

  // Bytes of one tree's rows, and of one node.
  std::int64_t tree_bytes() const;
  std::int64_t node_bytes() const;

  PhaseTimes times;

 private:
  // One split on its way: its partition, then its children's histograms and searches.
  struct Work {
    const backend::Split* split = nullptr;
    GrowingTreeData* tree = nullptr;
    GrowingNode* parent = nullptr;
    GrowingNode* child[2] = {};
    PartitionJob partition;
    bool search[2] = {};  // which children are searched
    int smaller = 0;      // index of the child with fewer rows over all ranks
    bool derive = false;  // the larger child's histogram = parent's - smaller child's
    bool done = false;    // ahead of time
    BestSplit best[2];
  };

  void start_tree(std::int32_t t, const backend::TreeSpec& spec);
  void search_roots();
  void build_roots(std::span<const BuildJob> jobs);
  void sum_root(const GrowingTreeData& tree, GrowingNode& root);
  std::shared_ptr<const HistogramLayout> layout_of(const backend::TreeSpec& spec);
  void choose_rows(const HistogramLayout& layout);
  void attach(Work& work, const backend::Split& split);
  void adopt(Work& work);
  void prepare(Work& work);
  void finish_partition(Work& work, std::int64_t global_left);
  bool worth_searching(const GrowingTreeData& tree, const backend::NodeSums& sums) const;
  void plan_histograms(Work& work, int worker);
  BuildJob job_of(const GrowingTreeData& tree, const GrowingNode& node) const;
  void subtract(Work& work, std::int64_t begin, std::int64_t end);
  void finish_histograms(Work& work, int worker);
  // One node on its way through its columns.
  struct NodeSearch {
    SearchNode node;
    std::vector<std::uint8_t> allowed;
    SearchScratch scratch;
    bool worthwhile = false;
  };
  using SearchPair = std::array<NodeSearch, 2>;
  // A node that several workers expand: each step in pieces, which are tasks; who finishes the last one
  // begins the next step.
  struct LargeNode {
    enum class Step { mark, scatter, build, search };
    Work* work = nullptr;
    backend::Outlook below;  // of its children
    Step step = Step::mark;
    std::atomic<std::int64_t> unfinished{0};  // pieces of the step
    ChunkedPartition partition;
    BuildJob job;
    BuildPlan plan;
    std::int64_t ranges = 0;      // of columns, which are searched apart
    std::vector<BestSplit> best;  // of each range: the left child's, the right one's
    // Of a node that is expanded ahead of time.
    Work own_work;
    backend::Split own_split;
  };
  // A node to expand, which was asked for or of which it is known that it will be, or a piece of a large one.
  struct GrowTask {
    Work* work = nullptr;
    LargeNode* large = nullptr;
    std::int64_t piece = 0;
    GrowingTreeData* tree = nullptr;  // and what follows: where there is neither
    GrowingNode* node = nullptr;
    const BestSplit* best = nullptr;
    backend::Outlook outlook;
  };
  // What a worker keeps from task to task.
  struct Worker {
    SearchPair searches;
    Work work;  // of the node that it expands ahead of time
    backend::Split split;
    AheadNodes nodes;
    std::deque<LargeNode> large;
    std::size_t used_large = 0;
    std::int32_t tree = 0;  // whose contest it took a node from last
    PhaseTimes steps;       // of its tasks in this call, by a sample of the small nodes
    std::uint32_t small_nodes = 0;
  };
  // Sets all of `search`; its memory is reused.
  void prepare_search(const GrowingTreeData& tree, const GrowingNode& node,
                      const backend::FeatureSet& features, NodeSearch& search) const;
  void search_columns(const GrowingTreeData& tree, NodeSearch& search, std::int32_t column_begin,
                      std::int32_t column_end, BestSplit& best) const;
  bool tells_dead_columns(const GrowingTreeData& tree) const;
  void find_alive(const GrowingTreeData& tree, GrowingNode& node, NodeSearch& search,
                  std::int32_t column_begin, std::int32_t column_end) const;
  void search_children(Work& work, std::int32_t column_begin, std::int32_t column_end, BestSplit* best,
                       SearchPair& searches);
  void expand_small(Work& work, int worker);
  void expand_together(std::span<Work* const> works);
  void search_together(std::span<Work* const> works);
  void expand_apart(std::span<Work* const> works);
  void assign(std::vector<Work*>& works);
  void grow(int worker);
  void share_time(double seconds);
  void carry_out(const GrowTask& task, int worker);
  bool fetch(int worker, GrowTask& task);
  void plan_children(Work& work, const backend::Outlook& below, int worker);
  void go_ahead(const GrowTask& task, int worker);
  void attach_ahead(Work& work, backend::Split& split, const GrowTask& task, int worker);
  LargeNode& take_large(int worker);
  void begin_large(LargeNode& large, int worker);
  void begin_step(LargeNode& large, LargeNode::Step step, std::int64_t pieces, int worker);
  void carry_out_piece(LargeNode& large, std::int64_t piece, int worker);
  void finish_step(LargeNode& large, int worker);
  void build_large(LargeNode& large, int worker);
  void search_range(LargeNode& large, std::int64_t range, int worker);
  void finish_large(LargeNode& large, int worker);
  void search_levels(std::span<Work> works);
  void search_level(std::int32_t t, std::vector<LevelNode>& nodes, const backend::FeatureSet& features,
                    BestSplit& best);
  void report(std::span<Work> works);
  std::int64_t small_rows(std::span<Work* const> works) const;
  void poll() const;

  const backend::SessionInput& input_;
  const data::DatasetData& data_;
  const Gradients& gradients_;
  Tasks& tasks_;
  HistogramPool pool_;
  std::shared_ptr<const HistogramLayout> full_layout_;
  std::shared_ptr<const SparseRows> sparse_;  // for full_layout_, where it pays
  std::shared_ptr<JointRows> joint_;          // likewise, in place of sparse_
  std::shared_ptr<RowRecords> records_;       // likewise, in place of both
  std::unique_ptr<HistogramPool> joint_pool_;
  std::shared_ptr<const SparseColumns> sparse_columns_;  // of sparse_, where roots gain by it
  SampledRows sample_;
  backend::RowSample sample_key_{-1.0, 0};
  std::int32_t tree_count_ = 0;
  std::vector<GrowingTreeData> trees_;
  std::vector<GrowingNode> nodes_;
  std::vector<backend::SplitCandidate> candidates_;
  // Kept from call to call for their memory.
  std::vector<Work> works_;
  std::vector<Worker> workers_;
  std::vector<SideBySideCells> side_by_side_;  // per worker
  WorkQueues<GrowTask> growth_;
  std::deque<Contest<GrowTask>> contests_;  // per tree, where growth is best first
  std::int64_t most_small_rows_ = 0;        // of nodes that one worker expands
};

}  // namespace ramet::cpu
