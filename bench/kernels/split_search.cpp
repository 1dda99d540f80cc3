// The best split of one column of one node: the fast scan and the plain search.
#include <benchmark/benchmark.h>

#include <random>

#include "cpu/column_search.hpp"

namespace ramet::bench {
namespace {

struct RandomColumn {
  cpu::HistogramColumn cells;
  cpu::SearchColumn column;
  std::vector<std::int64_t> packed;
  cpu::SearchNode node;

  RandomColumn(std::int32_t bins, bool missing) {
    cells.cells = bins + (missing ? 1 : 0);
    cells.code_base = missing ? 0 : -1;
    column = {.cells = &cells, .feature = 0, .value_bins = bins, .has_missing = missing};
    std::mt19937 random(1);
    for (std::int32_t c = 0; c < cells.cells; ++c) {
      const std::int64_t g = static_cast<std::int64_t>(random() % 2'000'000) - 1'000'000;
      const std::int64_t h = 500'000 + random() % 500'000;
      packed.push_back(static_cast<std::int64_t>(static_cast<std::uint64_t>(g) << 32) + h);
      node.sums.g += g;
      node.sums.h += h;
      node.sums.rows += 20;
    }
    packed.resize(static_cast<std::size_t>(cpu::padded_cells(cells.cells)));
    node.histogram = {packed.data(), false};
  }
  RandomColumn(const RandomColumn&) = delete;
};

cpu::SearchSettings settings() {
  math::GradientScale scale;
  scale.g_exponent = 14;
  scale.h_exponent = 16;
  return cpu::search_settings({}, scale);
}

// Arguments: bins, missing values, whether a good split is known before (as in all columns but the first).
void split_scan(benchmark::State& state) {
  RandomColumn random(static_cast<std::int32_t>(state.range(0)), state.range(1) != 0);
  const cpu::SearchSettings s = settings();
  cpu::prepare_node(s, random.node);
  cpu::SearchScratch scratch;
  cpu::BestSplit found;
  cpu::search_columns(s, {&random.column, 1}, {}, random.node, scratch, found);
  cpu::BestSplit seed;
  if (state.range(2) != 0) {
    seed.gain = found.gain * 1.01;
    seed.feature = 5;
  }
  for (auto _ : state) {
    cpu::BestSplit best = seed;
    cpu::search_columns(s, {&random.column, 1}, {}, random.node, scratch, best);
    benchmark::DoNotOptimize(best);
  }
}

BENCHMARK(split_scan)
    ->ArgNames({"bins", "missing", "seeded"})
    ->Args({255, 0, 0})
    ->Args({255, 0, 1})
    ->Args({255, 1, 1})
    ->Args({15, 0, 1})
    ->Args({1'023, 0, 1});

void split_plain(benchmark::State& state) {
  RandomColumn random(static_cast<std::int32_t>(state.range(0)), false);
  const cpu::SearchSettings s = settings();
  cpu::prepare_node(s, random.node);
  cpu::ColumnSums sums;
  for (auto _ : state) {
    sums.load(random.column, random.node.histogram, false);
    cpu::BestSplit best;
    cpu::search_numeric(s, random.column, random.node, sums, best);
    benchmark::DoNotOptimize(best);
  }
}

BENCHMARK(split_plain)->ArgName("bins")->Arg(255);

}  // namespace
}  // namespace ramet::bench
