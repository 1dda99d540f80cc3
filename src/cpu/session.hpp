// The CPU backend's session: gradients, growing, leaves and scores on one data set.
#pragma once

#include <memory>
#include <vector>

#include "backend/session.hpp"
#include "cpu/grower.hpp"
#include "cpu/scores.hpp"

namespace ramet::cpu {

class CpuSession final : public backend::Session {
 public:
  explicit CpuSession(const backend::SessionInput& input);

  void begin_round(int round) override;
  void begin_trees(std::span<const backend::TreeSpec> specs) override;
  void expand(std::span<const backend::Split> splits) override;
  std::vector<backend::SplitCandidate> candidates() override;
  void end_trees(std::span<const backend::FinishedTree> trees) override;
  std::vector<backend::TreeValues> tree_values() override;
  double evaluate(const metric::Metric& metric, int set) override;
  int max_batch_trees(int leaves) const override;
  std::vector<std::pair<std::string, double>> phases() const override;

 private:
  const data::DatasetData& set_data(std::size_t set) const;
  backend::TreeValues values_of(const backend::FinishedTree& tree, const std::vector<std::int64_t>& units,
                                std::vector<std::int64_t>& steps) const;
  void update_other_set(std::size_t set, const backend::FinishedTree& tree,
                        std::span<const std::int32_t> leaf_numbers, std::span<const std::int64_t> steps);

  backend::SessionInput input_;
  Tasks tasks_;
  std::vector<Scores> scores_;  // per set
  Gradients gradients_;
  Grower grower_;
  std::vector<Buffer<std::uint32_t>> leaf_of_row_;  // per tree of the batch, kept for its memory
  std::vector<backend::TreeValues> values_;
  PhaseTimes times_;
};

}  // namespace ramet::cpu
