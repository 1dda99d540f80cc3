#include "target.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "names.hpp"
#include "ramet/error.hpp"

namespace ramet::cli {
namespace {

// The type of the target, found by reading it as if it were a feature.
FeatureInfo target_info(const std::filesystem::path& file, io::TableOptions options) {
  const std::string target = options.target;
  options.target.clear();
  options.threads = 0;
  const io::Table table = io::Table::open(file, options);
  std::vector<std::string> names;
  for (const FeatureInfo& feature : table.features()) {
    if (feature.name == target) return feature;
    names.push_back(feature.name);
  }
  throw Error(ErrorCode::invalid_data,
              fmt::format("{}: no column `{}` (--target){}", file.string(), target, suggestion(target, names)));
}

}  // namespace

bool learns_classes(const std::string& objective) {
  return objective.starts_with("binary:") || objective.starts_with("multi:");
}

ObjectiveChoice choose_objective(const std::filesystem::path& file, const io::TableOptions& options) {
  const FeatureInfo target = target_info(file, options);
  switch (target.type) {
    case ColumnType::numeric:
      return {"reg:squarederror", fmt::format("`{}` is numeric", target.name)};
    case ColumnType::boolean:
      return {"binary:logistic", fmt::format("`{}` is boolean", target.name)};
    case ColumnType::categorical:
      break;
  }
  return {target.categories.size() <= 2 ? "binary:logistic" : "multi:softprob",
          fmt::format("`{}` is text with {} values", target.name, target.categories.size())};
}

}  // namespace ramet::cli
