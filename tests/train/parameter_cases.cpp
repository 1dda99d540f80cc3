#include "train/parameter_cases.hpp"

namespace ramet::training {

using naive::ToyLabels;

const std::map<std::string, EffectCase>& effect_cases() {
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

TrainParams effect_params(const EffectCase& c) {
  TrainParams params;
  params.num_round = 5;
  params.max_depth = 5;
  params.min_data_per_category = 20;
  if (c.setup) c.setup(params);
  return params;
}

}  // namespace ramet::training
