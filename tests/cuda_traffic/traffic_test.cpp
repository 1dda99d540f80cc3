// What a training's kernels move, counted on the emulated device: a change for the worse fails here without
// any GPU. The data are Higgs-shaped (28 numeric columns, 255 bins, two classes), the trees of depth 8. With
// RAMET_TRAFFIC_TABLE=1 in the environment the counts are printed, per row and tree, as in
// docs/performance.md.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <emulation/traffic.hpp>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "cuda/backend.hpp"
#include "ramet/dataset.hpp"
#include "train/boosting.hpp"

namespace ramet {
namespace {

constexpr std::int64_t rows = 24'000;
constexpr int columns = 28;
constexpr int rounds = 2;

Dataset higgs_shaped() {
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

// "byte_histogram" of "void ramet::cuda::(anonymous namespace)::byte_histogram_kernel<32u>(...)".
std::string short_name(std::string name) {
  const std::size_t end = name.find("_kernel");
  if (end == std::string::npos) return name;
  const std::size_t begin = name.find_last_of(": ", end);
  return name.substr(begin == std::string::npos ? 0 : begin + 1,
                     end - (begin == std::string::npos ? 0 : begin + 1));
}

void add(emulation::Traffic& sum, const emulation::Traffic& more) {
  sum.launches += more.launches;
  sum.global_read_sectors += more.global_read_sectors;
  sum.global_write_sectors += more.global_write_sectors;
  sum.global_atomics += more.global_atomics;
  sum.global_atomic_sectors += more.global_atomic_sectors;
  sum.shared_atomics += more.shared_atomics;
  sum.shared_atomic_instructions += more.shared_atomic_instructions;
  sum.shared_atomic_conflicts += more.shared_atomic_conflicts;
  sum.shared_read_instructions += more.shared_read_instructions;
  sum.shared_write_instructions += more.shared_write_instructions;
  sum.shared_conflicts += more.shared_conflicts;
}

// Of `rounds` trees, without what a session does once.
Kernels train_and_count(const char* policy, int max_leaves) {
  const Dataset data = higgs_shaped();
  TrainParams params;
  params.objective = "binary:logistic";
  params.device = "cuda";
  params.grow_policy = policy;
  params.max_depth = max_leaves > 0 ? 0 : 8;
  params.max_leaves = max_leaves;
  params.eta = 0.1;
  Kernels counted;
  for (const int count : {rounds, 2 * rounds}) {
    params.num_round = count;
    emulation::reset_traffic();
    (void)training::boost(cuda::cuda_backend().open, params, data, {});
    for (const auto& [name, traffic] : emulation::traffic()) {
      emulation::Traffic& sum = counted[short_name(name)];
      if (count != rounds) {
        add(sum, traffic);
        continue;
      }
      emulation::Traffic first = traffic;
      for (std::int64_t* value :
           {&first.launches, &first.global_read_sectors, &first.global_write_sectors, &first.global_atomics,
            &first.global_atomic_sectors, &first.shared_atomics, &first.shared_atomic_instructions,
            &first.shared_atomic_conflicts, &first.shared_read_instructions, &first.shared_write_instructions,
            &first.shared_conflicts}) {
        *value = -*value;
      }
      add(sum, first);
    }
  }
  return counted;
}

double per_row(std::int64_t count) { return static_cast<double>(count) / (rounds * rows); }

void print(const Kernels& kernels) {
  if (std::getenv("RAMET_TRAFFIC_TABLE") == nullptr) return;
  std::printf(
      "| kernel | launches a tree | bytes read a row | bytes written a row | global atomics a row | shared "
      "atomics a row | conflicts an atomic |\n|---|---|---|---|---|---|---|\n");
  emulation::Traffic all;
  const auto line = [](const std::string& name, const emulation::Traffic& t) {
    const double instructions = static_cast<double>(t.shared_atomic_instructions);
    std::printf("| %s | %.1f | %.1f | %.1f | %.2f | %.1f | %.3f |\n", name.c_str(),
                static_cast<double>(t.launches) / rounds, 32 * per_row(t.global_read_sectors),
                32 * per_row(t.global_write_sectors), per_row(t.global_atomics), per_row(t.shared_atomics),
                instructions > 0 ? static_cast<double>(t.shared_atomic_conflicts) / instructions : 0.0);
  };
  for (const auto& [name, traffic] : kernels) {
    line(name, traffic);
    add(all, traffic);
  }
  line("all", all);
}

TEST(CudaTraffic, LevelByLevel) {
  const Kernels kernels = train_and_count("depthwise", 0);
  print(kernels);
  const emulation::Traffic& histogram = kernels.at("byte_histogram");
  // 32 slots of two atomics each, for the root and at most half of the rows of each of seven levels.
  EXPECT_LE(per_row(histogram.shared_atomics), 64 * 4.5);
  EXPECT_GE(per_row(histogram.shared_atomics), 64);
  // Lanes always meet different banks.
  EXPECT_EQ(histogram.shared_atomic_conflicts, 0);
  std::int64_t launches = 0;
  for (const auto& [name, traffic] : kernels) launches += traffic.launches;
  // XGBoost's tree of this depth takes about 328.
  EXPECT_LE(launches, 110 * rounds);
}

TEST(CudaTraffic, LeafByLeaf) {
  const Kernels kernels = train_and_count("lossguide", 64);
  print(kernels);
  EXPECT_EQ(kernels.at("byte_histogram").shared_atomic_conflicts, 0);
}

}  // namespace
}  // namespace ramet
