// Grows the trees of one batch on one device: rows, histograms and searches of all their nodes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backend/session.hpp"
#include "cuda/device_comm.hpp"
#include "cuda/gradients.hpp"
#include "cuda/grower_plan.hpp"
#include "cuda/histogram.hpp"
#include "cuda/histogram_pool.hpp"
#include "cuda/histogram_reducer.hpp"
#include "cuda/partition.hpp"
#include "cuda/phases.hpp"
#include "cuda/plan.hpp"
#include "cuda/search.hpp"
#include "cuda/search_exchange.hpp"
#include "cuda/set_rows.hpp"
#include "cuda/staging.hpp"
#include "cuda/tree_columns.hpp"

namespace ramet::cuda {

// A node of the batch, while its tree grows.
struct GrowingNode {
  std::int32_t tree = -1;
  std::int32_t left = -1;  // batch numbers; -1: not expanded
  std::int32_t right = -1;
  std::int32_t buffer = -1;           // where its row ids are: 0, 1; -1: the batch's sample
  std::uint32_t begin = 0;            // of the tree's part of the buffer
  std::uint32_t count = 0;            // rows of this device
  std::int64_t rows = 0;              // of all devices
  std::int64_t h = 0;                 // quantised sum of hessians over all devices
  double gain = 0;                    // of its best split
  std::int64_t* histogram = nullptr;  // null: not kept
};

// A tree of the batch.
struct GrowingTree {
  backend::TreeSpec spec;
  TreeColumns* columns = nullptr;
  GradientView gradients;
};

class Grower {
 public:
  Grower(const backend::SessionInput& input, const SetRows& rows, const Gradients& gradients,
         DeviceComm& comm, PhaseEvents& phases, cudaStream_t stream);

  // Each enqueues; the results are those of the next take_candidates.
  void begin(std::span<const backend::TreeSpec> specs, int round);
  void expand(std::span<const backend::Split> splits);

  // Waits. Throws Error{invalid_data} if the round's gradients were not finite.
  std::vector<backend::SplitCandidate> take_candidates();

  const GrowingNode& node(std::int32_t number) const { return nodes_[static_cast<std::size_t>(number)]; }
  const GrowingTree& tree(std::int32_t t) const { return trees_[static_cast<std::size_t>(t)]; }
  // Row ids of an unexpanded node on the device; null: rows 0 .. count - 1.
  const std::uint32_t* ids(const GrowingNode& node) const;
  // Where the row ids of a node that is not a root lie, or would, were it not expanded.
  std::uint32_t* buffer(const GrowingNode& node) const {
    return ids_[node.buffer].data() + std::int64_t{node.tree} * rows_.rows() + node.begin;
  }
  bool samples_rows() const { return sample_key_.fraction < 1.0; }
  std::int32_t most_batch_trees() const { return plan_.trees; }
  std::int64_t most_leaves() const { return plan_.leaves; }
  // The columns of all trees, where they are the same; else null.
  const TreeColumns* shared_columns() const {
    return plan_.shared_columns && !tree_columns_.empty() ? tree_columns_[0].get() : nullptr;
  }

 private:
  // One split on its way.
  struct Work {
    const backend::Split* split = nullptr;
    std::int64_t* parent_histogram = nullptr;
    std::int64_t* slots[2] = {};
    std::int32_t search = -1;  // index of the left child's search; -1: none
    bool kept = false;         // the children's histograms are still there
  };
  // What is built and searched in one go: items, roots or splits, each with consecutive tasks of both kinds.
  struct Batch {
    struct Item {
      std::int32_t end_build = 0;  // its tasks end here
      std::int32_t end_search = 0;
    };
    const BuildTask* builds = nullptr;  // on the device
    const SearchTask* searches = nullptr;
    std::vector<BuiltHistogram> built;  // what the tasks of `builds` build
    std::vector<Item> items;
    std::vector<LevelTask> levels;  // symmetric trees, but for roots
  };
  // What the device tells of one step.
  struct Results {
    std::uint32_t* sides = nullptr;
    std::int64_t* left_rows = nullptr;
    DeviceSums* left_sums = nullptr;
    SearchResults found;
    std::int64_t* bad_row = nullptr;
    std::uint32_t* sampled = nullptr;
    std::int64_t* root_rows = nullptr;
    std::int64_t* root_h = nullptr;  // trees without columns
  };

  void draw_sample(const backend::RowSample& sample);
  void start_tree(std::int32_t t, const backend::TreeSpec& spec);
  void enqueue_roots();
  void search_roots(const BuildTask* builds, std::span<const std::int32_t> searched);
  void build_and_search(const Batch& batch, const SearchResults& results);
  void place_results(std::size_t splits, std::size_t searches, std::size_t units);
  std::size_t staged_bytes(std::span<const backend::Split> splits) const;
  void move_rows(std::span<const backend::Split> splits);
  PartitionTask partition_task(const backend::Split& split, std::uint32_t first_block);
  void enqueue_chunk(std::size_t begin, std::size_t end);
  std::size_t chunk_end(std::size_t begin);
  std::int32_t slots_needed(const backend::Split& split) const;
  bool make_room(std::int32_t slots, std::size_t first_protected);
  void take_slots(Work& work);
  PlanSplit plan_split(const Work& work, std::int32_t first_build, std::int32_t first_search);
  std::vector<LevelTask> chunk_levels(std::int32_t first, std::size_t begin, std::size_t end) const;
  SearchResults chunk_results(std::int32_t first) const;
  void sum_left_sides(std::size_t begin, std::size_t end);
  void release_unsearched(std::size_t begin, std::size_t end);
  const std::uint32_t* allowed_columns(const TreeColumns& columns, const backend::FeatureSet& features);
  void finish_roots(std::vector<backend::SplitCandidate>& out);
  void finish_splits(std::vector<backend::SplitCandidate>& out);
  void finish_split(const Work& work, std::size_t at);
  backend::SplitCandidate candidate(std::int32_t tree, std::int32_t node, std::int32_t unit) const;
  [[noreturn]] void fail_bad_row() const;

  const backend::SessionInput& input_;
  const data::DatasetData& data_;
  const SetRows& rows_;
  const Gradients& gradients_;
  DeviceComm& comm_;
  PhaseEvents& phases_;
  cudaStream_t stream_;
  bool symmetric_;
  bool counted_;
  GrowerPlan plan_;
  std::vector<std::unique_ptr<TreeColumns>> tree_columns_;  // one for all trees, or one for each of a batch
  SplitSearch search_;
  HistogramBuilder builder_;
  HistogramPool pool_;
  HistogramReducer reducer_;  // after the pool: its stream ends first
  SearchExchange exchange_;
  DeviceArray<std::uint32_t> ids_[2];
  DeviceArray<std::uint32_t> sample_;
  DeviceArray<std::uint32_t> sample_count_;
  backend::RowSample sample_key_{-1.0, 0};
  std::uint32_t sampled_rows_ = 0;
  std::vector<GrowingTree> trees_;
  std::vector<GrowingNode> nodes_;
  std::vector<Work> works_;
  std::vector<backend::Split> splits_;  // of the step in flight
  Staging to_device_;
  Staging to_host_;
  Results host_;
  Results device_;
  std::int32_t tree_count_ = 0;
  std::int32_t searches_ = 0;  // of the step so far
  std::int32_t units_ = 0;
  int round_ = 0;
  bool roots_ = false;  // the step in flight is begin()
};

}  // namespace ramet::cuda
