// Training parameters: one typed struct, and the table that declares each once (type, default, range, help).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ramet {

// Defaults are XGBoost's where it has the parameter. `docs/parameters.md` says what each does.
struct TrainParams {
  std::string objective = "reg:squarederror";
  int num_class = 0;                  // 0 = found from the labels
  std::vector<std::string> metric{};  // empty = the objective's own
  int num_round = 100;
  double eta = 0.3;
  std::string grow_policy = "depthwise";  // depthwise, lossguide, symmetric
  int max_depth = 6;                      // 0 = unlimited
  int max_leaves = 0;                     // 0 = unlimited (lossguide: 31 if max_depth is 0 too)
  double min_child_weight = 1.0;
  int min_data_in_leaf = 1;
  double min_split_gain = 0.0;
  double lambda = 1.0;
  double alpha = 0.0;
  double max_delta_step = 0.0;
  double subsample = 1.0;
  double colsample_bytree = 1.0;
  double colsample_bylevel = 1.0;
  double colsample_bynode = 1.0;
  int gradient_bits = 16;              // 8, 16, 32
  std::optional<double> base_score{};  // empty = estimated; on the scale of predictions, as in XGBoost
  int early_stopping_rounds = 0;       // 0 = off; needs a validation set
  std::uint64_t seed = 0;
  int threads = 0;  // 0 = all cores
  std::string device = "cpu";
  // Categorical controls.
  int max_cat_to_onehot = 4;       // up to this many categories: one against the rest
  int max_cat_threshold = 32;      // most categories on the smaller side of a many-against-many split
  double cat_smooth = 10.0;        // added to the hessian when categories are ordered by gradient
  double cat_lambda = 1.0;         // added to lambda in many-against-many splits
  int min_data_per_category = 50;  // rarer categories (in the node) stay on the missing side
  // These belong to the Dataset. Set here they are compared with it, and refused if they differ.
  std::optional<int> max_bin{};
  std::optional<std::int64_t> bin_sample{};
};

enum class ParamType { integer, real, text, text_list };

// One row of the parameter table.
struct ParamInfo {
  std::string_view name;
  std::span<const std::string_view> aliases;  // LightGBM's and scikit-learn's names
  ParamType type;
  std::string default_value;  // as text, as printed in the documentation
  std::string range;          // e.g. "> 0", "2 to 65535", "depthwise, lossguide, symmetric"
  std::string help;           // one sentence
  std::string group;          // heading in the documentation: "Learning task", "Tree growth", ...
};

// All parameters in documentation order. Thread-safe.
std::span<const ParamInfo> parameters();

// Sets the parameter with this name or alias (dashes count as underscores) from text.
// Throws Error{invalid_parameter}: unknown names suggest the nearest, values name the allowed range.
void set_parameter(TrainParams& params, std::string_view name, std::string_view value);

// The value as text that set_parameter reads back to the same value; "" for an empty optional.
std::string get_parameter(const TrainParams& params, std::string_view name);

// Checks every value and combination; throws Error{invalid_parameter} at the first that is wrong.
void validate(const TrainParams& params);

}  // namespace ramet
