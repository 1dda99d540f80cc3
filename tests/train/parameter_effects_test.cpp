// No parameter is accepted and ignored: changing any of the table's gives another model, or an error that
// names it. A new parameter without a case here fails the test.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

#include "expect_error.hpp"
#include "model/file.hpp"
#include "naive/toy_data.hpp"
#include "ramet/train.hpp"

namespace ramet {
namespace {

using naive::ToyLabels;
using naive::ToyTable;

enum class Effect { another_model, same_model, error };

struct EffectCase {
  std::string value;  // other than the default and than what `setup` sets
  Effect effect = Effect::another_model;
  std::function<void(TrainParams&)> setup{};
  ToyLabels labels = ToyLabels::real;
};

const std::map<std::string, EffectCase>& cases() {
  const auto binary = [](TrainParams& p) {
    p.objective = "binary:logistic";
    p.eta = 1;
    p.num_round = 40;
  };
  const auto binary_stopped = [=](TrainParams& p) {
    binary(p);
    p.early_stopping_rounds = 5;
    p.eta = 0.1;
    p.num_round = 60;
    p.metric = {"logloss"};
  };
  const auto multiclass = [](TrainParams& p) { p.objective = "multi:softprob"; };
  static const std::map<std::string, EffectCase> all{
      {"objective", {.value = "reg:absoluteerror"}},
      {"num_class", {.value = "5", .setup = multiclass, .labels = ToyLabels::three_classes}},
      {"metric", {.value = "error", .setup = binary_stopped, .labels = ToyLabels::binary}},
      {"base_score", {.value = "0.5"}},
      {"num_round", {.value = "3"}},
      {"eta", {.value = "0.2"}},
      {"early_stopping_rounds", {.value = "2", .setup = binary, .labels = ToyLabels::binary}},
      {"grow_policy", {.value = "symmetric"}},
      {"max_depth", {.value = "3"}},
      {"max_leaves", {.value = "7"}},
      {"min_split_gain", {.value = "20"}},
      {"min_child_weight", {.value = "30"}},
      {"min_data_in_leaf", {.value = "30"}},
      {"lambda", {.value = "5"}},
      {"alpha", {.value = "2"}},
      {"max_delta_step", {.value = "0.3"}},
      {"subsample", {.value = "0.5"}},
      {"colsample_bytree", {.value = "0.5"}},
      {"colsample_bylevel", {.value = "0.5"}},
      {"colsample_bynode", {.value = "0.5"}},
      {"gradient_bits", {.value = "8"}},
      {"seed", {.value = "1"}},
      {"max_cat_to_onehot", {.value = "40"}},
      {"max_cat_threshold", {.value = "2"}},
      {"cat_smooth", {.value = "0.1", .setup = [](TrainParams& p) { p.min_data_per_category = 1; }}},
      {"cat_lambda", {.value = "10"}},
      {"min_data_per_category", {.value = "1"}},
      {"max_bin", {.value = "16", .effect = Effect::error}},
      {"bin_sample", {.value = "100", .effect = Effect::error}},
      {"threads", {.value = "3", .effect = Effect::same_model}},
      {"device", {.value = "abacus", .effect = Effect::error}},
  };
  return all;
}

// What a model predicts with, without the record of its parameters.
std::vector<std::byte> content(const Model& model) {
  model::Ensemble ensemble = model.ensemble();
  ensemble.parameters.clear();
  ensemble.objective = "any";
  return model::serialize(ensemble);
}

std::vector<std::byte> trained(const TrainParams& params, ToyLabels labels) {
  const ToyTable table({.rows = 1500, .labels = labels});
  const ToyTable other({.rows = 300, .seed = 2, .labels = labels});
  const Dataset data = table.dataset();
  const Dataset valid = other.dataset({.reference = &data});
  return content(train(params, data, {.valid = &valid}));
}

TEST(ParameterEffects, EveryParameterCounts) {
  for (const ParamInfo& info : parameters()) {
    const std::string name(info.name);
    const auto found = cases().find(name);
    if (found == cases().end()) {
      ADD_FAILURE() << name << ": has no case in this test";
      continue;
    }
    const EffectCase& c = found->second;
    TrainParams params;
    params.num_round = 5;
    params.max_depth = 5;
    params.min_data_per_category = 20;
    if (c.setup) c.setup(params);
    TrainParams changed = params;
    if (c.effect == Effect::error) {
      training::expect_error(ErrorCode::invalid_parameter, name, [&] {
        set_parameter(changed, name, c.value);
        trained(changed, c.labels);
      });
      continue;
    }
    set_parameter(changed, name, c.value);
    const bool same = trained(changed, c.labels) == trained(params, c.labels);
    EXPECT_EQ(same, c.effect == Effect::same_model) << name << " = " << c.value;
  }
}

}  // namespace
}  // namespace ramet
