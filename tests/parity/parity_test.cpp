// The numbers contract: models of the CPU backend and of the naive one are equal byte for byte, whatever the
// number of threads, ranks and pages, and however the values are passed.
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "cpu/backend.hpp"
#include "cpu/simd_targets.hpp"
#include "naive/session.hpp"
#include "parity/cases.hpp"

namespace ramet {
namespace {

using naive::ToyLabels;
using naive::ToyTable;
using parity::all_cases;
using parity::base_params;
using parity::Case;
using parity::expect_equal;
using parity::train_ranks;
using training::OpenSession;

OpenSession cpu_sessions() { return cpu::cpu_backend().open; }
OpenSession naive_sessions() { return naive::open_session; }

class Parity : public ::testing::TestWithParam<Case> {};

TEST_P(Parity, CpuIsNaive) {
  const Case& c = GetParam();
  const ToyTable table(c.table);
  const Dataset data = table.dataset(c.data_options());
  const Model expected = training::boost(naive_sessions(), c.params, data, {});
  expect_equal(training::boost(cpu_sessions(), c.params, data, {}), expected, "cpu, 1 thread");
}

TEST_P(Parity, ThreadsAndPagesDoNotMatter) {
  Case c = GetParam();
  const ToyTable table(c.table);
  const Model expected = training::boost(cpu_sessions(), c.params, table.dataset(c.data_options()), {});
  for (const int threads : {2, 7}) {
    c.params.threads = threads;
    DatasetOptions options = c.data_options();
    options.page_rows = threads == 2 ? 64 : 200;
    options.threads = threads;
    expect_equal(training::boost(cpu_sessions(), c.params, table.dataset(options), {}), expected,
                 std::to_string(threads) + " threads");
  }
}

TEST_P(Parity, RanksDoNotMatter) {
  const Case& c = GetParam();
  const ToyTable table(c.table);
  const Model expected = training::boost(cpu_sessions(), c.params, table.dataset(c.data_options()), {});
  const std::int64_t n = table.rows();
  // Uneven shards, and an empty one in the middle.
  for (const std::vector<std::int64_t>& ends : {std::vector<std::int64_t>{n / 3, n}, {n / 2, n / 2, n}}) {
    for (const Model& model : train_ranks(cpu_sessions(), c, table, ends)) {
      expect_equal(model, expected, std::to_string(ends.size()) + " ranks");
    }
  }
  for (const Model& model : train_ranks(naive_sessions(), c, table, {0, n / 4, n})) {
    expect_equal(model, expected, "3 naive ranks");
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, Parity, ::testing::ValuesIn(all_cases()),
                         [](const auto& instance) { return instance.param.name; });

TEST(Parity, FloatDoubleAndSparseValuesMakeOneModel) {
  const ToyTable table({.categorical = false, .weights = true});
  Case c{.name = "", .params = base_params(), .table = {}};
  expect_equal(training::boost(cpu_sessions(), c.params, table.dataset({}, {}, true), {}),
               training::boost(cpu_sessions(), c.params, table.dataset({}, {}, false), {}),
               "float and double");
  const Model dense = training::boost(cpu_sessions(), c.params, table.dense(), {});
  expect_equal(training::boost(cpu_sessions(), c.params, table.csr(), {}), dense, "dense and sparse");
  expect_equal(training::boost(naive_sessions(), c.params, table.csr(), {}), dense, "dense and naive sparse");
}

TEST(Parity, SimdTargetsDoNotMatter) {
  const std::vector<Case> cases = all_cases();
  for (std::size_t i = 0; i < cases.size(); i += 7) {
    const Case& c = cases[i];
    const ToyTable table(c.table);
    const Dataset first_data = table.dataset(c.data_options());
    const Model expected = training::boost(cpu_sessions(), c.params, first_data, {});
    const std::vector<float> predictions = expected.predict(first_data);
    test::for_each_simd_target([&](const std::string& target) {
      const Dataset data = table.dataset(c.data_options());
      expect_equal(training::boost(cpu_sessions(), c.params, data, {}), expected, c.name + " on " + target);
      EXPECT_EQ(expected.predict(data), predictions) << c.name << " on " << target;
    });
  }
}

// Mostly zeros, so that histograms are built from sparse rows.
TEST(Parity, OneHotColumnsDoNotMatter) {
  constexpr int columns = 30;
  constexpr std::int64_t rows = 2'000;
  std::mt19937 random(4);
  std::vector<float> x(rows * columns);
  std::vector<double> y(rows);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      const bool set = random() % 20 == 0;
      const bool missing = c % 7 == 0 && random() % 30 == 0;
      const float value = c == 3 ? static_cast<float>(random() % 50) : (set ? 1.0F : 0.0F);
      x[static_cast<std::size_t>(r * columns + c)] =
          missing ? std::numeric_limits<float>::quiet_NaN() : value;
      if (set && c < 5) y[static_cast<std::size_t>(r)] += c;
    }
  }
  for (const char* policy : {"depthwise", "lossguide", "symmetric"}) {
    for (const int bits : {16, 32}) {
      TrainParams params = base_params();
      params.grow_policy = policy;
      params.gradient_bits = bits;
      const Dataset data = Dataset::from_dense(x.data(), rows, columns, {.labels = y, .page_rows = 900});
      const Model expected = training::boost(naive_sessions(), params, data, {});
      for (const int threads : {1, 3}) {
        params.threads = threads;
        expect_equal(training::boost(cpu_sessions(), params, data, {}), expected, policy);
      }
    }
  }
}

// Many columns of many values, mostly zeros, as of images: roots are built column by column, and columns that
// have nothing to offer to a node and what is below it are left out there.
TEST(Parity, ManySparseColumnsDoNotMatter) {
  constexpr int columns = 250;
  constexpr std::int64_t rows = 3'000;
  std::mt19937 random(4);
  std::vector<float> x(rows * columns);
  std::vector<double> y(rows);
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto label = static_cast<int>(random() % 4);
    y[static_cast<std::size_t>(r)] = label;
    for (int c = 0; c < columns; ++c) {
      // A class is bright in a quarter of the columns; some columns are hardly ever used.
      const unsigned one_in = c % 10 == 9 ? 200 : c * 4 / columns == label ? 3 : 8;
      if (random() % one_in == 0)
        x[static_cast<std::size_t>(r * columns + c)] = static_cast<float>(random() % 200);
    }
  }
  for (const char* policy : {"depthwise", "lossguide"}) {
    for (const double least_weight : {0.0, 1.0, 20.0}) {
      TrainParams params = base_params();
      params.objective = "multi:softprob";
      params.num_class = 4;
      params.num_round = 2;
      params.grow_policy = policy;
      params.max_depth = 6;
      params.min_child_weight = least_weight;
      params.min_data_in_leaf = 1;
      const Dataset data = Dataset::from_dense(x.data(), rows, columns, {.labels = y, .page_rows = 1'300});
      const Model expected = training::boost(naive_sessions(), params, data, {});
      for (const int threads : {1, 2, 7}) {
        params.threads = threads;
        expect_equal(training::boost(cpu_sessions(), params, data, {}), expected, policy);
      }
    }
  }
}

TEST(Parity, RunsOverBatchesOfTreesDoNotMatter) {
  // The naive backend grows 2 trees at a time, the other one as many as fit.
  const ToyTable table({.labels = ToyLabels::three_classes});
  TrainParams params = base_params();
  params.objective = "multi:softprob";
  params.num_class = 5;
  params.grow_policy = "lossguide";
  params.colsample_bynode = 0.5;
  const Dataset data = table.dataset();
  expect_equal(training::boost(cpu_sessions(), params, data, {}),
               training::boost(naive_sessions(), params, data, {}), "5 classes");
}

TEST(Parity, MetricsAndEarlyStoppingAgree) {
  const ToyTable table({.labels = ToyLabels::binary, .weights = true});
  const ToyTable other({.rows = 200, .seed = 9, .labels = ToyLabels::binary});
  const Dataset data = table.dataset();
  const Dataset valid = other.dataset({.reference = &data});
  TrainParams params = base_params();
  params.objective = "binary:logistic";
  params.metric = {"auc", "error", "logloss"};
  params.num_round = 60;
  params.eta = 1;
  params.early_stopping_rounds = 3;
  TrainReport reports[2];
  std::vector<Model> models;
  for (const bool fast : {false, true}) {
    const TrainOptions options{.valid = &valid, .evaluate_train = true, .report = &reports[fast ? 1 : 0]};
    models.push_back(training::boost(fast ? cpu_sessions() : naive_sessions(), params, data, options));
  }
  expect_equal(models[1], models[0], "with early stopping");
  ASSERT_EQ(reports[0].rounds.size(), reports[1].rounds.size());
  for (std::size_t r = 0; r < reports[0].rounds.size(); ++r) {
    for (std::size_t m = 0; m < reports[0].rounds[r].size(); ++m) {
      EXPECT_EQ(reports[0].rounds[r][m].value, reports[1].rounds[r][m].value);
    }
  }
}

}  // namespace
}  // namespace ramet
