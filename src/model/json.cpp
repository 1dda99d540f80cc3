#include "model/json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/tasks.hpp"
#include "math/score.hpp"
#include "model/section_table.hpp"

namespace ramet::model {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json number(double value) {
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

const char* type_name(ColumnType type) {
  switch (type) {
    case ColumnType::numeric:
      return "numeric";
    case ColumnType::boolean:
      return "boolean";
    case ColumnType::categorical:
      return "categorical";
  }
  return "";
}

Json head(const Ensemble& ensemble) {
  Json outputs = Json::array();
  for (const OutputScale& scale : ensemble.outputs) {
    outputs.push_back({{"unit_exponent", scale.unit_exponent},
                       {"base", scale.base},
                       {"base_margin", number(math::to_margin(scale.base, scale.unit_exponent))}});
  }
  Json parameters = Json::object();
  for (const auto& [name, value] : ensemble.parameters) parameters[name] = value;
  Json features = Json::array();
  for (const FeatureInfo& feature : ensemble.schema.features) {
    Json entry = {{"name", feature.name}, {"type", type_name(feature.type)}};
    if (feature.type == ColumnType::categorical) entry["categories"] = feature.categories;
    features.push_back(std::move(entry));
  }
  return {
      {"format_version", file_format_version},
      {"contract_version", ensemble.contract_version},
      {"library_version", ensemble.library_version},
      {"objective", ensemble.objective},
      {"outputs", std::move(outputs)},
      {"trees_per_round", ensemble.trees_per_round},
      {"rounds", ensemble.rounds()},
      {"best_round", ensemble.best_round},
      {"parameters", std::move(parameters)},
      {"data",
       {{"rows", ensemble.data_rows}, {"fingerprint", fmt::format("{:016x}", ensemble.data_fingerprint)}}},
      {"schema",
       {{"target", ensemble.schema.target},
        {"classes", ensemble.schema.classes},
        {"features", std::move(features)}}}};
}

Json split_node(const Tree& tree, std::size_t i, const Schema& schema) {
  const FeatureInfo& feature = schema.features[static_cast<std::size_t>(tree.feature[i])];
  Json node = {{"feature", tree.feature[i]}, {"name", feature.name}};
  if (feature.type == ColumnType::categorical) {
    Json codes = Json::array();
    const std::uint32_t* words = tree.category_words.data() + tree.category_set[i];
    for (std::size_t c = 0; c < feature.categories.size(); ++c) {
      if ((words[c / 32] >> (c % 32) & 1) != 0) codes.push_back(c);
    }
    node["left_categories"] = std::move(codes);
  } else {
    node["cut"] = number(tree.cut[i]);
  }
  node["missing"] = tree.missing_left[i] != 0 ? "left" : "right";
  node["left"] = tree.left[i];
  node["right"] = tree.right[i];
  node["gain"] = tree.gain[i];
  return node;
}

Json tree_json(const Tree& tree, const Ensemble& ensemble) {
  const int unit_exponent = ensemble.outputs[static_cast<std::size_t>(tree.output)].unit_exponent;
  Json nodes = Json::array();
  for (std::size_t i = 0; i < tree.left.size(); ++i) {
    Json node;
    if (tree.left[i] == no_child) {
      const std::int64_t units = std::int64_t{tree.leaf_value[i]} << tree.shift;
      node = {{"leaf_value", tree.leaf_value[i]}, {"margin", number(math::to_margin(units, unit_exponent))}};
    } else {
      node = split_node(tree, i, ensemble.schema);
    }
    node["cover"] = tree.cover[i];
    node["rows"] = tree.rows[i];
    nodes.push_back(std::move(node));
  }
  return {{"output", tree.output}, {"shift", tree.shift}, {"nodes", std::move(nodes)}};
}

}  // namespace

std::string to_json(const Ensemble& ensemble) {
  const FloatMode mode;
  std::string text = dump(head(ensemble));
  text.pop_back();
  text += ",\"trees\":[";
  // Tree by tree: the whole as one object would take many times the memory of the text.
  for (const Tree& tree : ensemble.trees) {
    if (&tree != ensemble.trees.data()) text += ',';
    text += dump(tree_json(tree, ensemble));
  }
  text += "]}\n";
  return text;
}

}  // namespace ramet::model
