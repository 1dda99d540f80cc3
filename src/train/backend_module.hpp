// Finds and loads the shared module of a backend that is not linked into the library.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "backend/registry.hpp"

namespace ramet::training {

struct FoundModule {
  const backend::Backend* backend = nullptr;  // null: `problem` says why, and what to do
  std::string problem;
};

// The module of the backend `name` ("cuda"): the file that the environment variable RAMET_<NAME>_MODULE
// names, else the first there is of module_files(name). That it is missing, cannot be loaded or belongs to
// another build is no exception, but a problem. A loaded module stays loaded.
FoundModule find_module(std::string_view name);

// Where libramet_<name>.so is looked for: beside the shared library or program that this code is part of, in
// lib/ramet next to its folder, and in the folder it is installed to.
std::vector<std::filesystem::path> module_files(std::string_view name);

// One file, which must exist.
FoundModule load_module(const std::filesystem::path& file);

}  // namespace ramet::training
