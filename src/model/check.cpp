#include "model/check.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/error.hpp"
#include "math/score.hpp"

namespace ramet::model {
namespace {

constexpr std::size_t longest_string = std::size_t{1} << 24;

template <class... Args>
void require(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) fail(ErrorCode::bad_model, format, std::forward<Args>(args)...);
}

void check_unique(const std::vector<std::string>& names, std::string_view what) {
  std::unordered_set<std::string_view> seen;
  for (const std::string& name : names) {
    require(name.size() <= longest_string, "{}: a name of {} bytes (at most {})", what, name.size(),
            longest_string);
    require(seen.insert(name).second, "{}: `{}` occurs twice", what, name);
  }
}

void check_schema(const Schema& schema) {
  require(schema.features.size() <= std::numeric_limits<std::int32_t>::max(), "{} features",
          schema.features.size());
  std::unordered_set<std::string_view> names;
  for (const FeatureInfo& feature : schema.features) {
    require(feature.name.size() <= longest_string, "a feature name of {} bytes (at most {})",
            feature.name.size(), longest_string);
    require(names.insert(feature.name).second, "feature `{}` occurs twice", feature.name);
    require(feature.type == ColumnType::categorical || feature.categories.empty(),
            "feature `{}` is not categorical but has categories", feature.name);
    check_unique(feature.categories, feature.name);
  }
  check_unique(schema.classes, "classes");
}

void check_sizes(const Tree& tree) {
  const std::size_t n = tree.left.size();
  require(n >= 1 && n <= std::numeric_limits<std::int32_t>::max(), "{} nodes", n);
  for (const std::size_t size : {tree.right.size(), tree.feature.size(), tree.cut.size(),
                                 tree.missing_left.size(), tree.category_set.size(), tree.leaf_value.size(),
                                 tree.gain.size(), tree.cover.size(), tree.rows.size()}) {
    require(size == n, "{} nodes, but an array of {} entries", n, size);
  }
}

std::size_t set_words(const FeatureInfo& feature) { return (feature.categories.size() + 31) / 32; }

void check_split(const Tree& tree, std::size_t i, const Schema& schema) {
  const std::int32_t feature = tree.feature[i];
  require(feature >= 0 && static_cast<std::size_t>(feature) < schema.features.size(),
          "node {}: feature {} of {}", i, feature, schema.features.size());
  const FeatureInfo& info = schema.features[static_cast<std::size_t>(feature)];
  const std::int32_t set = tree.category_set[i];
  if (info.type == ColumnType::categorical) {
    const std::size_t words = set_words(info);
    require(set >= 0 && static_cast<std::size_t>(set) + words <= tree.category_words.size(),
            "node {}: category set at {} exceeds {} words", i, set, tree.category_words.size());
    const std::size_t last_bits = info.categories.size() % 32;
    require(
        last_bits == 0 || tree.category_words[static_cast<std::size_t>(set) + words - 1] >> last_bits == 0,
        "node {}: category set names categories that `{}` does not have", i, info.name);
    require(tree.cut[i] == 0, "node {}: cut {} of a categorical split", i, tree.cut[i]);
  } else {
    require(set == -1, "node {}: category set of the numeric feature `{}`", i, info.name);
    require(!std::isnan(tree.cut[i]), "node {}: cut is NaN", i);
  }
  require(tree.missing_left[i] <= 1, "node {}: missing_left = {}", i, tree.missing_left[i]);
  require(tree.leaf_value[i] == 0, "node {}: a split with leaf value {}", i, tree.leaf_value[i]);
}

void check_leaf(const Tree& tree, std::size_t i) {
  require(tree.right[i] == no_child && tree.feature[i] == -1 && tree.cut[i] == 0 &&
              tree.missing_left[i] == 0 && tree.category_set[i] == -1 && tree.gain[i] == 0,
          "node {}: a leaf with the fields of a split", i);
}

void check_children(const Tree& tree, std::size_t i, std::vector<bool>& reached) {
  for (const std::int32_t child : {tree.left[i], tree.right[i]}) {
    require(child > static_cast<std::int64_t>(i) && child < tree.nodes(),
            "node {}: child {} must be between {} and {}", i, child, i + 1, tree.nodes() - 1);
    require(!reached[static_cast<std::size_t>(child)], "node {} is the child of two nodes", child);
    reached[static_cast<std::size_t>(child)] = true;
  }
}

void check_margins(const Ensemble& ensemble) {
  std::vector<std::int64_t> reach;
  for (std::size_t k = 0; k < ensemble.outputs.size(); ++k) {
    const OutputScale& scale = ensemble.outputs[k];
    require(std::abs(std::int64_t{scale.unit_exponent}) <= max_unit_exponent,
            "output {}: unit exponent {} (allowed: -{} to {})", k, scale.unit_exponent, max_unit_exponent,
            max_unit_exponent);
    require(scale.base > -math::max_margin_units && scale.base < math::max_margin_units,
            "output {}: base {} is out of range", k, scale.base);
    reach.push_back(std::abs(scale.base));
  }
  for (std::size_t t = 0; t < ensemble.trees.size(); ++t) {
    std::int64_t& sum = reach[static_cast<std::size_t>(ensemble.trees[t].output)];
    sum += largest_leaf(ensemble.trees[t]);
    require(sum < math::max_margin_units, "tree {}: margins of output {} can exceed 2^62 units", t,
            ensemble.trees[t].output);
  }
}

}  // namespace

std::int64_t largest_leaf(const Tree& tree) {
  std::int64_t largest = 0;
  for (const std::int32_t value : tree.leaf_value) largest = std::max(largest, std::abs(std::int64_t{value}));
  return largest >= (math::max_margin_units >> tree.shift) ? math::max_margin_units : largest << tree.shift;
}

void check_tree(const Tree& tree, const Ensemble& ensemble) {
  check_sizes(tree);
  require(tree.output >= 0 && static_cast<std::size_t>(tree.output) < ensemble.outputs.size(),
          "output {} of {}", tree.output, ensemble.outputs.size());
  require(tree.shift >= 0 && tree.shift <= max_shift, "shift {} (allowed: 0 to {})", tree.shift, max_shift);
  std::vector<bool> reached(tree.left.size());
  std::size_t words = 0;
  for (std::size_t i = 0; i < tree.left.size(); ++i) {
    // Children come after parents, so by now all possible parents of this node have been seen.
    require(i == 0 || reached[i], "node {} is not the child of any node", i);
    require(std::isfinite(tree.gain[i]) && std::isfinite(tree.cover[i]), "node {}: gain {} and cover {}", i,
            tree.gain[i], tree.cover[i]);
    require(tree.rows[i] >= 0, "node {}: {} rows", i, tree.rows[i]);
    if (tree.left[i] == no_child) {
      check_leaf(tree, i);
    } else {
      check_children(tree, i, reached);
      check_split(tree, i, ensemble.schema);
      if (tree.category_set[i] >= 0) {
        words += set_words(ensemble.schema.features[static_cast<std::size_t>(tree.feature[i])]);
      }
    }
  }
  // What prediction lays out for each split is then no larger than the file.
  require(words <= tree.category_words.size(), "category sets of {} words share {} words", words,
          tree.category_words.size());
}

void check_ensemble(const Ensemble& ensemble) {
  check_schema(ensemble.schema);
  require(!ensemble.objective.empty(), "no objective");
  for (const std::string* s : {&ensemble.objective, &ensemble.schema.target, &ensemble.library_version}) {
    require(s->size() <= longest_string, "a name of {} bytes (at most {})", s->size(), longest_string);
  }
  std::vector<std::string> parameters;
  for (const auto& [name, value] : ensemble.parameters) {
    parameters.push_back(name);
    require(value.size() <= longest_string, "parameter `{}`: a value of {} bytes (at most {})", name,
            value.size(), longest_string);
  }
  check_unique(parameters, "parameters");
  require(!ensemble.outputs.empty(), "no outputs");
  require(ensemble.outputs.size() <= std::numeric_limits<std::int32_t>::max(), "{} outputs",
          ensemble.outputs.size());
  require(ensemble.trees.size() <= std::numeric_limits<std::int32_t>::max(), "{} trees",
          ensemble.trees.size());
  require(ensemble.trees_per_round >= 1, "trees_per_round = {}", ensemble.trees_per_round);
  require(ensemble.trees.size() % static_cast<std::size_t>(ensemble.trees_per_round) == 0,
          "{} trees are no multiple of {} trees a round", ensemble.trees.size(), ensemble.trees_per_round);
  require(ensemble.trees.empty() ||
              static_cast<std::size_t>(ensemble.trees_per_round) % ensemble.outputs.size() == 0,
          "{} trees a round for {} outputs", ensemble.trees_per_round, ensemble.outputs.size());
  const std::int32_t least_round = ensemble.rounds() > 0 ? 1 : 0;
  require(ensemble.best_round >= least_round && ensemble.best_round <= ensemble.rounds(),
          "best round {} (allowed: {} to {})", ensemble.best_round, least_round, ensemble.rounds());
  require(ensemble.data_rows >= 0, "data_rows = {}", ensemble.data_rows);
  check_margins(ensemble);
}

void check_all(const Ensemble& ensemble) {
  for (std::size_t t = 0; t < ensemble.trees.size(); ++t) {
    try {
      check_tree(ensemble.trees[t], ensemble);
    } catch (const Error& error) {
      fail(ErrorCode::bad_model, "tree {}: {}", t, error.what());
    }
  }
  check_ensemble(ensemble);
}

}  // namespace ramet::model
