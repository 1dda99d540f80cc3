// Training as callers see it: what is learnt, reported, stopped, and recorded.
#include "ramet/train.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "expect_error.hpp"
#include "math/functions.hpp"
#include "model/file.hpp"
#include "naive/session.hpp"
#include "naive/toy_data.hpp"
#include "ramet/version.hpp"
#include "train/boosting.hpp"

namespace ramet {
namespace {

using naive::ToyLabels;
using naive::ToyTable;
using training::expect_error;

TrainParams params_for(const std::string& objective, int rounds = 10) {
  TrainParams params;
  params.objective = objective;
  params.num_round = rounds;
  params.max_depth = 4;
  params.min_data_per_category = 10;
  return params;
}

const std::vector<std::pair<std::string, ToyLabels>>& tasks() {
  static const std::vector<std::pair<std::string, ToyLabels>> all{
      {"reg:squarederror", ToyLabels::real},
      {"reg:absoluteerror", ToyLabels::real},
      {"binary:logistic", ToyLabels::binary},
      {"multi:softprob", ToyLabels::three_classes},
      {"count:poisson", ToyLabels::counts}};
  return all;
}

TEST(Train, LossFallsEveryRoundWithEveryObjective) {
  for (const auto& [objective, labels] : tasks()) {
    const Dataset data = ToyTable({.labels = labels}).dataset();
    TrainReport report;
    const Model model = train(params_for(objective), data, {.evaluate_train = true, .report = &report});
    ASSERT_EQ(report.rounds.size(), 10u);
    for (std::size_t r = 1; r < report.rounds.size(); ++r) {
      EXPECT_LT(report.rounds[r][0].value, report.rounds[r - 1][0].value) << objective << " round " << r;
    }
    EXPECT_EQ(report.rounds[0][0].set, "train");
    EXPECT_EQ(model.objective(), objective);
    EXPECT_EQ(model.rounds(), 10);
    EXPECT_EQ(model.best_round(), 10);
    EXPECT_EQ(model.outputs(), labels == ToyLabels::three_classes ? 3 : 1);
    EXPECT_EQ(model.trees(), 10 * model.outputs());
  }
}

TEST(Train, TheNaiveBackendMakesTheSameModel) {
  for (const auto& [objective, labels] : tasks()) {
    const Dataset data = ToyTable({.rows = 200, .labels = labels}).dataset();
    const TrainParams params = params_for(objective, 3);
    EXPECT_EQ(train(params, data).serialize(),
              training::boost(naive::open_session, params, data, {}).serialize())
        << objective;
  }
}

TEST(Train, ModelRecordsWhatItDependsOn) {
  const Dataset data = ToyTable({}).dataset({.bins = {.max_bin = 100}});
  TrainParams params = params_for("l2");
  params.threads = 2;
  params.metric = {"RMSE"};
  const Model model = train(params, data);
  std::map<std::string, std::string> recorded(model.parameters().begin(), model.parameters().end());
  EXPECT_EQ(recorded.size(), parameters().size() - 2);
  EXPECT_FALSE(recorded.contains("threads"));
  EXPECT_FALSE(recorded.contains("device"));
  EXPECT_EQ(recorded["objective"], "reg:squarederror");
  EXPECT_EQ(recorded["metric"], "rmse");
  EXPECT_EQ(recorded["max_bin"], "100");
  EXPECT_EQ(recorded["bin_sample"], "262144");
  EXPECT_EQ(recorded["num_round"], "10");
  EXPECT_EQ(model.ensemble().data_fingerprint, data.fingerprint());
  EXPECT_EQ(model.ensemble().data_rows, 600);
  EXPECT_EQ(model.ensemble().contract_version, contract_version);
  EXPECT_EQ(model.ensemble().library_version, version_string);
  EXPECT_EQ(Model::deserialize(model.serialize()).serialize(), model.serialize());
}

TEST(Train, PredictionsOfTheTrainingSetAreItsScores) {
  for (const auto& [objective, labels] : tasks()) {
    const ToyTable table({.labels = labels, .weights = true});
    const Dataset data = table.dataset();
    TrainReport report;
    const Model model = train(params_for(objective), data, {.evaluate_train = true, .report = &report});
    const std::vector<MetricValue> again =
        evaluate(model, model.scores(data), table.labels(), table.weights());
    ASSERT_EQ(again.size(), 1u);
    EXPECT_EQ(again[0].value, report.rounds.back()[0].value) << objective;
    EXPECT_EQ(again[0].metric, report.rounds.back()[0].metric) << objective;
  }
}

TEST(Train, ACallersObjectiveEqualToABuiltInOneMakesTheSameTrees) {
  const ToyTable table({.labels = ToyLabels::binary, .weights = true});
  const Dataset data = table.dataset();
  TrainParams params = params_for("binary:logistic");
  params.base_score = 0.5;
  const Model built_in = train(params, data);

  int calls = 0;
  const CustomObjective logistic{
      .name = "my logistic",
      .gradient = [&](std::span<const double> margins, std::span<const double> labels, std::span<double> g,
                      std::span<double> h) {
        ++calls;
        for (std::size_t i = 0; i < margins.size(); ++i) {
          const double p = math::sigmoid(margins[i]);
          g[i] = p - labels[i];
          h[i] = std::max(p * (1.0 - p), 1e-16);
        }
      }};
  TrainParams custom_params = params_for("reg:squarederror");
  custom_params.metric = {"auc"};
  TrainReport report;
  const Model custom =
      train(custom_params, data, {.evaluate_train = true, .objective = &logistic, .report = &report});
  EXPECT_EQ(calls, 10);
  EXPECT_EQ(custom.objective(), "my logistic");
  EXPECT_EQ(custom.scores(data), built_in.scores(data));
  model::Ensemble a = built_in.ensemble();
  model::Ensemble b = custom.ensemble();
  a.objective = b.objective;
  a.parameters = b.parameters;
  EXPECT_EQ(model::serialize(a), model::serialize(b));
  EXPECT_EQ(report.rounds[0][0].metric, "auc");
}

TEST(Train, ACallersObjectiveMayHaveSeveralOutputs) {
  const Dataset data = ToyTable({}).dataset();
  const CustomObjective two{.name = "two",
                            .outputs = 2,
                            .gradient = [](std::span<const double> margins, std::span<const double> labels,
                                           std::span<double> g, std::span<double> h) {
                              for (std::size_t i = 0; i < margins.size(); ++i) {
                                g[i] = margins[i] - (i % 2 == 0 ? labels[i / 2] : -labels[i / 2]);
                                h[i] = 1;
                              }
                            }};
  const Model model = train(params_for("reg:squarederror", 30), data, {.objective = &two});
  EXPECT_EQ(model.outputs(), 2);
  const std::vector<float> p = model.predict(data, {.type = PredictType::raw});
  double error = 0;
  for (std::size_t r = 0; r < 600; ++r) error += std::fabs(p[2 * r] + p[2 * r + 1]) / 600;
  EXPECT_LT(error, 0.1);
}

TEST(Train, MetricsComeSetBySetInTheOrderGiven) {
  const Dataset data = ToyTable({}).dataset();
  const Dataset a = ToyTable({.rows = 100, .seed = 2}).dataset({.reference = &data});
  const Dataset b = ToyTable({.rows = 50, .seed = 3}).dataset({.reference = &data});
  TrainParams params = params_for("reg:squarederror", 2);
  params.metric = {"mae", "rmse"};
  TrainReport report;
  train(params, data, {.valid = &a, .more = {{"b", &b}}, .evaluate_train = true, .report = &report});
  ASSERT_EQ(report.rounds.size(), 2u);
  std::string names;
  for (const MetricValue& m : report.rounds[1]) names += m.set + " " + m.metric + ", ";
  EXPECT_EQ(names, "train mae, train rmse, valid mae, valid rmse, b mae, b rmse, ");
  EXPECT_EQ(report.device, "cpu");
  EXPECT_GT(report.train_s, 0);
  EXPECT_FALSE(report.phases.empty());
}

TEST(Train, EarlyStoppingKeepsTheBestRound) {
  const Dataset data = ToyTable({.rows = 300, .labels = ToyLabels::binary}).dataset();
  const Dataset valid =
      ToyTable({.rows = 300, .seed = 8, .labels = ToyLabels::binary}).dataset({.reference = &data});
  TrainParams params = params_for("binary:logistic", 200);
  params.eta = 1;
  params.metric = {"auc", "logloss"};  // logloss steers
  params.early_stopping_rounds = 5;
  TrainReport report;
  const Model model = train(params, data, {.valid = &valid, .report = &report});
  ASSERT_LT(model.rounds(), 200);
  EXPECT_EQ(model.rounds(), model.best_round() + 5);
  EXPECT_EQ(static_cast<int>(report.rounds.size()), model.rounds());
  for (const auto& round : report.rounds) {
    EXPECT_GE(round[1].value, report.rounds[static_cast<std::size_t>(model.best_round()) - 1][1].value);
  }
  // Prediction uses the best round.
  params.num_round = model.best_round();
  params.early_stopping_rounds = 0;
  EXPECT_EQ(train(params, data).predict(valid), model.predict(valid));
  // Without the chance to stop the best round is kept all the same.
  params.num_round = model.best_round() + 3;
  params.early_stopping_rounds = 5;
  EXPECT_EQ(train(params, data, {.valid = &valid}).best_round(), model.best_round());
}

TEST(Train, OnRoundSeesEveryRoundAndMayStop) {
  const Dataset data = ToyTable({}).dataset();
  std::vector<int> rounds;
  const Model model = train(params_for("reg:squarederror"), data,
                            {.evaluate_train = true, .on_round = [&](const RoundInfo& info) {
                               rounds.push_back(info.round);
                               EXPECT_EQ(info.rounds, 10);
                               EXPECT_EQ(info.metrics.size(), 1u);
                               EXPECT_GT(info.seconds, 0);
                               return info.round < 4;
                             }});
  EXPECT_EQ(rounds, (std::vector<int>{1, 2, 3, 4}));
  EXPECT_EQ(model.rounds(), 4);
  EXPECT_EQ(model.best_round(), 4);
  const Model whole = train(params_for("reg:squarederror", 4), data);
  EXPECT_EQ(model.predict(data), whole.predict(data));
}

TEST(Train, CancellingRaisesAndLeavesTheDataUsable) {
  const Dataset data = ToyTable({}).dataset();
  for (const int after : {0, 1, 7}) {
    int polls = 0;
    expect_error(ErrorCode::cancelled, "cancel", [&] {
      train(params_for("reg:squarederror"), data, {.cancelled = [&] { return polls++ >= after; }});
    });
  }
  EXPECT_NO_THROW(train(params_for("reg:squarederror", 1), data));
}

TEST(Train, ExceptionsOfCallbacksComeThrough) {
  const Dataset data = ToyTable({}).dataset();
  const TrainOptions options{.on_round = [](const RoundInfo&) -> bool { throw std::runtime_error("mine"); }};
  EXPECT_THROW(train(params_for("reg:squarederror"), data, options), std::runtime_error);
}

TEST(Train, LogsWhatItDoes) {
  const Dataset data = ToyTable({}).dataset();
  std::string log;
  train(params_for("reg:squarederror", 2), data,
        {.evaluate_train = true,
         .log = [&](LogLevel, std::string_view line) { log += std::string(line) + "\n"; }});
  EXPECT_NE(log.find("reg:squarederror on 600 rows x 9 features"), std::string::npos) << log;
  EXPECT_NE(log.find("round 2:  train rmse"), std::string::npos) << log;
}

TEST(Train, BaseMarginsTakeThePlaceOfTheBaseScore) {
  const ToyTable table({.labels = ToyLabels::binary, .base_margins = 1});
  const Dataset data = table.dataset();
  const Model model = train(params_for("binary:logistic"), data);
  EXPECT_EQ(model.ensemble().outputs[0].base, 0);
  // A base score changes only predictions without margins.
  TrainParams params = params_for("binary:logistic");
  params.base_score = 0.9;
  const Model with_base = train(params, data);
  EXPECT_GT(with_base.ensemble().outputs[0].base, 0);
  EXPECT_EQ(with_base.predict(data), model.predict(data));
}

TEST(Train, RowsOfWeightZeroDoNotCount) {
  const ToyTable table({.weights = true});
  const std::vector<float> x = table.matrix();
  std::vector<double> labels = table.labels();
  const auto trained = [&] {
    const Dataset data = Dataset::from_dense(x.data(), table.rows(), table.numeric_columns(),
                                             {.labels = labels, .weights = table.weights()});
    return train(params_for("reg:squarederror"), data).predict(x.data(), table.rows());
  };
  const std::vector<float> before = trained();
  int changed = 0;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    if (table.weights()[r] != 0) continue;
    labels[r] = 0.123;
    ++changed;
  }
  EXPECT_GT(changed, 30);
  EXPECT_EQ(trained(), before);
}

TEST(Train, EqualLabelsMakeAConstantModel) {
  const std::vector<float> x{1, 2, 3, 4};
  const std::vector<double> y{5, 5, 5, 5};
  const Dataset data = Dataset::from_dense(x.data(), 4, 1, {.labels = y});
  for (const char* objective : {"reg:squarederror", "reg:absoluteerror"}) {
    const Model model = train(params_for(objective, 2), data);
    EXPECT_EQ(model.predict(x.data(), 4), (std::vector<float>{5, 5, 5, 5}));
  }
}

TEST(Train, LargeOffsetsKeepSmallDifferences) {
  std::vector<float> x;
  std::vector<double> y;
  for (int i = 0; i < 64; ++i) {
    x.push_back(static_cast<float>(i));
    y.push_back(1e9 + (i < 32 ? 0 : 1e-3));
  }
  const Dataset data = Dataset::from_dense(x.data(), 64, 1, {.labels = y});
  TrainParams params = params_for("reg:squarederror", 60);
  params.lambda = 0;
  const Model model = train(params, data);
  const double low =
      static_cast<double>(model.scores(data).front()) * std::ldexp(1.0, -model.unit_exponent(0));
  const double high =
      static_cast<double>(model.scores(data).back()) * std::ldexp(1.0, -model.unit_exponent(0));
  EXPECT_NEAR(high - low, 1e-3, 1e-6);
}

TEST(Evaluate, ChecksItsArguments) {
  const ToyTable table({.labels = ToyLabels::binary});
  const Dataset data = table.dataset();
  const Model model = train(params_for("binary:logistic", 1), data);
  const std::vector<std::int64_t> scores = model.scores(data);
  const std::vector<std::string> two{"auc", "error"};
  EXPECT_EQ(evaluate(model, scores, table.labels(), {}, two).size(), 2u);
  expect_error(ErrorCode::invalid_data, "599 scores of 600 labels",
               [&] { evaluate(model, std::span(scores).first(599), table.labels()); });
  expect_error(ErrorCode::invalid_data, "1 weights of 600 labels",
               [&] { evaluate(model, scores, table.labels(), std::vector<double>{1}); });
  expect_error(ErrorCode::invalid_parameter, "metric = mlogloss",
               [&] { evaluate(model, scores, table.labels(), {}, std::vector<std::string>{"mlogloss"}); });
}

TEST(Devices, ListTheProcessor) {
  const std::vector<DeviceInfo> all = devices();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].name, "cpu");
  EXPECT_TRUE(all[0].usable);
}

}  // namespace
}  // namespace ramet
