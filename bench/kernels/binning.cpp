// From a float matrix to binned pages.
#include <benchmark/benchmark.h>

#include "bench_data.hpp"

namespace ramet::bench {
namespace {

void binning(benchmark::State& state) {
  const Matrix matrix = make_matrix(state.range(0), static_cast<int>(state.range(1)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        make_dataset(matrix, static_cast<int>(state.range(2)), static_cast<int>(state.range(3))));
  }
  state.counters["values/s"] =
      benchmark::Counter(static_cast<double>(matrix.x.size()), benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(binning)
    ->ArgNames({"rows", "cols", "max_bin", "threads"})
    ->Args({200'000, 28, 255, 1})
    ->Args({200'000, 28, 255, 2})
    ->Args({200'000, 28, 1'023, 2})
    ->Args({20'000, 280, 255, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace ramet::bench
