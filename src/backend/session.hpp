// What a backend must do: the steps of growing trees on one data set. The training loop is the only caller.
//
// A session's life:  for each round { begin_round; begin_trees; { candidates; expand }*; end_trees; evaluate*
// }. Every call enqueues and returns; only those marked "waits" wait. Not thread-safe. Results are the same
// for every backend, thread count and sharding of the rows (docs/design.md, the numbers contract).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backend/split.hpp"
#include "data/dataset_data.hpp"
#include "metric/metric.hpp"
#include "model/ensemble.hpp"
#include "objective/objective.hpp"
#include "ramet/train.hpp"

namespace ramet::backend {

struct SessionInput {
  const TrainParams& params;
  const objective::Objective& objective;
  const CustomObjective* custom = nullptr;          // with objective::Caller
  std::vector<model::OutputScale> outputs;          // one per margin
  const data::DatasetData* train = nullptr;         // set 0
  std::vector<const data::DatasetData*> more_sets;  // sets 1, 2, ...: binned like `train`
  std::function<bool()> cancelled;                  // may be empty; polled between parallel regions
};

class Session {
 public:
  virtual ~Session() = default;

  // Gradients of all outputs at the current scores, their maxima over all ranks, quantisation.
  // Throws Error{invalid_data} naming round and global row if a gradient or hessian is not finite.
  virtual void begin_round(int round) = 0;

  // Starts growing `specs.size()` trees together and searches their roots.
  virtual void begin_trees(std::span<const TreeSpec> specs) = 0;

  // For each split: moves the node's rows to its children, builds their histograms, searches both.
  virtual void expand(std::span<const Split> splits) = 0;

  // Waits. The best split of every unit searched since the last call, in the order they were asked for.
  virtual std::vector<SplitCandidate> candidates() = 0;

  // Ends the batch: leaf values (learning rate included), and all sets' scores updated by them. `trees` has
  // one entry for each spec, in the order of the specs.
  virtual void end_trees(std::span<const FinishedTree> trees) = 0;

  // Waits. Values of the trees given to the last end_trees.
  virtual std::vector<TreeValues> tree_values() = 0;

  // Waits. The metric over all ranks' rows of set number `set` at the current scores.
  virtual double evaluate(const metric::Metric& metric, int set) = 0;

  // How many trees of at most `leaves` leaves one batch may hold within the backend's memory.
  virtual int max_batch_trees(int leaves) const = 0;

  // Seconds spent per named phase so far, for reports.
  virtual std::vector<std::pair<std::string, double>> phases() const = 0;

  // Most bytes held on devices of this process so far, for reports; 0 where there is no such memory.
  virtual std::int64_t device_bytes() const { return 0; }
};

}  // namespace ramet::backend
