#include "train/param_values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>
#include <utility>

#include "backend/registry.hpp"
#include "base/error.hpp"
#include "metric/metric.hpp"
#include "objective/objective.hpp"

namespace ramet::training {
namespace {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

[[noreturn]] void refuse(const ParamRow& row, std::string_view value, std::string_view allowed) {
  fail(ErrorCode::invalid_parameter, "{} = {}: must be {}", row.name, value, allowed);
}

bool inside(const Interval& range, double value) {
  if (range.or_zero && value == 0) return true;
  return std::isfinite(value) && value >= range.low && value <= range.high &&
         !(range.above_low && value == range.low);
}

// "between 2 and 65535", "> 0"
std::string must_be(const Interval& range) {
  const bool has_low = std::isfinite(range.low);
  const bool has_high = std::isfinite(range.high);
  const std::string zero = range.or_zero ? "0, or " : "";
  if (!has_low && !has_high) return "a finite number";
  if (!has_high) return fmt::format("{}{} {}", zero, range.above_low ? ">" : ">=", range.low);
  if (range.above_low) return fmt::format("{}> {} and <= {}", zero, range.low, range.high);
  return fmt::format("{}between {} and {}", zero, range.low, range.high);
}

template <class Number>
Number parse_number(const ParamRow& row, std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size()) return value;
  const bool whole = std::is_integral_v<Number>;
  refuse(row, text.empty() ? "``" : text,
         fmt::format("{}, {}", whole ? "a whole number" : "a number",
                     std::holds_alternative<Interval>(row.allowed) ? must_be(std::get<Interval>(row.allowed))
                                                                   : allowed_text(row.allowed)));
}

// Used on every type that a member can have.
template <class T>
T parse_as(const ParamRow& row, std::string_view text) {
  if constexpr (std::is_same_v<T, std::string>) {
    return std::string(text);
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    const auto pieces = split_list(text);
    return {pieces.begin(), pieces.end()};
  } else if constexpr (IsOptional<T>::value) {
    return text.empty() ? T{} : T{parse_number<typename T::value_type>(row, text)};
  } else {
    return parse_number<T>(row, text);
  }
}

template <class T>
std::string to_text(const T& value) {
  if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return fmt::format("{}", fmt::join(value, ","));
  } else if constexpr (IsOptional<T>::value) {
    return value ? to_text(*value) : std::string{};
  } else {
    return fmt::format("{}", value);
  }
}

// The number that an interval is about; nothing for texts and empty optionals.
template <class T>
std::optional<double> as_number(const T& value) {
  if constexpr (IsOptional<T>::value) {
    return value ? as_number(*value) : std::nullopt;
  } else if constexpr (std::is_arithmetic_v<T>) {
    return static_cast<double>(value);
  } else {
    return std::nullopt;
  }
}

std::optional<double> number_of(const TrainParams& params, const Member& member) {
  return std::visit([&](auto pointer) { return as_number(params.*pointer); }, member);
}

struct Checker {
  const TrainParams& params;
  const ParamRow& row;

  void operator()(const Interval& range) const {
    const auto value = number_of(params, row.member);
    if (value && !inside(range, *value)) refuse(row, print_value(params, row), must_be(range));
  }
  void operator()(const OneOf& one_of) const {
    const std::string value = print_value(params, row);
    const auto values = split_list(one_of.values);
    if (std::find(values.begin(), values.end(), value) == values.end()) {
      refuse(row, value, fmt::format("one of {}", one_of.values));
    }
  }
  void operator()(ObjectiveName) const { objective::make_objective(params.objective); }
  void operator()(MetricNames) const {
    for (const std::string& name : params.metric) metric::make_metric(name);
  }
  void operator()(DeviceName) const { backend::backend_for(params.device); }
};

template <class AllTraits>
std::string names_of(const AllTraits& all) {
  std::string names;
  for (const auto* traits : all) names += (names.empty() ? "" : ", ") + std::string(traits->name);
  return names;
}

struct AllowedText {
  std::string operator()(const Interval& range) const {
    std::string text = must_be(range);
    if (const std::string_view prefix = "between "; text.starts_with(prefix)) text.erase(0, prefix.size());
    if (const auto at = text.find("between "); at != std::string::npos) text.erase(at, 8);
    if (const auto at = text.find(" and "); at != std::string::npos && text.find('>') == std::string::npos) {
      text.replace(at, 5, " to ");
    }
    return text;
  }
  std::string operator()(const OneOf& one_of) const { return std::string(one_of.values); }
  std::string operator()(ObjectiveName) const { return names_of(objective::all_traits()); }
  std::string operator()(MetricNames) const { return names_of(metric::all_traits()); }
  std::string operator()(DeviceName) const { return std::string(backend::device_forms); }
};

}  // namespace

std::string print_value(const TrainParams& params, const ParamRow& row) {
  return std::visit([&](auto pointer) { return to_text(params.*pointer); }, row.member);
}

void parse_value(TrainParams& params, const ParamRow& row, std::string_view text) {
  std::visit(
      [&](auto pointer) {
        using T = std::remove_cvref_t<decltype(params.*pointer)>;
        T before = std::exchange(params.*pointer, parse_as<T>(row, text));
        try {
          check_value(params, row);
        } catch (...) {
          params.*pointer = std::move(before);
          throw;
        }
      },
      row.member);
}

void check_value(const TrainParams& params, const ParamRow& row) {
  std::visit(Checker{params, row}, row.allowed);
}

std::string allowed_text(const Allowed& allowed) { return std::visit(AllowedText{}, allowed); }

ParamType param_type(const Member& member) {
  if (std::holds_alternative<std::string TrainParams::*>(member)) return ParamType::text;
  if (std::holds_alternative<std::vector<std::string> TrainParams::*>(member)) return ParamType::text_list;
  if (std::holds_alternative<double TrainParams::*>(member)) return ParamType::real;
  if (std::holds_alternative<std::optional<double> TrainParams::*>(member)) return ParamType::real;
  return ParamType::integer;
}

}  // namespace ramet::training
