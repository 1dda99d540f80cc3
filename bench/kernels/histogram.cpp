// Histograms of nodes with every row, and with a random share of them.
#include <benchmark/benchmark.h>

#include <random>

#include "bench_data.hpp"
#include "cpu/node_histogram.hpp"

namespace ramet::bench {
namespace {

cpu::HistogramLayout full_layout(const data::Layout& layout) {
  std::vector<std::int32_t> columns;
  for (std::size_t c = 0; c < layout.columns.size(); ++c) columns.push_back(static_cast<std::int32_t>(c));
  return cpu::make_histogram_layout(layout, columns, std::vector<bool>(columns.size(), false));
}

cpu::OutputGradients random_gradients(std::int64_t rows) {
  cpu::OutputGradients gradients;
  gradients.narrow = Buffer<std::uint32_t>(static_cast<std::size_t>(rows));
  std::mt19937 random(2);
  for (std::uint32_t& pair : gradients.narrow.span()) pair = static_cast<std::uint32_t>(random());
  return gradients;
}

// Arguments: rows, columns, one row in how many, max_bin.
void histogram(benchmark::State& state) {
  const std::int64_t rows = state.range(0);
  const Dataset dataset =
      make_dataset(make_matrix(rows, static_cast<int>(state.range(1))), static_cast<int>(state.range(3)));
  const data::DatasetData& data = dataset.data();
  const cpu::HistogramLayout layout = full_layout(data.layout);
  const cpu::OutputGradients gradients = random_gradients(rows);
  Tasks tasks(1);
  const cpu::SampledRows sample =
      cpu::sample_rows(data, {1.0 / static_cast<double>(state.range(2)), 3}, tasks);
  cpu::TreeRows tree_rows;
  tree_rows.start(data, sample);
  cpu::HistogramPool pool(layout.total_cells);
  const std::vector<cpu::Segment> root = tree_rows.root();
  const cpu::BuildJob job{&layout,
                          &gradients,
                          &data,
                          &tree_rows,
                          cpu::Side::root,
                          root,
                          pool.acquire(!cpu::fits_packed(gradients.scale, sample.rows))};
  for (auto _ : state) {
    cpu::build_one(job, pool);
    benchmark::ClobberMemory();
  }
  state.counters["updates/s"] = benchmark::Counter(static_cast<double>(sample.rows * state.range(1)),
                                                   benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(histogram)
    ->ArgNames({"rows", "cols", "one_in", "max_bin"})
    ->Args({400'000, 28, 1, 255})
    ->Args({400'000, 28, 2, 255})
    ->Args({400'000, 28, 16, 255})
    ->Args({400'000, 28, 256, 255})
    ->Args({400'000, 10, 1, 255})
    ->Args({400'000, 10, 4, 255})
    ->Args({400'000, 10, 16, 255})
    ->Args({400'000, 28, 1, 15})
    ->Args({400'000, 28, 1, 1'023})
    ->Args({20'000, 784, 1, 255})
    ->Args({20'000, 784, 16, 255});

void subtract(benchmark::State& state) {
  cpu::HistogramPool pool(state.range(0));
  const cpu::Histogram parent = pool.acquire(false);
  const cpu::Histogram smaller = pool.acquire(false);
  std::fill_n(parent.packed(), state.range(0), 7);
  std::fill_n(smaller.packed(), state.range(0), 3);
  for (auto _ : state) {
    cpu::subtract_cells(parent, smaller, parent, 0, state.range(0));
    benchmark::ClobberMemory();
  }
  state.counters["cells/s"] =
      benchmark::Counter(static_cast<double>(state.range(0)), benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(subtract)->ArgName("cells")->Arg(7'168)->Arg(141'000);

}  // namespace
}  // namespace ramet::bench
