#include "model_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace ramet::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t shown_classes = 10;
constexpr std::size_t shown_features = 20;

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

std::vector<FeatureUse> unused_features(const Schema& schema) {
  std::vector<FeatureUse> features;
  for (const FeatureInfo& info : schema.features) {
    features.push_back(
        {.name = info.name, .type = type_name(info.type), .categories = info.categories.size()});
  }
  return features;
}

// `nodes` of Model::to_json: children come after their parents.
void add_tree(const Json& nodes, ModelSummary& summary) {
  std::vector<int> depth(nodes.size(), 0);
  std::int64_t leaves = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Json& node = nodes[i];
    if (!node.contains("left")) {
      ++leaves;
      summary.deepest = std::max(summary.deepest, depth[i]);
      continue;
    }
    for (const char* side : {"left", "right"}) depth.at(node.at(side).get<std::size_t>()) = depth[i] + 1;
    FeatureUse& feature = summary.features.at(node.at("feature").get<std::size_t>());
    feature.gain += node.at("gain").get<double>();
    ++feature.splits;
  }
  summary.leaves += leaves;
  summary.most_leaves = std::max(summary.most_leaves, leaves);
}

// Tree by tree, each forgotten once it is counted: all together would take many times the memory of the text.
void add_trees(const std::string& model_json, ModelSummary& summary) {
  const auto take_tree = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event != Json::parse_event_t::object_end || !parsed.contains("nodes")) return true;
    add_tree(parsed.at("nodes"), summary);
    return false;
  };
  const Json rest = Json::parse(model_json, take_tree);
}

// "1,234,567", of a number >= 0
std::string grouped(std::int64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string class_text(const std::vector<std::string>& classes) {
  std::string text = std::to_string(classes.size());
  for (std::size_t k = 0; k < std::min(classes.size(), shown_classes); ++k) {
    text += fmt::format("{}{}", k == 0 ? ": " : ", ", classes[k]);
  }
  return text + (classes.size() > shown_classes ? ", ..." : "");
}

std::string feature_text(const ModelSummary& summary) {
  double total = 0;
  std::size_t width = 0;
  const std::size_t shown = std::min(shown_features, summary.features.size());
  for (const FeatureUse& feature : summary.features) total += feature.gain;
  for (std::size_t i = 0; i < shown; ++i) width = std::max(width, summary.features[i].name.size());
  std::string text =
      fmt::format("\n{:<{}}  share of gain   splits  type\n", "feature", std::max<std::size_t>(width, 7));
  for (std::size_t i = 0; i < shown; ++i) {
    const FeatureUse& feature = summary.features[i];
    text += fmt::format("{:<{}}  {:>11.2f} %  {:>7}  {}{}\n", feature.name, std::max<std::size_t>(width, 7),
                        total > 0 ? 100 * feature.gain / total : 0.0, feature.splits, feature.type,
                        feature.categories > 0 ? fmt::format(" ({} categories)", feature.categories) : "");
  }
  if (summary.features.size() > shown)
    text += fmt::format("... and {} more\n", summary.features.size() - shown);
  return text;
}

}  // namespace

ModelSummary summarise(const std::filesystem::path& file, const Model& model) {
  std::error_code unknown_size;
  ModelSummary summary;
  summary.file = file.string();
  summary.file_bytes = std::filesystem::file_size(file, unknown_size);
  if (unknown_size) summary.file_bytes = 0;
  summary.objective = model.objective();
  summary.target = model.schema().target;
  summary.classes = model.schema().classes;
  summary.outputs = model.outputs();
  summary.rounds = model.rounds();
  summary.best_round = model.best_round();
  summary.trees = model.trees();
  summary.features = unused_features(model.schema());
  summary.parameters = {model.parameters().begin(), model.parameters().end()};
  add_trees(model.to_json(), summary);
  std::stable_sort(summary.features.begin(), summary.features.end(),
                   [](const FeatureUse& a, const FeatureUse& b) { return a.gain > b.gain; });
  return summary;
}

Json summary_json(const ModelSummary& summary) {
  Json features = Json::array();
  for (const FeatureUse& feature : summary.features) {
    features.push_back({{"name", feature.name},
                        {"type", feature.type},
                        {"categories", feature.categories},
                        {"gain", feature.gain},
                        {"splits", feature.splits}});
  }
  Json parameters = Json::object();
  for (const auto& [name, value] : summary.parameters) parameters[name] = value;
  return {{"file", summary.file},
          {"file_bytes", summary.file_bytes},
          {"objective", summary.objective},
          {"target", summary.target},
          {"classes", summary.classes},
          {"outputs", summary.outputs},
          {"rounds", summary.rounds},
          {"best_round", summary.best_round},
          {"trees", summary.trees},
          {"leaves", summary.leaves},
          {"most_leaves", summary.most_leaves},
          {"max_depth", summary.deepest},
          {"features", std::move(features)},
          {"parameters", std::move(parameters)}};
}

std::string summary_text(const ModelSummary& summary) {
  const auto line = [](const char* name, const std::string& value) {
    return fmt::format("{:<11}{}\n", name, value);
  };
  std::string text = line("file", fmt::format("{}, {} bytes", summary.file,
                                              grouped(static_cast<std::int64_t>(summary.file_bytes))));
  text += line("objective", summary.objective);
  if (!summary.target.empty()) text += line("target", summary.target);
  if (!summary.classes.empty()) text += line("classes", class_text(summary.classes));
  text += line("features", grouped(static_cast<std::int64_t>(summary.features.size())));
  text += line("rounds",
               summary.best_round == summary.rounds
                   ? grouped(summary.rounds)
                   : fmt::format("{}, of which {} are used", grouped(summary.rounds), summary.best_round));
  text += line("trees", fmt::format("{}, at most {} deep", grouped(summary.trees), summary.deepest));
  text += line("leaves", fmt::format("{}, at most {} in a tree", grouped(summary.leaves),
                                     grouped(summary.most_leaves)));
  text += feature_text(summary);
  if (!summary.parameters.empty()) text += "\nparameters\n";
  for (const auto& [name, value] : summary.parameters) {
    if (!value.empty()) text += fmt::format("  {} = {}\n", name, value);
  }
  return text;
}

}  // namespace ramet::cli
