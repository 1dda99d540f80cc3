// --config: a TOML file whose keys are the names of options.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>

#include "param_options.hpp"

namespace ramet::cli {

// Gives every option of `command` that is absent from the command line its value from the file; those that
// are training parameters go to `parameters`, below --set. Throws UsageError naming the file and the key if a
// key is unknown (with the nearest name), occurs twice, or has a value of the wrong form; Error{io} if the
// file cannot be read.
void apply_config(CLI::App& command, ParamOptions& parameters, const std::filesystem::path& file);

}  // namespace ramet::cli
