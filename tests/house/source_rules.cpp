#include "house/source_rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace ramet::house {
namespace {

// Lowest first. Neighbours with the same height do not see each other.
struct Floor {
  std::string_view name;
  int height = 0;
};
constexpr std::array floors{
    Floor{"math", 0},   Floor{"base", 1},     Floor{"comm", 2},    Floor{"data", 3}, Floor{"objective", 4},
    Floor{"metric", 5}, Floor{"model", 6},    Floor{"backend", 7}, Floor{"cpu", 8},  Floor{"cuda", 8},
    Floor{"train", 9},  Floor{"explain", 10}, Floor{"io", 11},     Floor{"cli", 12}};
constexpr std::array<std::string_view, 2> backends{"cpu", "cuda"};
constexpr std::string_view registry = "src/train/backends.cpp";

// Libraries that one floor keeps to itself.
struct Tenant {
  std::string_view include_prefix;
  std::string_view floor;
};
constexpr std::array tenants{Tenant{"arrow/", "io"}, Tenant{"parquet/", "io"}, Tenant{"CLI/", "cli"},
                             Tenant{"oneapi/tbb", "base"}, Tenant{"tbb/", "base"}};

// Floors that see less than all that is below them: what their includes of other floors may start with.
struct Outsider {
  std::string_view floor;
  std::array<std::string_view, 3> sees;  // empty entries: nothing
};
constexpr std::array outsiders{Outsider{"io", {"math/", "base/", "data/source.hpp"}},
                               Outsider{"cli", {"math/"}}};

const Floor* find_floor(std::string_view name) {
  const auto* found =
      std::find_if(floors.begin(), floors.end(), [&](const Floor& f) { return f.name == name; });
  return found == floors.end() ? nullptr : found;
}

std::string_view first_folder(std::string_view path) { return path.substr(0, path.find('/')); }

// "cpu" of "src/cpu/histogram.cpp"; empty for files directly in src.
std::string_view floor_of(std::string_view path) {
  const std::string_view below_src = path.substr(std::string_view("src/").size());
  return below_src.find('/') == std::string_view::npos ? std::string_view{} : first_folder(below_src);
}

bool is_public(std::string_view path) { return path.starts_with("include/"); }

struct Include {
  std::string_view target;
  bool quoted = false;
};

// The include directive on this line, if there is one.
std::optional<Include> parse_include(std::string_view line) {
  const auto skip_blanks = [&] {
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  };
  skip_blanks();
  if (!line.starts_with('#')) return std::nullopt;
  line.remove_prefix(1);
  skip_blanks();
  if (!line.starts_with("include")) return std::nullopt;
  line.remove_prefix(std::string_view("include").size());
  skip_blanks();
  if (line.empty() || (line.front() != '"' && line.front() != '<')) return std::nullopt;
  const bool quoted = line.front() == '"';
  line.remove_prefix(1);
  const std::size_t end = line.find(quoted ? '"' : '>');
  if (end == std::string_view::npos) return std::nullopt;
  return Include{.target = line.substr(0, end), .quoted = quoted};
}

// Standard headers have neither folders nor endings.
bool is_standard(const Include& include) {
  return !include.quoted && std::all_of(include.target.begin(), include.target.end(), [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
  });
}

// What is wrong with a public header's include; empty if nothing.
std::string check_public(const Include& include) {
  if (is_standard(include) || include.target.starts_with("ramet/")) return {};
  return "a public header includes `" + std::string(include.target) +
         "`; allowed are ramet/ and the standard library";
}

std::string check_library(std::string_view floor, std::string_view target) {
  for (const Tenant& tenant : tenants) {
    if (target.starts_with(tenant.include_prefix) && floor != tenant.floor) {
      return "`" + std::string(target) + "` belongs to floor " + std::string(tenant.floor);
    }
  }
  const Floor* own = find_floor(floor);
  if (target == "ramet/io.hpp" && own->height < find_floor("io")->height) {
    return "`ramet/io.hpp` is above floor " + std::string(floor);
  }
  return {};
}

// Whether a floor may see the file of a lower one.
bool within_sight(std::string_view floor, std::string_view target) {
  const auto* found =
      std::find_if(outsiders.begin(), outsiders.end(), [&](const Outsider& o) { return o.floor == floor; });
  if (found == outsiders.end()) return true;
  return std::any_of(found->sees.begin(), found->sees.end(),
                     [&](std::string_view seen) { return !seen.empty() && target.starts_with(seen); });
}

// What is wrong with an include by a file of a floor; empty if nothing.
std::string check_floor(std::string_view path, const Include& include) {
  const std::string_view floor = floor_of(path);
  const Floor* own = find_floor(floor);
  if (own == nullptr) return "`" + std::string(path) + "` is on no known floor";
  const std::string target(include.target);
  if (target.find("..") != std::string::npos)
    return "`" + target + "`: includes are written from src/, without ..";
  const Floor* other = find_floor(first_folder(include.target));
  if (other == nullptr || target.find('/') == std::string::npos) return check_library(floor, target);
  if (other == own) return {};
  if (other->height >= own->height) {
    return "floor " + std::string(floor) + " includes `" + target + "`, which is not below it";
  }
  const bool of_backend = std::find(backends.begin(), backends.end(), other->name) != backends.end();
  if (of_backend && path != registry) {
    return "`" + target + "` is a backend's own; only " + std::string(registry) + " names backends";
  }
  if (!within_sight(floor, target)) {
    return "`" + target + "` is internal; floor " + std::string(floor) + " uses public headers";
  }
  return {};
}

}  // namespace

std::vector<SourceFile> read_sources(const std::filesystem::path& repository) {
  static constexpr std::array<std::string_view, 4> endings{".hpp", ".cpp", ".cu", ".cuh"};
  std::vector<SourceFile> files;
  for (const char* folder : {"include", "src"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(repository / folder)) {
      const std::string ending = entry.path().extension().string();
      if (!entry.is_regular_file() || std::find(endings.begin(), endings.end(), ending) == endings.end())
        continue;
      std::ifstream stream(entry.path(), std::ios::binary);
      if (!stream) throw std::runtime_error("cannot read " + entry.path().string());
      files.push_back({.path = std::filesystem::relative(entry.path(), repository).generic_string(),
                       .text = std::string(std::istreambuf_iterator<char>(stream), {})});
    }
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

std::vector<Violation> include_violations(const SourceFile& file) {
  std::vector<Violation> violations;
  std::istringstream stream(file.text);
  std::string line;
  const bool on_a_floor = !is_public(file.path) && !floor_of(file.path).empty();
  for (int number = 1; std::getline(stream, line); ++number) {
    const std::optional<Include> include = parse_include(line);
    if (!include) continue;
    std::string message;
    if (is_public(file.path)) message = check_public(*include);
    if (on_a_floor) message = check_floor(file.path, *include);
    if (!message.empty()) violations.push_back({.path = file.path, .line = number, .message = message});
  }
  return violations;
}

std::vector<Violation> length_violations(const SourceFile& file) {
  const auto lines = std::count(file.text.begin(), file.text.end(), '\n');
  if (lines <= most_lines) return {};
  return {{.path = file.path,
           .line = 0,
           .message = std::to_string(lines) + " lines; at most " + std::to_string(most_lines)}};
}

}  // namespace ramet::house
