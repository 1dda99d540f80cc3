// The numbers contract: models of the CUDA backend are equal to the CPU's byte for byte, on one device or
// several.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cpu/backend.hpp"
#include "cuda/backend.hpp"
#include "cuda_parity/devices.hpp"
#include "math/random.hpp"
#include "parity/cases.hpp"
#include "ramet/error.hpp"
#include "ramet/nccl.hpp"
#include "ramet/params.hpp"
#include "train/csv.hpp"
#include "train/parameter_cases.hpp"

namespace ramet {
namespace {

using naive::ToyLabels;
using naive::ToyTable;
using parity::Case;
using parity::expect_equal;

std::vector<Case> every_case() {
  std::vector<Case> cases = parity::all_cases();
  for (Case& c : parity::covering_cases()) cases.push_back(std::move(c));
  return cases;
}

Model train_cpu(const Case& c, const Dataset& data, const TrainOptions& options = {}) {
  return training::boost(cpu::cpu_backend().open, c.params, data, options);
}

Model train_cuda(Case c, const Dataset& data, const std::string& device = "cuda",
                 const TrainOptions& options = {}) {
  c.params.device = device;
  return training::boost(cuda::cuda_backend().open, c.params, data, options);
}

class CudaParity : public ::testing::TestWithParam<Case> {};

TEST_P(CudaParity, CudaIsCpu) {
  const Case& c = GetParam();
  const Dataset data = ToyTable(c.table).dataset(c.data_options());
  expect_equal(train_cuda(c, data), train_cpu(c, data), "cuda");
}

INSTANTIATE_TEST_SUITE_P(Cases, CudaParity, ::testing::ValuesIn(every_case()),
                         [](const auto& instance) { return instance.param.name; });

class SomeCudaParity : public ::testing::TestWithParam<Case> {};

std::vector<Case> covering_cases() { return parity::covering_cases(); }

TEST_P(SomeCudaParity, DevicesDoNotMatter) {
  Case c = GetParam();
  c.params.num_round = 2;
  const test::EmulatedDevices devices(4);
  const Dataset data = ToyTable(c.table).dataset(c.data_options());
  const Model expected = train_cpu(c, data);
  for (const char* device : {"cuda:2,0,1", c.table.seed % 2 == 0 ? "cuda:0,1" : "cuda:0,1,2,3"}) {
    if (!devices.enough_for(device)) continue;
    expect_equal(train_cuda(c, data, device), expected, device);
  }
}

TEST_P(SomeCudaParity, RanksDoNotMatter) {
  Case c = GetParam();
  c.params.num_round = 2;
  const ToyTable table(c.table);
  const Model expected = train_cpu(c, table.dataset(c.data_options()));
  const std::int64_t n = table.rows();
  c.params.device = "cuda";
  for (const std::vector<std::int64_t>& ends : {std::vector<std::int64_t>{n / 3, n}, {n / 2, n / 2, n}}) {
    for (const Model& model : parity::train_ranks(cuda::cuda_backend().open, c, table, ends)) {
      expect_equal(model, expected, std::to_string(ends.size()) + " ranks");
    }
  }
}

TEST_P(SomeCudaParity, PermutedThreadsDoNotMatter) {
  const Case& c = GetParam();
  const Dataset data = ToyTable(c.table).dataset(c.data_options());
  const Model expected = train_cpu(c, data);
  for (const std::uint64_t seed : {1, 2}) {
    const test::PermutedDevice permuted(seed);
    expect_equal(train_cuda(c, data), expected, "seed " + std::to_string(seed));
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, SomeCudaParity, ::testing::ValuesIn(covering_cases()),
                         [](const auto& instance) { return instance.param.name; });

// Columns enough for several tiles and megabytes of histograms a level: each device searches its own columns,
// and histograms are added up while others are built.
TEST(CudaParity, ManyColumnsOnSeveralDevices) {
  const std::int64_t rows = 300;
  const std::int64_t columns = 110;
  std::vector<float> x;
  std::vector<double> labels;
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    const std::uint64_t draw = math::draw64(5, static_cast<std::uint64_t>(i));
    x.push_back(draw % 17 == 0 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(draw % 1'009));
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto at = static_cast<std::size_t>(r * columns);
    labels.push_back(x[at + 3] > 400 ? x[at + 70] : x[at + 100] > 500 ? 900 : 3);
    if (!(labels.back() >= 0)) labels.back() = 100;
  }
  const test::EmulatedDevices devices(3);
  for (const char* policy : {"depthwise", "lossguide", "symmetric"}) {
    Case c{.name = "", .params = parity::base_params(), .table = {}};
    c.params.num_round = 2;
    c.params.max_depth = 6;
    c.params.grow_policy = policy;
    if (c.params.grow_policy == "lossguide") c.params.colsample_bytree = 0.8;
    const Dataset data = Dataset::from_dense(x.data(), rows, columns, {.labels = labels});
    const Model expected = train_cpu(c, data);
    const char* device = c.params.grow_policy == "depthwise" ? "cuda:0,1" : "cuda:0,1,2";
    if (devices.enough_for(device)) expect_equal(train_cuda(c, data, device), expected, policy);
  }
}

// Ranks that find each other by an NCCL id, with two devices each.
TEST(CudaParity, NcclRanksOfSeveralDevices) {
  const test::EmulatedDevices devices(4);
  if (!devices.enough_for("cuda:3")) GTEST_SKIP() << "too few devices";
  const std::vector<Case> cases = parity::covering_cases();
  for (std::size_t number = 0; number < cases.size(); number += 9) {
    Case c = cases[number];
    c.params.num_round = 2;
    const ToyTable table(c.table);
    const Model expected = train_cpu(c, table.dataset(c.data_options()));
    const std::string id = cuda::cuda_backend().nccl_id();
    const std::int64_t cut = table.rows() / 3;
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < 2; ++rank) {
      threads.emplace_back([&, rank, mine = c]() mutable {
        try {
          NcclOptions options;
          options.id = id;
          options.rank = rank;
          options.size = 2;
          options.device = 2 * rank;
          const naive::ToyShard shard{.begin = rank == 0 ? 0 : cut,
                                      .end = rank == 0 ? cut : table.rows(),
                                      .communicator = cuda::cuda_backend().nccl_communicator(options)};
          const Dataset data = table.dataset(mine.data_options(), shard);
          const Model model = train_cuda(mine, data, rank == 0 ? "cuda:0,1" : "cuda:2,3");
          expect_equal(model, expected, mine.name + ", rank " + std::to_string(rank));
        } catch (const std::exception& error) {
          ADD_FAILURE() << mine.name << ", rank " << rank << ": " << error.what();
        }
      });
    }
  }
}

TEST(CudaParity, MetricsAndEarlyStoppingAgree) {
  struct Judged {
    const char* objective;
    ToyLabels labels;
    std::vector<std::string> metrics;
  };
  const std::vector<Judged> all{
      {"binary:logistic", ToyLabels::binary, {"auc", "aucpr", "error", "rmse", "mae", "logloss"}},
      {"multi:softprob", ToyLabels::three_classes, {"merror", "mlogloss"}},
      {"count:poisson", ToyLabels::counts, {"rmse", "poisson-deviance"}},
      {"reg:squarederror", ToyLabels::real, {"mae", "rmse"}}};
  for (const Judged& judged : all) {
    const ToyTable table({.labels = judged.labels, .weights = true});
    const ToyTable other({.rows = 200, .seed = 9, .labels = judged.labels});
    const Dataset data = table.dataset();
    const Dataset valid = other.dataset({.reference = &data});
    Case c{.name = "", .params = parity::base_params(), .table = {}};
    c.params.objective = judged.objective;
    c.params.metric = judged.metrics;
    c.params.num_round = 6;
    c.params.eta = 1;
    c.params.early_stopping_rounds = 2;
    TrainReport reports[2];
    const Model cpu = train_cpu(c, data, {.valid = &valid, .evaluate_train = true, .report = &reports[0]});
    const Model gpu =
        train_cuda(c, data, "cuda", {.valid = &valid, .evaluate_train = true, .report = &reports[1]});
    expect_equal(gpu, cpu, judged.objective);
    ASSERT_EQ(reports[0].rounds.size(), reports[1].rounds.size());
    for (std::size_t r = 0; r < reports[0].rounds.size(); ++r) {
      for (std::size_t m = 0; m < reports[0].rounds[r].size(); ++m) {
        EXPECT_EQ(reports[0].rounds[r][m].value, reports[1].rounds[r][m].value)
            << judged.objective << ' ' << reports[0].rounds[r][m].metric;
      }
    }
  }
}

TEST(CudaParity, CallersObjective) {
  const ToyTable table({.weights = true});
  const Dataset data = table.dataset();
  CustomObjective objective{.name = "huber-like", .outputs = 2};
  objective.gradient = [](std::span<const double> margins, std::span<const double> labels,
                          std::span<double> g, std::span<double> h) {
    for (std::size_t i = 0; i < margins.size(); ++i) {
      const double residual = margins[i] - labels[i / 2];
      g[i] = residual > 1 ? 1 : (residual < -1 ? -1 : residual);
      h[i] = i % 2 == 0 ? 1 : 0.5;
    }
  };
  Case c{.name = "", .params = parity::base_params(), .table = {}};
  const test::EmulatedDevices devices(2);
  const Model expected = train_cpu(c, data, {.objective = &objective});
  expect_equal(train_cuda(c, data, "cuda", {.objective = &objective}), expected, "one device");
  if (devices.enough_for("cuda:0,1")) {
    expect_equal(train_cuda(c, data, "cuda:0,1", {.objective = &objective}), expected, "two devices");
  }
}

// There is no parameter that the GPU ignores or refuses: for every one of the table its backend makes the
// CPU's model, or fails with the CPU's error.
TEST(CudaParity, EveryParameter) {
  for (const ParamInfo& info : parameters()) {
    const std::string name(info.name);
    const auto found = training::effect_cases().find(name);
    ASSERT_NE(found, training::effect_cases().end()) << name << ": has no case";
    if (name == "device") continue;
    const training::EffectCase& effect = found->second;
    const ToyTable table({.rows = 500, .labels = effect.labels});
    const ToyTable other({.rows = 150, .seed = 2, .labels = effect.labels});
    const Dataset data = table.dataset();
    const Dataset valid = other.dataset({.reference = &data});
    Case c{.name = "", .params = training::effect_params(effect), .table = {}};
    c.params.num_round = std::min(c.params.num_round, 8);
    const auto train = [&](const std::string& device) -> std::pair<std::string, std::optional<Model>> {
      try {
        set_parameter(c.params, name, effect.value);
        const TrainOptions options{.valid = &valid};
        return {"", device == "cpu" ? train_cpu(c, data, options) : train_cuda(c, data, device, options)};
      } catch (const Error& error) {
        return {error.what(), std::nullopt};
      }
    };
    const auto [cpu_error, cpu] = train("cpu");
    const auto [cuda_error, cuda] = train("cuda");
    EXPECT_EQ(cuda_error, cpu_error) << name;
    if (cpu && cuda) expect_equal(*cuda, *cpu, name);
  }
}

TEST(CudaParity, RealDataSets) {
  struct Real {
    const char* file;
    const char* target;
    const char* objective;
    std::int64_t keep_one_in;
  };
  for (const Real& real :
       {Real{"adult/train.csv.gz", "income", "binary:logistic", 20},
        Real{"california_housing/housing.csv.gz", "median_house_value", "reg:squarederror", 16},
        Real{"higgs_7k/train.csv.gz", "label", "binary:logistic", 7},
        Real{"letter/letter.csv.gz", "target", "multi:softprob", 40},
        Real{"lambdarank/train.csv.gz", "relevance", "reg:squarederror", 8}}) {
    const training::CsvFile file(real.file);
    const Dataset data = file.dataset(real.target, [&](std::int64_t r) { return r % real.keep_one_in == 0; });
    for (const char* policy : {"depthwise", "lossguide"}) {
      Case c{.name = "", .params = parity::base_params(), .table = {}};
      c.params.num_round = 2;
      c.params.max_depth = 6;
      c.params.max_leaves = std::string(policy) == "lossguide" ? 40 : 0;
      c.params.grow_policy = policy;
      c.params.objective = real.objective;
      expect_equal(train_cuda(c, data), train_cpu(c, data), std::string(real.file) + ' ' + policy);
    }
  }
}

}  // namespace
}  // namespace ramet
