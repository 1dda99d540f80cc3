// One parameter's value: to text, from text, and the check of its range.
#pragma once

#include <string>
#include <string_view>

#include "train/param_table.hpp"

namespace ramet::training {

// The value as text; the shortest that reads back to the same number; "" for an empty optional or list.
std::string print_value(const TrainParams& params, const ParamRow& row);

// Sets the value from text and checks it; throws Error{invalid_parameter} naming what is allowed.
void parse_value(TrainParams& params, const ParamRow& row, std::string_view text);

// Throws Error{invalid_parameter} if the value in `params` is not allowed by itself.
void check_value(const TrainParams& params, const ParamRow& row);

// What is allowed, for the documentation: "> 0", "2 to 65535", "depthwise, lossguide, symmetric".
std::string allowed_text(const Allowed& allowed);

ParamType param_type(const Member& member);

}  // namespace ramet::training
