// Device time of what a benchmark enqueues, and how near its traffic comes to the memory's bandwidth.
#pragma once

#include <benchmark/benchmark.h>

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cuda/check.hpp"

namespace ramet::cuda::bench {

// Two marks on a stream.
class Timer {
 public:
  Timer() {
    check(cudaEventCreate(&begin_), "creating an event");
    check(cudaEventCreate(&end_), "creating an event");
  }
  ~Timer() {
    (void)cudaEventDestroy(begin_);
    (void)cudaEventDestroy(end_);
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void start(cudaStream_t stream) { check(cudaEventRecord(begin_, stream), "marking a stream"); }
  // Waits. Seconds of device time since start.
  double stop(cudaStream_t stream) {
    check(cudaEventRecord(end_, stream), "marking a stream");
    check(cudaEventSynchronize(end_), "running kernels");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, begin_, end_), "reading a time");
    return static_cast<double>(milliseconds) * 1e-3;
  }

 private:
  cudaEvent_t begin_ = nullptr;
  cudaEvent_t end_ = nullptr;
};

// Bytes per second that the current device's memory can move, by its clock and width; 0 if it does not tell.
double peak_bandwidth();

// Times work(): the benchmark must be registered with UseManualTime. `bytes`: what one run has to read and
// write at least; counters `bytes/s`, and `of_peak` where the peak is known.
template <class Work>
void time_work(benchmark::State& state, cudaStream_t stream, double bytes, const Work& work) {
  work();  // the first run pays for loading the kernel
  check(cudaStreamSynchronize(stream), "running kernels");
  Timer timer;
  for (auto _ : state) {
    timer.start(stream);
    work();
    state.SetIterationTime(timer.stop(stream));
  }
  state.counters["bytes/s"] = benchmark::Counter(bytes, benchmark::Counter::kIsIterationInvariantRate);
  if (const double peak = peak_bandwidth(); peak > 0) {
    state.counters["of_peak"] =
        benchmark::Counter(bytes / peak, benchmark::Counter::kIsIterationInvariantRate);
  }
}

inline void count_updates(benchmark::State& state, double updates) {
  state.counters["updates/s"] = benchmark::Counter(updates, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace ramet::cuda::bench
