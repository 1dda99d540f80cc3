// What `ramet inspect` tells of a model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ramet/model.hpp"

namespace ramet::cli {

struct FeatureUse {
  std::string name;
  std::string type;  // "numeric", "boolean", "categorical"
  std::size_t categories = 0;
  double gain = 0;  // sum over the splits on the feature
  std::int64_t splits = 0;
};

struct ModelSummary {
  std::string file;
  std::uintmax_t file_bytes = 0;
  std::string objective;
  std::string target;
  std::vector<std::string> classes;
  int outputs = 0;
  int rounds = 0;
  int best_round = 0;
  int trees = 0;
  std::int64_t leaves = 0;
  std::int64_t most_leaves = 0;      // of a tree
  int deepest = 0;                   // edges from a root to a leaf
  std::vector<FeatureUse> features;  // highest gain first, then in the order of the schema
  std::vector<std::pair<std::string, std::string>> parameters;
};

ModelSummary summarise(const std::filesystem::path& file, const Model& model);

nlohmann::ordered_json summary_json(const ModelSummary& summary);
std::string summary_text(const ModelSummary& summary);

}  // namespace ramet::cli
