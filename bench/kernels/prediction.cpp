// Predictions from raw values and from binned data.
#include <benchmark/benchmark.h>

#include "bench_data.hpp"
#include "ramet/train.hpp"

namespace ramet::bench {
namespace {

constexpr std::int64_t predicted_rows = 100'000;
constexpr int columns = 28;

Model make_model(int depth) {
  TrainParams params;
  params.objective = "binary:logistic";
  params.num_round = 100;
  params.max_depth = depth;
  return train(params, make_dataset(make_matrix(50'000, columns)));
}

void report_rate(benchmark::State& state) {
  state.counters["rows/s"] =
      benchmark::Counter(static_cast<double>(predicted_rows), benchmark::Counter::kIsIterationInvariantRate);
}

// Arguments: depth of 100 trees, threads.
void predict_raw(benchmark::State& state) {
  const Model model = make_model(static_cast<int>(state.range(0)));
  const Matrix matrix = make_matrix(predicted_rows, columns);
  PredictOptions options;
  options.threads = static_cast<int>(state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(model.predict(matrix.x.data(), predicted_rows, options));
  report_rate(state);
}

void predict_one_row(benchmark::State& state) {
  const Model model = make_model(static_cast<int>(state.range(0)));
  const Matrix matrix = make_matrix(1'000, columns);
  PredictOptions options;
  options.threads = 1;
  std::int64_t row = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(model.predict(matrix.x.data() + row * columns, 1, options));
    row = (row + 1) % 1'000;
  }
}

BENCHMARK(predict_raw)
    ->ArgNames({"depth", "threads"})
    ->Args({6, 1})
    ->Args({8, 1})
    ->Args({8, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(predict_one_row)->ArgName("depth")->Arg(8);

}  // namespace
}  // namespace ramet::bench
