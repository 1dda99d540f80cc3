// Seconds of device time per phase of a training, for reports.
#pragma once

#include <cuda_runtime_api.h>

#include <string>
#include <utility>
#include <vector>

#include "backend/phase.hpp"

namespace ramet::cuda {

using backend::Phase;

// Marks on a stream. Reading them needs no wait of its own: `collect` is called where the stream is known to
// be idle.
class PhaseEvents {
 public:
  PhaseEvents() = default;
  ~PhaseEvents();
  PhaseEvents(const PhaseEvents&) = delete;
  PhaseEvents& operator=(const PhaseEvents&) = delete;

  // What is enqueued from here on belongs to `phase`, up to the next mark or `stop`.
  void mark(Phase phase, cudaStream_t stream);
  void stop(cudaStream_t stream);
  // Adds up what has been marked since the last call.
  void collect();
  std::vector<std::pair<std::string, double>> named() const { return times_.named(); }

 private:
  struct Mark {
    cudaEvent_t event = nullptr;
    Phase phase = Phase::count;  // count: nothing
  };
  cudaEvent_t next_event();
  void record(Phase phase, cudaStream_t stream);

  std::vector<cudaEvent_t> events_;  // all there are; the first `marks_.size()` are in use
  std::vector<Mark> marks_;
  backend::PhaseTimes times_;
};

}  // namespace ramet::cuda
