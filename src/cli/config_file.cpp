#include "config_file.hpp"

#include <fmt/format.h>

#include <fstream>
#include <set>

#include "command.hpp"
#include "names.hpp"
#include "ramet/error.hpp"

namespace ramet::cli {
namespace {

std::vector<CLI::ConfigItem> read_toml(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) throw Error(ErrorCode::io, fmt::format("{}: cannot be opened", file.string()));
  std::vector<CLI::ConfigItem> items = CLI::ConfigTOML().from_config(stream);
  for (const CLI::ConfigItem& item : items) {
    if (!item.parents.empty()) {
      throw UsageError(
          fmt::format("{}: section [{}]: keys stand at the top level", file.string(), item.parents.front()));
    }
    for (const std::string& value : item.inputs) {
      // The reader takes # for a comment even inside quotes, which leaves half a string.
      if (value.starts_with('"') || value.starts_with('\'')) {
        throw UsageError(fmt::format("{}: `{}`: a quote is not closed (or the value holds a #)",
                                     file.string(), item.name));
      }
    }
  }
  return items;
}

CLI::Option& find_option(CLI::App& command, const CLI::ConfigItem& item, const std::string& file) {
  CLI::Option* option = command.get_option_no_throw("--" + dashed(item.name));
  if (option == nullptr) {
    std::vector<std::string> keys = long_names(command);
    for (std::string& key : keys) key.erase(0, 2);
    throw UsageError(fmt::format("{}: unknown key `{}`{}", file, item.name, suggestion(item.name, keys)));
  }
  if (!option->get_configurable()) {
    throw UsageError(fmt::format("{}: `{}` can only stand on the command line", file, item.name));
  }
  return *option;
}

}  // namespace

void apply_config(CLI::App& command, ParamOptions& parameters, const std::filesystem::path& file) {
  std::set<const CLI::Option*> seen;
  for (const CLI::ConfigItem& item : read_toml(file)) {
    CLI::Option& option = find_option(command, item, file.string());
    if (!seen.insert(&option).second) {
      throw UsageError(fmt::format("{}: `{}` is given twice", file.string(), item.name));
    }
    if (parameters.set_from_config(option, fmt::format("{}", fmt::join(item.inputs, ",")))) continue;
    if (option.count() > 0) continue;
    try {
      for (const std::string& value : item.inputs) option.add_result(value);
      option.run_callback();
    } catch (const CLI::ParseError& error) {
      throw UsageError(fmt::format("{}: `{}`: {}", file.string(), item.name, error.what()));
    }
  }
}

}  // namespace ramet::cli
