// No parameter is accepted and ignored: changing any of the table's gives another model, or an error that
// names it. A new parameter without a case here fails the test.
#include <gtest/gtest.h>

#include <string>

#include "expect_error.hpp"
#include "model/file.hpp"
#include "naive/toy_data.hpp"
#include "ramet/train.hpp"
#include "train/parameter_cases.hpp"

namespace ramet {
namespace {

using naive::ToyLabels;
using naive::ToyTable;

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
    const auto found = training::effect_cases().find(name);
    if (found == training::effect_cases().end()) {
      ADD_FAILURE() << name << ": has no case in this test";
      continue;
    }
    const training::EffectCase& c = found->second;
    const TrainParams params = training::effect_params(c);
    TrainParams changed = params;
    if (c.effect == training::Effect::error) {
      training::expect_error(ErrorCode::invalid_parameter, name, [&] {
        set_parameter(changed, name, c.value);
        trained(changed, c.labels);
      });
      continue;
    }
    set_parameter(changed, name, c.value);
    const bool same = trained(changed, c.labels) == trained(params, c.labels);
    EXPECT_EQ(same, c.effect == training::Effect::same_model) << name << " = " << c.value;
  }
}

}  // namespace
}  // namespace ramet
