// Seconds of device time per phase of a training, for reports.
#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace ramet::cuda {

enum class Phase { gradients, partition, histogram, search, leaves, scores, evaluate, count };

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
  // Time that the host spent waiting for itself, e.g. in metrics that it computes.
  void add(Phase phase, double seconds) { seconds_[static_cast<std::size_t>(phase)] += seconds; }

  std::vector<std::pair<std::string, double>> named() const;

 private:
  struct Mark {
    cudaEvent_t event = nullptr;
    Phase phase = Phase::count;  // count: nothing
  };
  cudaEvent_t next_event();
  void record(Phase phase, cudaStream_t stream);

  std::vector<cudaEvent_t> events_;  // all there are; the first `marks_.size()` are in use
  std::vector<Mark> marks_;
  std::array<double, static_cast<std::size_t>(Phase::count)> seconds_{};
};

}  // namespace ramet::cuda
