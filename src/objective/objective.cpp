#include "objective/objective.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "base/error.hpp"
#include "base/nearest.hpp"

namespace ramet::objective {
namespace {

template <class F, std::size_t... I>
void for_each_type(const F& f, std::index_sequence<I...> /*types*/) {
  (f(std::variant_alternative_t<I, Objective>{}), ...);
}

// Calls f with an object of every objective that has a name, in the order of the list.
template <class F>
void for_each_named(const F& f) {
  const auto named = [&](auto objective) {
    if constexpr (!CallerObjective<decltype(objective)>) f(objective);
  };
  for_each_type(named, std::make_index_sequence<std::variant_size_v<Objective>>{});
}

bool has_name(const Traits& traits, std::string_view name) {
  return same_name(traits.name, name) ||
         std::any_of(traits.aliases.begin(), traits.aliases.end(),
                     [&](std::string_view alias) { return same_name(alias, name); });
}

[[noreturn]] void fail_unknown(std::string_view name) {
  std::string canonical;
  std::vector<std::string_view> known;
  for (const Traits* traits : all_traits()) {
    canonical += (canonical.empty() ? "" : ", ") + std::string(traits->name);
    known.push_back(traits->name);
    known.insert(known.end(), traits->aliases.begin(), traits->aliases.end());
  }
  const std::string_view near = nearest_name(name, known);
  fail(ErrorCode::invalid_parameter, "objective = {}: must be one of {}{}", name, canonical,
       near.empty() ? std::string{} : fmt::format("; did you mean {}?", near));
}

}  // namespace

Objective make_objective(std::string_view name) {
  std::optional<Objective> found;
  for_each_named([&](auto objective) {
    if (has_name(decltype(objective)::traits, name)) found = objective;
  });
  if (!found) fail_unknown(name);
  return *found;
}

const Traits& traits(const Objective& objective) {
  return std::visit([](const auto& o) -> const Traits& { return std::remove_cvref_t<decltype(o)>::traits; },
                    objective);
}

std::vector<const Traits*> all_traits() {
  std::vector<const Traits*> all;
  for_each_named([&](auto objective) { all.push_back(&decltype(objective)::traits); });
  return all;
}

void predictions(const Objective& objective, double* margins, std::int64_t rows, int outputs) {
  std::visit(
      [&](const auto& o) {
        if constexpr (RowOutputsObjective<std::remove_cvref_t<decltype(o)>>) {
          for (std::int64_t r = 0; r < rows; ++r) {
            o.predictions(margins + r * outputs, outputs, margins + r * outputs);
          }
        } else {
          for (std::int64_t i = 0; i < rows * outputs; ++i) margins[i] = o.prediction(margins[i]);
        }
      },
      objective);
}

}  // namespace ramet::objective
