// A backend by the letter of the numbers contract (docs/design.md): loops over rows, plain sums, no histogram
// subtraction, no packing, no threads. Slow and obviously right: what fast backends are compared with.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backend/session.hpp"
#include "naive/gradients.hpp"
#include "naive/rows.hpp"

namespace ramet::naive {

class NaiveSession final : public backend::Session {
 public:
  explicit NaiveSession(const backend::SessionInput& input);

  void begin_round(int round) override;
  void begin_trees(std::span<const backend::TreeSpec> specs) override;
  void expand(std::span<const backend::Split> splits) override;
  std::vector<backend::SplitCandidate> candidates() override;
  void end_trees(std::span<const backend::FinishedTree> trees) override;
  std::vector<backend::TreeValues> tree_values() override;
  double evaluate(const metric::Metric& metric, int set) override;
  // Few, so that rounds of several classes take several batches.
  int max_batch_trees(int) const override { return 2; }
  std::vector<std::pair<std::string, double>> phases() const override { return {}; }

 private:
  void search(std::int32_t tree, const std::vector<std::int32_t>& nodes, const backend::FeatureSet& features);
  void check_cancelled() const;

  backend::SessionInput input_;
  std::vector<BinnedRows> sets_;
  std::vector<Scores> scores_;  // one per set
  std::vector<OutputGradients> gradients_;
  std::vector<backend::TreeSpec> specs_;
  std::map<std::int32_t, std::vector<std::int64_t>> rows_of_node_;  // sampled rows of this rank
  std::vector<backend::SplitCandidate> candidates_;
  std::vector<backend::TreeValues> values_;
};

std::unique_ptr<backend::Session> open_session(const backend::SessionInput& input);

}  // namespace ramet::naive
