#include "metric/metric.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "base/error.hpp"
#include "base/nearest.hpp"

namespace ramet::metric {
namespace {

// Calls f with a default object of every metric, in the order of the list.
template <class F>
void for_each_metric(const F& f) {
  [&]<std::size_t... I>(std::index_sequence<I...>) { (f(std::variant_alternative_t<I, Metric>{}), ...); }
  (std::make_index_sequence<std::variant_size_v<Metric>>{});
}

bool has_name(const Traits& traits, std::string_view name) {
  return same_name(traits.name, name) ||
         std::any_of(traits.aliases.begin(), traits.aliases.end(),
                     [&](std::string_view alias) { return same_name(alias, name); });
}

void append(std::string& list, std::string_view name) {
  if (!list.empty()) list += ", ";
  list += name;
}

[[noreturn]] void fail_unknown(std::string_view name) {
  std::string canonical;
  std::vector<std::string_view> known;
  for (const Traits* traits : all_traits()) {
    append(canonical, traits->name);
    known.push_back(traits->name);
    known.insert(known.end(), traits->aliases.begin(), traits->aliases.end());
  }
  const std::string_view near = nearest_name(name, known);
  fail(ErrorCode::invalid_parameter, "metric = {}: must be one of {}{}", name, canonical,
       near.empty() ? std::string{} : fmt::format("; did you mean {}?", near));
}

[[noreturn]] void fail_unfit(std::string_view name, const objective::Traits& objective) {
  std::string fitting;
  for_each_metric([&](auto metric) {
    using M = decltype(metric);
    if (M::fits(objective.response)) append(fitting, M::traits.name);
  });
  fail(ErrorCode::invalid_parameter, "metric = {}: does not fit objective = {}, which has {}", name,
       objective.name, fitting);
}

}  // namespace

Metric make_metric(std::string_view name) {
  std::optional<Metric> found;
  for_each_metric([&](auto metric) {
    if (has_name(decltype(metric)::traits, name)) found = metric;
  });
  if (!found) fail_unknown(name);
  return *found;
}

Metric make_metric(std::string_view name, const objective::Objective& objective) {
  const objective::Traits& judged = objective::traits(objective);
  Metric metric = make_metric(name);
  if (judged.kind == objective::Kind::caller) return metric;
  std::visit(
      [&](auto& m) {
        using M = std::remove_cvref_t<decltype(m)>;
        if (!M::fits(judged.response)) fail_unfit(M::traits.name, judged);
        if constexpr (requires { m.response; }) m.response = judged.response;
      },
      metric);
  return metric;
}

const Traits& traits(const Metric& metric) {
  return std::visit([](const auto& m) -> const Traits& { return std::remove_cvref_t<decltype(m)>::traits; },
                    metric);
}

std::vector<const Traits*> all_traits() {
  std::vector<const Traits*> all;
  for_each_metric([&](auto metric) { all.push_back(&decltype(metric)::traits); });
  return all;
}

}  // namespace ramet::metric
