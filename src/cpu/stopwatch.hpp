// Seconds per phase of a training, for reports.
#pragma once

#include <chrono>
#include <cstdint>

#include "backend/phase.hpp"

namespace ramet::cpu {

using backend::Phase;
using backend::PhaseTimes;

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

// Adds the time since it was made, or since the last lap, to a phase, as often as `weight` says; 0: does
// nothing.
class Laps {
 public:
  Laps(PhaseTimes& times, std::uint32_t weight) : times_(times), weight_(weight) {
    if (weight_ != 0) begin_ = Clock::now();
  }
  void add_to(Phase phase) {
    if (weight_ == 0) return;
    const Clock::time_point now = Clock::now();
    times_[phase] += weight_ * std::chrono::duration<double>(now - begin_).count();
    begin_ = now;
  }

 private:
  using Clock = std::chrono::steady_clock;
  PhaseTimes& times_;
  std::uint32_t weight_;
  Clock::time_point begin_;
};

}  // namespace ramet::cpu
