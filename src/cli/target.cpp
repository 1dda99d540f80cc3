#include "target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "ramet/error.hpp"

namespace ramet::cli {
namespace {

// The target, typed as if it were a feature; nothing if the file cannot be read even so.
std::optional<FeatureInfo> target_info(const std::filesystem::path& file, const io::TableOptions& options) {
  io::TableOptions as_feature;
  as_feature.header = options.header;
  as_feature.delimiter = options.delimiter;
  as_feature.block_bytes = options.block_bytes;
  as_feature.threads = options.threads;
  try {
    const io::Table table = io::Table::open(file, as_feature);
    const auto features = table.features();
    const auto found = std::find_if(features.begin(), features.end(), [&](const FeatureInfo& feature) {
      return feature.name == options.target;
    });
    if (found != features.end()) return *found;
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the first error is the one to show
  }
  return std::nullopt;
}

std::string what_would_do(const FeatureInfo& target) {
  if (target.type == ColumnType::boolean || target.categories.size() == 2)
    return "--objective binary:logistic";
  return "--objective multi:softprob";
}

}  // namespace

bool learns_two_classes(const std::string& objective) {
  constexpr std::array<std::string_view, 8> names{"binary:logistic", "binary",   "logistic",
                                                  "logloss",         "log_loss", "binary_logloss",
                                                  "cross_entropy",   "xentropy"};
  return std::find(names.begin(), names.end(), objective) != names.end();
}

bool learns_classes(const std::string& objective) {
  constexpr std::array<std::string_view, 5> names{"multi:softprob", "multi:softmax", "multiclass", "softmax",
                                                  "softprob"};
  return learns_two_classes(objective) || std::find(names.begin(), names.end(), objective) != names.end();
}

io::Table open_training_table(const std::filesystem::path& file, const io::TableOptions& options,
                              const std::string& objective) {
  try {
    io::Table table = io::Table::open(file, options);
    if (learns_two_classes(objective) && table.classes().size() > 2) {
      throw Error(
          ErrorCode::invalid_data,
          fmt::format("{}: target `{}` has {} classes, but objective = {} learns two; use --objective "
                      "multi:softprob",
                      file.string(), options.target, table.classes().size(), objective));
    }
    return table;
  } catch (const Error& error) {
    if (options.target_is_class || error.code() != ErrorCode::invalid_data) throw;
    const std::optional<FeatureInfo> target = target_info(file, options);
    if (!target || target->type == ColumnType::numeric) throw;
    const std::string what = target->type == ColumnType::boolean
                                 ? "true and false"
                                 : fmt::format("text with {} different values", target->categories.size());
    throw Error(ErrorCode::invalid_data,
                fmt::format("{}: target `{}` holds {}, but objective = {} learns numbers; use {}",
                            file.string(), target->name, what, objective, what_would_do(*target)));
  }
}

}  // namespace ramet::cli
