// What a training's kernels move, counted on the emulated device: a change for the worse fails here without
// any GPU. The data are Higgs-shaped (28 numeric columns, 255 bins, two classes), the trees of depth 8. Trees
// on two numbers of rows tell what a row costs and what a tree costs beside. With RAMET_TRAFFIC_TABLE=1 in
// the environment both are printed, as in docs/performance.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <emulation/traffic.hpp>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cuda/backend.hpp"
#include "ramet/dataset.hpp"
#include "train/boosting.hpp"

namespace ramet {
namespace {

constexpr int columns = 28;
constexpr std::int64_t few_rows = 12'000;
constexpr std::int64_t many_rows = 36'000;

Dataset higgs_shaped(std::int64_t rows) {
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> x(static_cast<std::size_t>(rows * columns));
  std::vector<double> y(static_cast<std::size_t>(rows));
  for (std::int64_t r = 0; r < rows; ++r) {
    float margin = 0;
    for (int c = 0; c < columns; ++c) {
      const float value = normal(random);
      x[static_cast<std::size_t>(r * columns + c)] = value;
      margin += (c % 3 == 0 ? value : value * value - 1) / static_cast<float>(1 + c);
    }
    y[static_cast<std::size_t>(r)] = margin + normal(random) > 0 ? 1 : 0;
  }
  return Dataset::from_dense(x.data(), rows, columns, {.labels = y});
}

using Kernels = std::map<std::string, emulation::Traffic>;

// "byte_histogram" of "ramet::cuda::(anonymous namespace)::byte_histogram_kernel<32u>".
std::string short_name(std::string name) {
  name.resize(std::min(name.find('<'), name.size()));
  const std::size_t colon = name.rfind(':');
  if (colon != std::string::npos) name.erase(0, colon + 1);
  const std::string_view suffix = "_kernel";
  if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
  return name;
}

// Counters of interest, in a fixed order.
enum Counter {
  launches,
  read,
  written,
  global_atomics,
  shared_atomics,
  atomic_instructions,
  conflicts,
  counters
};
using Counts = std::array<double, counters>;

Counts counts_of(const emulation::Traffic& t) {
  const auto of = [](std::int64_t value) { return static_cast<double>(value); };
  return {of(t.launches),
          32 * of(t.global_read_sectors),
          32 * of(t.global_write_sectors),
          of(t.global_atomics),
          of(t.shared_atomics),
          of(t.shared_atomic_instructions),
          of(t.shared_atomic_conflicts)};
}

void add(Counts& sum, const Counts& more, double factor) {
  for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += factor * more[c];
}

// Of one tree: the second of two, so that what a session does once is left out.
std::map<std::string, Counts> count_tree(const char* policy, int max_leaves, std::int64_t rows) {
  const Dataset data = higgs_shaped(rows);
  TrainParams params;
  params.objective = "binary:logistic";
  params.device = "cuda";
  params.grow_policy = policy;
  params.max_depth = max_leaves > 0 ? 0 : 8;
  params.max_leaves = max_leaves;
  params.eta = 0.1;
  params.min_child_weight = 0.1;
  std::map<std::string, Counts> counted;
  for (const int rounds : {1, 2}) {
    params.num_round = rounds;
    emulation::reset_traffic();
    (void)training::boost(cuda::cuda_backend().open, params, data, {});
    for (const auto& [name, traffic] : emulation::traffic()) {
      add(counted[short_name(name)], counts_of(traffic), rounds == 1 ? -1 : 1);
    }
  }
  return counted;
}

// Kernels whose work grows with the rows. That of others grows with the nodes, of which more rows have a few
// more.
const std::set<std::string> row_kernels{"add_trees", "byte_histogram", "partition",
                                        "quantise",  "row_gradients",  "sum_leaves"};

// counts = a_tree + rows * a_row
struct Cost {
  Counts a_tree{};
  Counts a_row{};
};

std::map<std::string, Cost> costs(const char* policy, int max_leaves) {
  std::map<std::string, Counts> few = count_tree(policy, max_leaves, few_rows);
  std::map<std::string, Cost> result;
  for (const auto& [name, many] : count_tree(policy, max_leaves, many_rows)) {
    Cost& cost = result[name];
    if (row_kernels.contains(name)) {
      add(cost.a_row, many, 1.0 / (many_rows - few_rows));
      add(cost.a_row, few[name], -1.0 / (many_rows - few_rows));
      cost.a_row[launches] = 0;
      // Histograms are written once a node, however many rows it has.
      if (name == "byte_histogram") cost.a_row[written] = 0;
    }
    add(cost.a_tree, many, 1);
    add(cost.a_tree, cost.a_row, -static_cast<double>(many_rows));
  }
  return result;
}

void print(const std::map<std::string, Cost>& kernels) {
  if (std::getenv("RAMET_TRAFFIC_TABLE") == nullptr) return;
  std::printf(
      "| kernel | launches a tree | bytes a row: read | written | shared atomics a row | MiB a tree: read | "
      "written | global atomics |\n|---|---|---|---|---|---|---|---|\n");
  Cost all;
  const auto line = [](const std::string& name, const Cost& cost) {
    constexpr double mib = 1 << 20;
    std::printf("| %s | %.0f | %.1f | %.1f | %.1f | %.1f | %.1f | %.0f |\n", name.c_str(),
                cost.a_tree[launches], cost.a_row[read], cost.a_row[written], cost.a_row[shared_atomics],
                cost.a_tree[read] / mib, cost.a_tree[written] / mib, cost.a_tree[global_atomics]);
  };
  for (const auto& [name, cost] : kernels) {
    if (cost.a_tree[launches] < 0.5) continue;
    line(name, cost);
    add(all.a_tree, cost.a_tree, 1);
    add(all.a_row, cost.a_row, 1);
  }
  line("all", all);
}

TEST(CudaTraffic, LevelByLevel) {
  const auto kernels = costs("depthwise", 0);
  print(kernels);
  const Counts& histogram = kernels.at("byte_histogram").a_row;
  // Two atomics for each of 32 slots, for the root and at most half of the rows of each of seven levels.
  EXPECT_LE(histogram[shared_atomics], 64 * 4.5);
  EXPECT_GE(histogram[shared_atomics], 64);
  // Lanes always meet different banks.
  EXPECT_EQ(histogram[conflicts], 0);
  double all_launches = 0;
  double all_read = 0;
  for (const auto& [name, cost] : kernels) {
    all_launches += cost.a_tree[launches];
    all_read += cost.a_row[read];
  }
  // XGBoost's tree of this depth takes about 328.
  EXPECT_LE(all_launches, 80);
  EXPECT_LE(all_read, 600);
}

TEST(CudaTraffic, LeafByLeaf) {
  const auto kernels = costs("lossguide", 64);
  print(kernels);
  EXPECT_EQ(kernels.at("byte_histogram").a_row[conflicts], 0);
}

}  // namespace
}  // namespace ramet
