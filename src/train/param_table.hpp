// The one declaration of every training parameter: name, aliases, where it is stored, allowed values, help.
// Parsing, printing, checking and documentation (params.cpp) all read this table.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ramet/params.hpp"

namespace ramet::training {

// Where in TrainParams the value lives; says the type, too.
using Member = std::variant<int TrainParams::*, double TrainParams::*, std::uint64_t TrainParams::*,
                            std::string TrainParams::*, std::vector<std::string> TrainParams::*,
                            std::optional<int> TrainParams::*, std::optional<double> TrainParams::*,
                            std::optional<std::int64_t> TrainParams::*>;

// Numbers in [low, high]; without `low` itself if `above_low`; and 0 besides if `or_zero`.
struct Interval {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool above_low = false;
  bool or_zero = false;
};

// One of these values; written "a, b, c".
struct OneOf {
  std::string_view values;
};

struct ObjectiveName {};
struct MetricNames {};
struct DeviceName {};

using Allowed = std::variant<Interval, OneOf, ObjectiveName, MetricNames, DeviceName>;

struct ParamRow {
  std::string_view name;
  std::string_view aliases;  // written "a, b, c"
  Member member;
  Allowed allowed;
  std::string_view group;
  std::string_view help;
};

// All parameters in documentation order.
std::span<const ParamRow> param_rows();

// The pieces of "a, b, c"; blanks around them are dropped, an empty list has none.
std::vector<std::string_view> split_list(std::string_view list);

}  // namespace ramet::training
