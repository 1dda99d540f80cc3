#include "param_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "command.hpp"
#include "names.hpp"

namespace ramet::cli {
namespace {

std::string description(const ParamInfo& info) {
  std::string text = fmt::format("{} [{}", info.help, info.range);
  if (!info.default_value.empty()) text += fmt::format("; default {}", info.default_value);
  text += ']';
  if (!info.aliases.empty()) text += fmt::format(" Also {}.", fmt::join(info.aliases, ", "));
  return text;
}

const char* type_name(ParamType type) {
  switch (type) {
    case ParamType::integer:
      return "INT";
    case ParamType::real:
      return "NUMBER";
    case ParamType::text:
      return "TEXT";
    case ParamType::text_list:
      return "A,B";
  }
  return "";
}

}  // namespace

void ParamOptions::add_to(CLI::App& command) {
  for (const ParamInfo& info : parameters()) {
    Entry& entry = entries_.emplace_back();
    entry.info = &info;
    CLI::Option* option =
        command.add_option(option_names(info.name, info.aliases), entry.typed, description(info));
    option->type_name(type_name(info.type))->group(info.group);
    if (info.type == ParamType::text_list) option->join(',');
    entry.option = option;
  }
  command.add_option("--set", set_, "Set a parameter by name (repeatable); the options above count over it.")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->configurable(false)
      ->group("Run");
}

bool ParamOptions::set_from_config(const CLI::Option& option, std::string value) {
  for (Entry& entry : entries_) {
    if (entry.option == &option) {
      entry.configured = std::move(value);
      return true;
    }
  }
  return false;
}

TrainParams ParamOptions::resolve() const {
  TrainParams params;
  for (const Entry& entry : entries_) {
    if (entry.configured) set_parameter(params, entry.info->name, *entry.configured);
  }
  std::set<const Entry*> seen;
  for (const Assignment& assignment : assignments()) {
    set_parameter(params, assignment.name, assignment.value);
    if (!seen.insert(find(assignment.name)).second) {
      throw UsageError(fmt::format("--set {}: given twice", assignment.name));
    }
  }
  for (const Entry& entry : entries_) {
    if (entry.option->count() > 0) set_parameter(params, entry.info->name, entry.typed);
  }
  return params;
}

bool ParamOptions::given(std::string_view name) const {
  const Entry* entry = find(name);
  if (entry == nullptr) return false;
  if (entry->configured || entry->option->count() > 0) return true;
  const std::vector<Assignment> all = assignments();
  return std::any_of(all.begin(), all.end(), [&](const Assignment& a) { return find(a.name) == entry; });
}

std::vector<ParamOptions::Assignment> ParamOptions::assignments() const {
  std::vector<Assignment> result;
  for (const std::string& text : set_) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw UsageError(fmt::format("--set {}: must be name=value", text));
    }
    result.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return result;
}

const ParamOptions::Entry* ParamOptions::find(std::string_view name_or_alias) const {
  const std::string wanted = dashed(name_or_alias);
  for (const Entry& entry : entries_) {
    if (dashed(entry.info->name) == wanted) return &entry;
    for (const std::string_view alias : entry.info->aliases) {
      if (dashed(alias) == wanted) return &entry;
    }
  }
  return nullptr;
}

}  // namespace ramet::cli
