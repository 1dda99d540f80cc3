#include "data/features.hpp"

#include <string_view>
#include <unordered_map>

#include "base/error.hpp"

namespace ramet::data {
namespace {

using Inputs = std::vector<FeatureInput>;

Reading reading_of(ColumnType source, ColumnType feature) {
  if (source == ColumnType::categorical) return Reading::codes;
  return feature == ColumnType::categorical ? Reading::labels : Reading::numbers;
}

// The source's columns as features of their own types.
Inputs own_features(const Source& source, const DatasetOptions& options) {
  const std::span<const SourceColumn> columns = source.columns();
  if (columns.empty()) fail(ErrorCode::invalid_data, "the data set has no columns: it needs at least one");
  if (!options.feature_names.empty() && options.feature_names.size() != columns.size()) {
    fail(ErrorCode::invalid_data, "feature_names has {} entries but the data has {} columns",
         options.feature_names.size(), columns.size());
  }
  Inputs features;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    std::string name = options.feature_names.empty() ? columns[c].name : options.feature_names[c];
    if (name.empty()) name = fmt::format("f{}", c);
    features.push_back(
        {.name = std::move(name), .type = columns[c].type, .column = static_cast<std::int32_t>(c)});
  }
  for (const int c : options.categorical) {
    if (c < 0 || static_cast<std::size_t>(c) >= columns.size()) {
      fail(ErrorCode::invalid_data, "categorical names column {}: it must be between 0 and {}", c,
           columns.size() - 1);
    }
    features[c].type = ColumnType::categorical;
  }
  for (std::size_t c = 0; c < columns.size(); ++c)
    features[c].reading = reading_of(columns[c].type, features[c].type);
  return features;
}

using Positions = std::unordered_map<std::string_view, std::size_t>;

Positions positions_of(const Inputs& features) {
  Positions positions;
  for (std::size_t f = 0; f < features.size(); ++f) {
    const auto [found, is_new] = positions.emplace(features[f].name, f);
    if (!is_new) {
      fail(ErrorCode::invalid_data, "columns {} and {} are both named `{}`: names must be unique",
           found->second, f, features[f].name);
    }
  }
  return positions;
}

// The column for a feature of the reference, read as that feature's type.
FeatureInput as_feature(const FeatureInput& own, const FeatureInfo& feature,
                        std::span<const SourceColumn> columns) {
  const ColumnType source = columns[own.column].type;
  if (source == ColumnType::categorical && feature.type != ColumnType::categorical)
    fail(ErrorCode::invalid_data, "column `{}` is categorical, but in the reference data set it is numeric",
         feature.name);
  return {.name = feature.name,
          .type = feature.type,
          .reading = reading_of(source, feature.type),
          .column = own.column};
}

void fail_unknown(const Inputs& own, const Schema& schema) {
  Positions known;
  for (std::size_t f = 0; f < schema.features.size(); ++f) known.emplace(schema.features[f].name, f);
  for (const FeatureInput& input : own) {
    if (known.contains(input.name)) continue;
    fail(ErrorCode::invalid_data, "column `{}` is not in the reference data set", input.name);
  }
}

Inputs matched_by_name(const Inputs& own, const Schema& schema, std::span<const SourceColumn> columns) {
  const Positions positions = positions_of(own);
  Inputs features;
  for (const FeatureInfo& feature : schema.features) {
    const auto found = positions.find(feature.name);
    if (found == positions.end())
      fail(ErrorCode::invalid_data, "column `{}` of the reference data set is missing", feature.name);
    features.push_back(as_feature(own[found->second], feature, columns));
  }
  fail_unknown(own, schema);
  return features;
}

Inputs matched_by_position(const Inputs& own, const Schema& schema, const DatasetOptions& options,
                           std::span<const SourceColumn> columns) {
  if (own.size() != schema.features.size()) {
    fail(ErrorCode::invalid_data, "the data has {} columns, but the reference data set has {}", own.size(),
         schema.features.size());
  }
  Inputs features;
  for (std::size_t f = 0; f < own.size(); ++f) {
    if (!options.feature_names.empty() && own[f].name != schema.features[f].name) {
      fail(ErrorCode::invalid_data, "column {} is named `{}`, but `{}` in the reference data set", f,
           own[f].name, schema.features[f].name);
    }
    features.push_back(as_feature(own[f], schema.features[f], columns));
  }
  return features;
}

}  // namespace

Inputs match_features(const Source& source, const DatasetOptions& options) {
  Inputs own = own_features(source, options);
  if (options.reference == nullptr) {
    positions_of(own);
    return own;
  }
  const Schema& schema = options.reference->schema();
  return source.named() ? matched_by_name(own, schema, source.columns())
                        : matched_by_position(own, schema, options, source.columns());
}

std::string describe(const Inputs& features, const DatasetOptions& options) {
  const BinParams bins = options.reference != nullptr ? options.reference->bin_params() : options.bins;
  std::string text = fmt::format("max_bin {}, bin_sample {}, seed {}, {} reference", bins.max_bin,
                                 bins.bin_sample, bins.seed, options.reference != nullptr ? "a" : "no");
  for (const FeatureInput& feature : features)
    text += fmt::format(", `{}` {}", feature.name,
                        feature.type == ColumnType::categorical ? "categorical"
                        : feature.type == ColumnType::boolean   ? "boolean"
                                                                : "numeric");
  return text;
}

}  // namespace ramet::data
