// Losses on small real data sets stay as good as those of the established engines.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "csv.hpp"
#include "ramet/train.hpp"

namespace ramet {
namespace {

using training::CsvFile;

struct Split {
  Dataset train;
  Dataset test;
};

// Every fifth row is for testing.
Split split_fifth(const std::string& file, const std::string& target) {
  const CsvFile csv(file);
  Dataset train = csv.dataset(target, [](std::int64_t row) { return row % 5 != 0; });
  Dataset test = csv.dataset(
      target, [](std::int64_t row) { return row % 5 == 0; }, &train);
  return {.train = std::move(train), .test = std::move(test)};
}

Split two_files(const std::string& folder, const std::string& target) {
  const auto all = [](std::int64_t) { return true; };
  Dataset train = CsvFile(folder + "/train.csv.gz").dataset(target, all);
  Dataset test = CsvFile(folder + "/test.csv.gz").dataset(target, all, &train);
  return {.train = std::move(train), .test = std::move(test)};
}

TrainParams params_for(const std::string& objective, std::vector<std::string> metrics, int rounds = 50) {
  TrainParams params;
  params.objective = objective;
  params.metric = std::move(metrics);
  params.num_round = rounds;
  params.eta = 0.1;
  return params;
}

// The metrics of the test set after the last round.
std::map<std::string, double> losses(const TrainParams& params, const Split& data) {
  TrainReport report;
  train(params, data.train, {.valid = &data.test, .report = &report});
  std::map<std::string, double> values;
  for (const MetricValue& m : report.rounds.back()) values[m.metric] = m.value;
  return values;
}

// In comments: XGBoost 3.2 with the same settings and 255 bins.

TEST(Accuracy, Adult) {
  const auto found = losses(params_for("binary:logistic", {"logloss", "auc"}), two_files("adult", "income"));
  EXPECT_LT(found.at("logloss"), 0.288);  // 0.2853
  EXPECT_GT(found.at("auc"), 0.922);      // 0.9236
}

TEST(Accuracy, CaliforniaHousing) {
  const Split data = split_fifth("california_housing/housing.csv.gz", "median_house_value");
  const auto found = losses(params_for("reg:squarederror", {"rmse", "mae"}), data);
  EXPECT_LT(found.at("rmse"), 50'600);                                                  // 50'141
  EXPECT_LT(found.at("mae"), 34'500);                                                   // 34'151
  EXPECT_LT(losses(params_for("reg:absoluteerror", {"mae"}), data).at("mae"), 36'200);  // 35'813
}

TEST(Accuracy, Higgs) {
  const auto found =
      losses(params_for("binary:logistic", {"logloss", "auc"}), two_files("higgs_7k", "label"));
  EXPECT_LT(found.at("logloss"), 0.53);  // 0.512; 500 test rows
  EXPECT_GT(found.at("auc"), 0.815);     // 0.8325
}

TEST(Accuracy, EveryGrowthPolicyLearnsHiggs) {
  const Split data = two_files("higgs_7k", "label");
  for (const char* policy : {"lossguide", "symmetric"}) {
    TrainParams params = params_for("binary:logistic", {"logloss"});
    params.grow_policy = policy;
    if (params.grow_policy == "lossguide") {
      params.max_depth = 0;
      params.max_leaves = 64;
    }
    EXPECT_LT(losses(params, data).at("logloss"), 0.54) << policy;
  }
}

TEST(Accuracy, GradientBitsCostNothing) {
  const Split data = two_files("higgs_7k", "label");
  for (const int bits : {8, 32}) {
    TrainParams params = params_for("binary:logistic", {"logloss"});
    params.gradient_bits = bits;
    EXPECT_LT(losses(params, data).at("logloss"), 0.53) << bits;
  }
}

TEST(Accuracy, Letter) {
  TrainParams params = params_for("multi:softprob", {"mlogloss", "merror"}, 15);
  params.eta = 0.3;
  const auto found = losses(params, split_fifth("letter/letter.csv.gz", "target"));
  EXPECT_LT(found.at("mlogloss"), 0.36);  // 0.340
  EXPECT_LT(found.at("merror"), 0.092);   // 0.0838
}

TEST(Accuracy, Iris) {
  TrainParams params = params_for("multi:softprob", {"mlogloss", "merror"}, 20);
  params.eta = 0.3;
  const auto found = losses(params, split_fifth("iris/iris.csv.gz", "class"));
  EXPECT_LT(found.at("mlogloss"), 0.25);  // 0.154; 30 test rows
  EXPECT_LT(found.at("merror"), 0.1);     // 0.033
}

}  // namespace
}  // namespace ramet
