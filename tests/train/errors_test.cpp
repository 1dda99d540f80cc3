// What training refuses, and how it says so.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "expect_error.hpp"
#include "naive/toy_data.hpp"
#include "ramet/train.hpp"

namespace ramet {
namespace {

using naive::ToyLabels;
using naive::ToyTable;
using training::expect_error;

Dataset with_labels(const std::vector<double>& labels, const DatasetOptions& more = {}) {
  std::vector<float> x;
  for (std::size_t i = 0; i < labels.size(); ++i) x.push_back(static_cast<float>(i));
  DatasetOptions options = more;
  options.labels = labels;
  return Dataset::from_dense(x.data(), static_cast<std::int64_t>(labels.size()), 1, options);
}

TrainParams params_for(const std::string& objective) {
  TrainParams params;
  params.objective = objective;
  params.num_round = 2;
  return params;
}

void expect_refused(ErrorCode code, const std::string& part, const TrainParams& params, const Dataset& data,
                    const TrainOptions& options = {}) {
  expect_error(code, part, [&] { train(params, data, options); });
}

TEST(TrainErrors, LabelsOutOfRangeNameRowAndValue) {
  const auto refused = [](const char* objective, const std::vector<double>& labels, const std::string& part) {
    expect_refused(ErrorCode::invalid_data, part, params_for(objective), with_labels(labels));
  };
  refused("binary:logistic", {0, 1, 2}, "set `train`, row 2: label = 2: must be between 0 and 1");
  refused("binary:logistic", {0, -0.5}, "row 1: label = -0.5");
  refused("count:poisson", {0, 3, -1}, "row 2: label = -1: must be a finite number that is not negative");
  refused("multi:softprob", {0, 1, 1.5}, "row 2: label = 1.5: must be a class index");
  refused("multi:softprob", {0, -1}, "row 1: label = -1");
  refused("multi:softprob", {0, 1e9}, "largest label = 1000000000: class indices must be below 65535");
  TrainParams params = params_for("multi:softprob");
  params.num_class = 2;
  expect_refused(ErrorCode::invalid_data, "row 2: label = 2: must be a whole number from 0 to 1", params,
                 with_labels({0, 1, 2}));
}

TEST(TrainErrors, NumClassMustBeTheNumberOfClassNames) {
  TrainParams params = params_for("multi:softprob");
  params.num_class = 4;
  expect_refused(ErrorCode::invalid_parameter, "num_class = 4: the data set names 3 classes", params,
                 with_labels({0, 1, 2}, {.class_names = {"a", "b", "c"}}));
  params.num_class = 3;
  EXPECT_EQ(train(params, with_labels({0, 1, 1}, {.class_names = {"a", "b", "c"}})).outputs(), 3);
}

TEST(TrainErrors, DataThatCannotBeTrainedOn) {
  const std::vector<float> x{1, 2};
  expect_refused(ErrorCode::invalid_data, "set `train`: has no labels", params_for("reg:squarederror"),
                 Dataset::from_dense(x.data(), 2, 1));
  const double huge = std::numeric_limits<double>::max();
  expect_refused(ErrorCode::invalid_data, "must be finite", params_for("reg:absoluteerror"),
                 with_labels({-huge, huge, 0}));
}

TEST(TrainErrors, BaseMarginsMustFitTheOutputs) {
  const ToyTable table({.labels = ToyLabels::three_classes, .base_margins = 2});
  expect_refused(ErrorCode::invalid_data, "set `train`: 2 base margins a row: must be 3",
                 params_for("multi:softprob"), table.dataset());
}

TEST(TrainErrors, BinParametersBelongToTheDataSet) {
  TrainParams params = params_for("reg:squarederror");
  const Dataset data = with_labels({1, 2, 3}, {.bins = {.max_bin = 10, .bin_sample = 2}});
  params.max_bin = 255;
  expect_refused(ErrorCode::invalid_parameter, "max_bin = 255: the data set was built with max_bin = 10",
                 params, data);
  params.max_bin = 10;
  params.bin_sample = 0;
  expect_refused(ErrorCode::invalid_parameter, "bin_sample = 0: the data set was built with bin_sample = 2",
                 params, data);
  params.bin_sample = 2;
  EXPECT_NO_THROW(train(params, data));
}

TEST(TrainErrors, EvaluationSetsMustFitTheTrainingSet) {
  const ToyTable table({});
  const Dataset data = table.dataset();
  const Dataset other_bins = table.dataset({.bins = {.max_bin = 7}});
  const Dataset other_features = ToyTable({.categorical = false}).dataset();
  const Dataset good = table.dataset({.reference = &data});
  const TrainParams params = params_for("reg:squarederror");
  expect_refused(ErrorCode::invalid_data, "set `valid`: is binned differently", params, data,
                 {.valid = &other_bins});
  expect_refused(ErrorCode::invalid_data, "set `x`: is binned differently", params, data,
                 {.more = {{"x", &other_features}}});
  expect_refused(ErrorCode::invalid_parameter, "set `x`: is null", params, data, {.more = {{"x", nullptr}}});
  expect_refused(ErrorCode::invalid_parameter, "set `x`: sets need different names", params, data,
                 {.more = {{"x", &good}, {"x", &good}}});
  expect_refused(ErrorCode::invalid_parameter, "set `train`: sets need", params, data,
                 {.more = {{"train", &good}}});
  expect_refused(ErrorCode::invalid_parameter, "set ``: sets need", params, data, {.more = {{"", &good}}});
  const Dataset bad_labels = ToyTable({.labels = ToyLabels::real}).dataset({.reference = &data});
  const Dataset binary = ToyTable({.labels = ToyLabels::binary}).dataset();
  expect_refused(ErrorCode::invalid_data, "set `valid`, row", params_for("binary:logistic"), binary,
                 {.valid = &bad_labels});
  EXPECT_NO_THROW(train(params, data, {.valid = &data}));
}

TEST(TrainErrors, EarlyStoppingNeedsAValidationSetAndAMetric) {
  TrainParams params = params_for("reg:squarederror");
  params.early_stopping_rounds = 3;
  const Dataset data = ToyTable({}).dataset();
  expect_refused(ErrorCode::invalid_parameter, "early_stopping_rounds = 3: needs a validation set", params,
                 data);
  const CustomObjective custom{.name = "mine", .gradient = [](auto, auto, auto, auto) {}};
  expect_refused(ErrorCode::invalid_parameter, "early_stopping_rounds = 3: needs a metric", params, data,
                 {.valid = &data, .objective = &custom});
}

TEST(TrainErrors, CallersObjectives) {
  const Dataset data = ToyTable({}).dataset();
  const TrainParams params = params_for("reg:squarederror");
  const auto refused = [&](ErrorCode code, const char* part, const CustomObjective& custom) {
    expect_refused(code, part, params, data, {.objective = &custom});
  };
  const auto nothing = [](auto, auto, auto, auto) {};
  refused(ErrorCode::invalid_parameter, "has no gradient function", {.name = "mine"});
  refused(ErrorCode::invalid_parameter, "`binary:logistic`: its name",
          {.name = "binary:logistic", .gradient = nothing});
  refused(ErrorCode::invalid_parameter, "``: its name", {.gradient = nothing});
  refused(ErrorCode::invalid_parameter, "outputs = 0", {.name = "mine", .outputs = 0, .gradient = nothing});
  const auto at_row = [](double g, double h) {
    return [=](std::span<const double>, std::span<const double>, std::span<double> gs, std::span<double> hs) {
      std::fill(gs.begin(), gs.end(), 1.0);
      std::fill(hs.begin(), hs.end(), 1.0);
      gs[17] = g;
      hs[17] = h;
    };
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  refused(ErrorCode::invalid_data, "round 0, row 17", {.name = "mine", .gradient = at_row(nan, 1)});
  refused(ErrorCode::invalid_data, "round 0, row 17", {.name = "mine", .gradient = at_row(0, nan)});
  refused(ErrorCode::invalid_data, "round 0, row 17", {.name = "mine", .gradient = at_row(0, -1)});
  refused(ErrorCode::invalid_data, "round 0, row 17", {.name = "mine", .gradient = at_row(1e300, 1)});
}

TEST(TrainErrors, UnknownDevicesAndParametersOutOfRange) {
  const Dataset data = ToyTable({}).dataset();
  TrainParams params = params_for("reg:squarederror");
  params.device = "tpu:0";
  expect_refused(ErrorCode::invalid_parameter, "device = tpu:0", params, data);
  params.device = "cpu";
  params.eta = -1;
  expect_refused(ErrorCode::invalid_parameter, "eta = -1", params, data);
}

TEST(TrainErrors, MarginsThatGrowOutOfRange) {
  TrainParams params = params_for("reg:squarederror");
  params.num_round = 2000;
  params.eta = 100;
  params.lambda = 0;
  expect_refused(ErrorCode::invalid_data, "", params, with_labels({1, 2, 3, 4}));
}

}  // namespace
}  // namespace ramet
