// One device's part of a session: its rows of all sets, and every step on them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backend/session.hpp"
#include "cuda/device_comm.hpp"
#include "cuda/gradients.hpp"
#include "cuda/grower.hpp"
#include "cuda/leaves.hpp"
#include "cuda/metrics.hpp"
#include "cuda/phases.hpp"
#include "cuda/scores.hpp"
#include "cuda/set_rows.hpp"
#include "cuda/staging.hpp"
#include "cuda/stream.hpp"

namespace ramet::cuda {

// Which rows of each set (0: the training set) are a device's, and what all devices must know alike.
struct ShardInput {
  std::vector<RowSpan> sets;
  double largest_weight = 1;  // of the training set's rows, over all ranks
};

// Steps are those of backend::Session; all shards of all ranks take them together. Not thread-safe; the
// shard's device must be current.
class Shard {
 public:
  Shard(const backend::SessionInput& input, const ShardInput& shard, DeviceComm& comm);

  void begin_round(int round);
  // With the caller's gradients of this device's rows: rows x outputs, row-major.
  void begin_round(int round, std::span<const double> g, std::span<const double> h);
  void begin_trees(std::span<const backend::TreeSpec> specs);
  void expand(std::span<const backend::Split> splits);
  std::vector<backend::SplitCandidate> candidates();
  void end_trees(std::span<const backend::FinishedTree> trees);
  std::vector<backend::TreeValues> tree_values();

  // Of a metric of single rows. Waits.
  RowSums row_sums(const metric::Metric& metric, std::size_t set);
  // Of a metric of all rows together, where this device has them all. Nothing where a row is not allowed or
  // the metric is not made for devices. Waits.
  std::optional<double> rank_metric(const metric::Metric& metric, std::size_t set);
  // Copies the set's scores to the host: row r's of output k to out[k * stride + r]. Waits.
  void download_scores(std::size_t set, std::int64_t* out, std::int64_t stride);

  std::int32_t most_batch_trees() const { return grower_.most_batch_trees(); }
  std::vector<std::pair<std::string, double>> phases() const { return phases_.named(); }

 private:
  // What end_trees leaves for tree_values: one finished tree.
  struct Ended {
    backend::FinishedTree tree;
    std::int32_t first_leaf = 0;  // of all leaves of the batch
  };
  struct Leaves {
    std::vector<LeafTask> tasks;  // one per leaf
    std::int64_t blocks = 0;
    std::vector<CopyTask> moves;  // that bring the rows of a leaf together
    std::uint32_t move_blocks = 0;
  };

  const std::uint32_t* rows_of(std::int32_t node, Leaves& leaves) const;
  Leaves collect_leaves(std::span<const backend::FinishedTree> trees);
  void compute_units(const Leaves& leaves);
  void update_scores(std::span<const backend::FinishedTree> trees);
  RouteTree route_tree(const backend::FinishedTree& tree, std::int32_t first_leaf);
  RouteRows route_rows(std::size_t set) const;

  const backend::SessionInput& input_;
  const data::DatasetData& data_;
  double largest_weight_;
  DeviceComm& comm_;
  Stream stream_;
  PhaseEvents phases_;
  std::vector<SetRows> sets_;
  Gradients gradients_;
  Grower grower_;
  std::int64_t leaf_capacity_;
  LeafValues leaf_values_;
  Metrics metrics_;
  DeviceArray<std::int32_t> slot_of_column_;  // where the training rows are packed in one group
  Staging to_device_;
  Staging to_host_;
  std::vector<Ended> ended_;
  std::int64_t* units_ = nullptr;  // per leaf; on the host after tree_values has waited
  std::int64_t* device_units_ = nullptr;
  std::int64_t* device_steps_ = nullptr;
  std::int32_t* shifts_ = nullptr;  // per tree
  std::int32_t* values_ = nullptr;  // per leaf
  DeviceScale* scales_ = nullptr;   // per output
  int round_ = 0;
};

}  // namespace ramet::cuda
