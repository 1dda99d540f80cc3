// From a float matrix to binned pages.
#include <benchmark/benchmark.h>

#include <random>

#include "bench_data.hpp"

namespace ramet::bench {
namespace {

// Arguments: rows, columns, max_bin, threads, zeros in 100 values.
void binning(benchmark::State& state) {
  Matrix matrix = make_matrix(state.range(0), static_cast<int>(state.range(1)));
  std::mt19937 random(4);
  for (float& value : matrix.x) {
    if (static_cast<std::int64_t>(random() % 100) < state.range(4)) value = 0;
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        make_dataset(matrix, static_cast<int>(state.range(2)), static_cast<int>(state.range(3))));
  }
  state.counters["values/s"] =
      benchmark::Counter(static_cast<double>(matrix.x.size()), benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(binning)
    ->ArgNames({"rows", "cols", "max_bin", "threads", "zeros"})
    ->Args({200'000, 28, 255, 1, 0})
    ->Args({200'000, 28, 255, 2, 0})
    ->Args({200'000, 28, 1'023, 2, 0})
    ->Args({20'000, 280, 255, 2, 0})
    ->Args({200'000, 28, 255, 2, 99})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace ramet::bench
