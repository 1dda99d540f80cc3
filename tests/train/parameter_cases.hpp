// For every parameter of the table a value that must make a difference, and what difference.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "naive/toy_data.hpp"
#include "ramet/params.hpp"

namespace ramet::training {

enum class Effect { another_model, same_model, error };

struct EffectCase {
  std::string value;  // other than the default and than what `setup` sets
  Effect effect = Effect::another_model;
  std::function<void(TrainParams&)> setup{};
  naive::ToyLabels labels = naive::ToyLabels::real;
};

// By name.
const std::map<std::string, EffectCase>& effect_cases();

// What the cases start from, `setup` included.
TrainParams effect_params(const EffectCase& c);

}  // namespace ramet::training
