// Seconds per phase of a training, for reports.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace ramet::cpu {

enum class Phase { gradients, partition, histogram, search, leaves, scores, evaluate, count };

struct PhaseTimes {
  std::array<double, static_cast<std::size_t>(Phase::count)> seconds{};

  double& operator[](Phase phase) { return seconds[static_cast<std::size_t>(phase)]; }
  std::vector<std::pair<std::string, double>> named() const {
    constexpr const char* names[] = {"gradients", "partition", "histogram", "search",
                                     "leaves",    "scores",    "evaluate"};
    std::vector<std::pair<std::string, double>> result;
    for (std::size_t i = 0; i < seconds.size(); ++i) result.emplace_back(names[i], seconds[i]);
    return result;
  }
};

// Adds the time of its scope to a phase.
class PhaseTimer {
 public:
  PhaseTimer(PhaseTimes& times, Phase phase) : times_(times), phase_(phase), begin_(Clock::now()) {}
  ~PhaseTimer() { times_[phase_] += std::chrono::duration<double>(Clock::now() - begin_).count(); }
  PhaseTimer(const PhaseTimer&) = delete;
  PhaseTimer& operator=(const PhaseTimer&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  PhaseTimes& times_;
  Phase phase_;
  Clock::time_point begin_;
};

}  // namespace ramet::cpu
