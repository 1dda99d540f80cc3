// Seconds per phase of a training, for reports.
#pragma once

#include <chrono>

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

}  // namespace ramet::cpu
