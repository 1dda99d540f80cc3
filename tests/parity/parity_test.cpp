// The numbers contract: models of the CPU backend and of the naive one are equal byte for byte, whatever the
// number of threads, ranks and pages, and however the values are passed.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "cpu/backend.hpp"
#include "cpu/simd_targets.hpp"
#include "naive/ranks.hpp"
#include "naive/session.hpp"
#include "naive/toy_data.hpp"
#include "train/boosting.hpp"

namespace ramet {
namespace {

using naive::ToyLabels;
using naive::ToyOptions;
using naive::ToyTable;
using training::OpenSession;

OpenSession cpu_sessions() { return cpu::cpu_backend().open; }
OpenSession naive_sessions() { return naive::open_session; }

struct Case {
  std::string name;
  TrainParams params;
  ToyOptions table;
  int max_bin = 255;

  DatasetOptions data_options() const { return {.bins = {.max_bin = max_bin}}; }
};

// Names the tests.
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

// Both at the first place where they differ, with what comes before.
void expect_equal(const Model& a, const Model& b, const std::string& what) {
  if (a.serialize() == b.serialize()) return;
  const std::string x = a.to_json();
  const std::string y = b.to_json();
  std::size_t at = 0;
  while (at < x.size() && at < y.size() && x[at] == y[at]) ++at;
  const std::size_t from = at < 120 ? 0 : at - 120;
  ADD_FAILURE() << what << ": models differ at\n"
                << x.substr(from, 300) << "\n--- and ---\n"
                << y.substr(from, 300);
}

std::vector<Model> train_ranks(OpenSession open, const Case& c, const ToyTable& table,
                               const std::vector<std::int64_t>& ends) {
  std::vector<Model> models(ends.size(), Model(nullptr));
  const auto errors = naive::run_ranks(
      static_cast<int>(ends.size()), [&](int rank, const std::shared_ptr<Communicator>& communicator) {
        const auto r = static_cast<std::size_t>(rank);
        const naive::ToyShard shard{
            .begin = r == 0 ? 0 : ends[r - 1], .end = ends[r], .communicator = communicator};
        const Dataset data = table.dataset(c.data_options(), shard);
        models[r] = training::boost(open, c.params, data, {});
      });
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  return models;
}

TrainParams base_params() {
  TrainParams params;
  params.num_round = 4;
  params.max_depth = 5;
  params.min_data_per_category = 5;
  params.threads = 1;
  return params;
}

struct Objective {
  const char* name;
  ToyLabels labels;
};
const std::vector<Objective> objectives{{"reg:squarederror", ToyLabels::real},
                                        {"binary:logistic", ToyLabels::binary},
                                        {"multi:softprob", ToyLabels::three_classes},
                                        {"count:poisson", ToyLabels::counts},
                                        {"reg:absoluteerror", ToyLabels::real}};

// One choice for each of the things that matter, at random; every value of each, many pairs of them.
Case random_case(int number) {
  std::mt19937_64 random(static_cast<std::uint64_t>(number) * 77 + 5);
  const auto pick = [&](const auto& choices) { return choices[random() % std::size(choices)]; };
  const auto chance = [&](int one_in) { return random() % static_cast<std::uint64_t>(one_in) == 0; };
  Case c{.name = "Random" + std::to_string(number), .params = base_params(), .table = {}};
  TrainParams& p = c.params;
  const Objective objective = pick(objectives);
  p.objective = objective.name;
  c.table.labels = objective.labels;
  c.table.seed = random();
  c.table.rows = chance(10) ? pick(std::vector<std::int64_t>{1, 2, 3, 20})
                            : pick(std::vector<std::int64_t>{100, 400, 700, 1100});
  c.table.missing = !chance(3);
  c.table.categorical = !chance(3);
  c.table.weights = chance(3);
  c.table.outlier = objective.labels == ToyLabels::real && chance(4);
  c.max_bin = pick(std::vector<int>{2, 16, 255, 300});
  p.grow_policy =
      pick(std::vector<std::string>{"depthwise", "depthwise", "lossguide", "lossguide", "symmetric"});
  const bool symmetric = p.grow_policy == "symmetric";
  p.max_depth = pick(std::vector<int>{1, 4, 6, 7});
  if (!symmetric && chance(2)) p.max_leaves = pick(std::vector<int>{2, 9, 40, 70});
  if (!symmetric && p.max_leaves > 0 && chance(2)) p.max_depth = 0;
  p.gradient_bits = pick(std::vector<int>{8, 16, 16, 32});
  p.eta = pick(std::vector<double>{0.3, 1.0});
  p.seed = random() % 3;
  if (chance(3)) p.subsample = 0.6;
  if (chance(3)) p.colsample_bytree = 0.7;
  if (chance(4)) p.colsample_bylevel = 0.6;
  if (!symmetric && chance(4)) p.colsample_bynode = 0.5;
  if (chance(3)) p.min_data_in_leaf = pick(std::vector<int>{0, 5, 40});
  if (chance(3)) p.min_child_weight = pick(std::vector<double>{0.0, 0.01, 20.0});
  if (chance(4)) p.min_split_gain = pick(std::vector<double>{0.05, 3.0});
  if (chance(4)) p.lambda = pick(std::vector<double>{0.0, 0.1, 10.0});
  if (chance(4)) p.alpha = pick(std::vector<double>{0.5, 5.0});
  if (chance(4)) p.max_delta_step = pick(std::vector<double>{0.1, 0.7});
  if (chance(3)) p.max_cat_to_onehot = pick(std::vector<int>{0, 2, 64});
  if (chance(3)) p.max_cat_threshold = pick(std::vector<int>{1, 4});
  if (chance(3)) p.min_data_per_category = pick(std::vector<int>{0, 1, 30});
  if (chance(4)) p.cat_lambda = 0;
  if (chance(4)) p.cat_smooth = 0.5;
  if (chance(5)) c.table.base_margins = objective.labels == ToyLabels::three_classes ? 3 : 1;
  if (chance(5)) p.base_score = 0.5;
  return c;
}

// A named case changes one thing.
Case named_case(const std::string& name, const std::function<void(Case&)>& change) {
  Case c{.name = name, .params = base_params(), .table = {}};
  change(c);
  return c;
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const char* policy : {"depthwise", "lossguide", "symmetric"}) {
    for (std::size_t o = 0; o < objectives.size(); ++o) {
      cases.push_back(named_case(std::string(policy) + std::to_string(o), [&](Case& c) {
        c.params.objective = objectives[o].name;
        c.params.grow_policy = policy;
        c.table.labels = objectives[o].labels;
      }));
    }
  }
  cases.push_back(named_case("Plain", [](Case& c) { c.table.missing = c.table.categorical = false; }));
  cases.push_back(named_case("LossguideDeep", [](Case& c) {
    c.params.grow_policy = "lossguide";
    c.params.max_depth = 0;
    c.params.max_leaves = 100;
    c.table.rows = 2000;
  }));
  cases.push_back(named_case("ZeroHessians", [](Case& c) {
    c.params.objective = "binary:logistic";
    c.params.min_child_weight = 0;
    c.params.lambda = 1e-3;
    c.params.eta = 1;
    c.params.num_round = 8;
    c.table.labels = ToyLabels::binary;
  }));
  // Leaves all of whose rows have weight 0, and leaves without rows.
  for (const char* objective : {"reg:squarederror", "reg:absoluteerror"}) {
    cases.push_back(named_case(std::string("SparseLeaves") + objective[4], [&](Case& c) {
      c.params.objective = objective;
      c.params.grow_policy = "symmetric";
      c.params.max_depth = 7;
      c.params.min_child_weight = 0;
      c.params.min_data_in_leaf = 0;
      c.table.weights = true;
      c.table.rows = 250;
    }));
  }
  cases.push_back(named_case("ManyRows", [](Case& c) {
    c.params.num_round = 2;
    c.params.max_depth = 4;
    c.params.min_data_in_leaf = 300;
    c.table.rows = 70'000;
  }));
  cases.push_back(named_case("ManyRowsWithManyBits", [](Case& c) {
    c.params.objective = "binary:logistic";
    c.params.num_round = 2;
    c.params.max_depth = 4;
    c.params.gradient_bits = 32;
    c.table.labels = ToyLabels::binary;
    c.table.rows = 70'000;
  }));
  cases.push_back(named_case("HeavyTails", [](Case& c) {
    c.params.num_round = 8;
    c.table.outlier = true;
    c.table.weights = true;
  }));
  for (int number = 0; number < 100; ++number) cases.push_back(random_case(number));
  return cases;
}

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
