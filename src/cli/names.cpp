#include "names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace ramet::cli {
namespace {

// Levenshtein's distance: the fewest single-character insertions, deletions and substitutions.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

void add_spelling(std::vector<std::string>& names, std::string name) {
  name.insert(0, "--");
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
}

}  // namespace

std::string dashed(std::string_view name) {
  std::string result(name);
  std::replace(result.begin(), result.end(), '_', '-');
  return result;
}

std::string option_names(std::string_view name, std::span<const std::string_view> aliases) {
  std::vector<std::string> names;
  add_spelling(names, dashed(name));
  add_spelling(names, std::string(name));
  for (const std::string_view alias : aliases) {
    add_spelling(names, dashed(alias));
    add_spelling(names, std::string(alias));
  }
  return fmt::format("{}", fmt::join(names, ","));
}

std::vector<std::string> long_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> subcommand_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::string suggestion(std::string_view name, std::span<const std::string> known) {
  const std::string wanted = dashed(name);
  std::size_t best = std::max<std::size_t>(2, name.size() / 3) + 1;
  std::string_view nearest;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(wanted, dashed(candidate));
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest.empty() ? std::string{} : fmt::format("; did you mean `{}`?", nearest);
}

}  // namespace ramet::cli
