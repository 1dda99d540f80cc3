#include "cuda/phases.hpp"

#include "cuda/check.hpp"

namespace ramet::cuda {

PhaseEvents::~PhaseEvents() {
  for (cudaEvent_t event : events_) (void)cudaEventDestroy(event);
}

cudaEvent_t PhaseEvents::next_event() {
  if (marks_.size() == events_.size()) {
    cudaEvent_t event = nullptr;
    check(cudaEventCreate(&event), "creating an event");
    events_.push_back(event);
  }
  return events_[marks_.size()];
}

void PhaseEvents::record(Phase phase, cudaStream_t stream) {
  cudaEvent_t event = next_event();
  check(cudaEventRecord(event, stream), "recording an event");
  marks_.push_back({event, phase});
}

void PhaseEvents::mark(Phase phase, cudaStream_t stream) { record(phase, stream); }

void PhaseEvents::stop(cudaStream_t stream) {
  if (!marks_.empty() && marks_.back().phase != Phase::count) record(Phase::count, stream);
}

void PhaseEvents::collect() {
  for (std::size_t i = 0; i + 1 < marks_.size(); ++i) {
    if (marks_[i].phase == Phase::count) continue;
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, marks_[i].event, marks_[i + 1].event), "reading a time");
    times_[marks_[i].phase] += static_cast<double>(milliseconds) * 1e-3;
  }
  marks_.clear();
}

}  // namespace ramet::cuda
