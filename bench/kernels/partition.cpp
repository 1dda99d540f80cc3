// Splitting a node's row ids between its children.
#include <benchmark/benchmark.h>

#include "bench_data.hpp"
#include "cpu/partition_job.hpp"

namespace ramet::bench {
namespace {

// Arguments: rows, one row in how many, percent of the rows that go left.
void partition(benchmark::State& state) {
  const Dataset dataset = make_dataset(make_matrix(state.range(0), 4));
  const data::DatasetData& data = dataset.data();
  Tasks tasks(1);
  const cpu::SampledRows sample =
      cpu::sample_rows(data, {1.0 / static_cast<double>(state.range(1)), 3}, tasks);
  cpu::TreeRows rows;
  rows.start(data, sample);
  backend::SplitRule rule;
  rule.feature = 0;
  rule.bin = static_cast<std::uint32_t>(255 * state.range(2) / 100);
  cpu::PartitionJob job;
  job.rows = &rows;
  job.data = &data;
  job.rule = &rule;
  job.column = &data.layout.columns[0];
  job.parent = rows.root();
  for (auto _ : state) {
    cpu::partition_one(job);
    benchmark::ClobberMemory();
  }
  state.counters["rows/s"] =
      benchmark::Counter(static_cast<double>(sample.rows), benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(partition)
    ->ArgNames({"rows", "one_in", "left_percent"})
    ->Args({400'000, 1, 50})
    ->Args({400'000, 2, 50})
    ->Args({400'000, 2, 5})
    ->Args({400'000, 32, 50});

}  // namespace
}  // namespace ramet::bench
