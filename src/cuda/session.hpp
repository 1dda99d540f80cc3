// The CUDA backend's session: one or several devices that share a rank's rows.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/session.hpp"
#include "base/tasks.hpp"
#include "cuda/device_comms.hpp"
#include "cuda/shard.hpp"
#include "cuda/team.hpp"

namespace ramet::cuda {

class CudaSession final : public backend::Session {
 public:
  // `devices`: CUDA's numbers. All ranks of the data set's communicator open one together.
  CudaSession(const backend::SessionInput& input, std::vector<int> devices);
  ~CudaSession() override;

  void begin_round(int round) override;
  void begin_trees(std::span<const backend::TreeSpec> specs) override;
  void expand(std::span<const backend::Split> splits) override;
  std::vector<backend::SplitCandidate> candidates() override;
  void end_trees(std::span<const backend::FinishedTree> trees) override;
  std::vector<backend::TreeValues> tree_values() override;
  double evaluate(const metric::Metric& metric, int set) override;
  int max_batch_trees(int leaves) const override;
  std::vector<std::pair<std::string, double>> phases() const override;
  std::int64_t device_bytes() const override { return device_bytes_; }

 private:
  const data::DatasetData& set_data(std::size_t set) const;
  std::vector<std::int64_t> download_scores(std::size_t set);
  void begin_custom_round(int round);
  double evaluate_on_host(const metric::Metric& metric, std::size_t set);
  double evaluate_order(const metric::Metric& metric, std::size_t set);
  double evaluate_rows(const metric::Metric& metric, std::size_t set);

  backend::SessionInput input_;
  Tasks tasks_;
  Team team_;
  DeviceComms comms_;
  std::vector<ShardInput> shard_inputs_;
  std::vector<std::unique_ptr<Shard>> shards_;  // one per device
  std::int64_t device_bytes_ = 0;
};

}  // namespace ramet::cuda
