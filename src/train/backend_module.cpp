#include "train/backend_module.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <system_error>

#include "backend/module.hpp"
#include "ramet/version.hpp"

namespace ramet::training {
namespace {

namespace fs = std::filesystem;

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

std::string variable_name(std::string_view name) { return fmt::format("RAMET_{}_MODULE", upper(name)); }

bool exists(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored);
}

fs::path real_path(const fs::path& file) {
  std::error_code error;
  fs::path real = fs::weakly_canonical(file, error);
  return error ? file : real;
}

std::optional<fs::path> program_file() {
  std::error_code error;
  fs::path file = fs::read_symlink("/proc/self/exe", error);
  if (error) return {};
  return file;
}

// The shared library that holds this code, if it is not part of the program itself.
std::optional<fs::path> library_file() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&find_module), &info) == 0 || info.dli_fname == nullptr) return {};
  fs::path file = real_path(info.dli_fname);
  if (file.filename().string().find(".so") == std::string::npos) return {};
  return file;
}

void add_places(std::vector<fs::path>& places, const fs::path& folder) {
  for (const char* place : {".", "../lib/ramet", "../" RAMET_LIBRARY_FOLDER "/ramet"}) {
    places.push_back((folder / place).lexically_normal());
  }
}

FoundModule problem(std::string text) { return {.backend = nullptr, .problem = std::move(text)}; }

// The reason with what helps against it.
FoundModule missing(std::string_view name, std::string_view reason) {
  return problem(fmt::format("{}; build and install Ramet with -DRAMET_{}=ON, or name the file in {}", reason,
                             upper(name), variable_name(name)));
}

std::string folders_text(const std::vector<fs::path>& files) {
  std::vector<std::string> folders;
  for (const fs::path& file : files) folders.push_back(file.parent_path().string());
  return fmt::format("{}", fmt::join(folders, ", "));
}

FoundModule check_module(const fs::path& file, const backend::Module& module) {
  const bool fits = std::strcmp(module.interface_digest, backend::interface_digest) == 0 &&
                    module.layout == backend::layout_digest;
  if (fits) return {.backend = module.backend, .problem = {}};
  return problem(fmt::format(
      "{} was built for Ramet {} (interface {}-{:x}), and this is {} ({}-{:x}); build and install "
      "both together",
      file.string(), module.version, module.interface_digest, module.layout, version_string,
      backend::interface_digest, backend::layout_digest));
}

}  // namespace

std::vector<fs::path> module_files(std::string_view name) {
  std::vector<fs::path> places;
  if (const auto library = library_file()) {
    places.push_back(library->parent_path() / "ramet");
    add_places(places, library->parent_path());
  }
  if (const auto program = program_file()) add_places(places, program->parent_path());
  places.emplace_back(RAMET_MODULE_FOLDER);
  std::vector<fs::path> files;
  for (const fs::path& place : places) {
    fs::path file = place / fmt::format("libramet_{}.so", name);
    if (std::find(files.begin(), files.end(), file) == files.end()) files.push_back(std::move(file));
  }
  return files;
}

FoundModule load_module(const fs::path& file) {
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return problem(fmt::format("{} cannot be loaded: {}", file.string(), dlerror()));
  const auto entry = reinterpret_cast<backend::ModuleEntry>(dlsym(library, backend::module_entry));
  if (entry == nullptr) {
    dlclose(library);
    return problem(
        fmt::format("{} is no backend of Ramet: it has no {}", file.string(), backend::module_entry));
  }
  FoundModule found = check_module(file, *entry());
  if (found.backend == nullptr) dlclose(library);
  return found;
}

FoundModule find_module(std::string_view name) {
  const std::string variable = variable_name(name);
  if (const char* file = std::getenv(variable.c_str()); file != nullptr && *file != '\0') {
    if (exists(file)) return load_module(file);
    return problem(fmt::format("{} = {}: there is no such file", variable, file));
  }
  const std::vector<fs::path> files = module_files(name);
  const auto found = std::find_if(files.begin(), files.end(), exists);
  if (found != files.end()) return load_module(*found);
  return missing(
      name, fmt::format("the backend's module, libramet_{}.so, is in none of {}", name, folders_text(files)));
}

}  // namespace ramet::training
