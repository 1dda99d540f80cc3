// What happens between rounds: metrics, reports to the caller, and the decision whether to go on.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "backend/session.hpp"
#include "base/log.hpp"
#include "train/early_stopping.hpp"
#include "train/job.hpp"

namespace ramet::training {

class Rounds {
 public:
  // Both must outlive it.
  Rounds(const Job& job, backend::Session& session);

  int finished() const { return static_cast<int>(history_.size()); }
  bool more() const { return !stopped_ && finished() < job_.params.num_round; }

  // Ends a round: evaluates all sets, tells the caller, and finds out whether to stop early. Collective.
  void finish_round();

  // With early stopping the best round, else the last.
  int best_round() const;

  // Fills the caller's report, if there is one.
  void report() const;

 private:
  std::vector<MetricValue> evaluate();
  double seconds() const;
  bool caller_stops(const std::vector<MetricValue>& metrics) const;

  const Job& job_;
  backend::Session& session_;
  std::shared_ptr<spdlog::logger> log_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  EarlyStopping early_stopping_;
  bool stopped_ = false;
  std::vector<std::vector<MetricValue>> history_;  // one entry a round
};

}  // namespace ramet::training
