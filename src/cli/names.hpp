// Names of options: the spellings that are accepted, and the nearest one to a mistyped name.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::cli {

// "max_depth" -> "max-depth"
std::string dashed(std::string_view name);

// "--max-depth,--max_depth,--depth": every accepted spelling of a name and its aliases, canonical first.
std::string option_names(std::string_view name, std::span<const std::string_view> aliases = {});

std::vector<std::string> long_names(const CLI::App& app);        // "--data", "--max-depth", ...
std::vector<std::string> subcommand_names(const CLI::App& app);  // "train", "predict", ...

// "; did you mean `--max-depth`?", or "" if nothing is near.
std::string suggestion(std::string_view name, std::span<const std::string> known);

}  // namespace ramet::cli
