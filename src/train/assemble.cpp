#include "train/assemble.hpp"

#include "base/error.hpp"

namespace ramet::training {
namespace {

void append_leaf(model::Tree& tree) {
  tree.left.push_back(model::no_child);
  tree.right.push_back(model::no_child);
  tree.feature.push_back(-1);
  tree.cut.push_back(0);
  tree.missing_left.push_back(0);
  tree.category_set.push_back(-1);
}

void append_split(model::Tree& tree, const backend::FinishedTree::Node& node, const data::Bins& bins) {
  const backend::SplitRule& rule = node.rule;
  const data::FeatureBins& feature = bins.features.at(static_cast<std::size_t>(rule.feature));
  tree.left.push_back(node.left);
  tree.right.push_back(node.right);
  tree.feature.push_back(rule.feature);
  tree.missing_left.push_back(rule.missing_left ? 1 : 0);
  if (!rule.categorical) {
    tree.cut.push_back(feature.upper_bound(rule.bin));
    tree.category_set.push_back(-1);
    return;
  }
  tree.cut.push_back(0);
  tree.category_set.push_back(static_cast<std::int32_t>(tree.category_words.size()));
  const std::size_t words = (static_cast<std::size_t>(feature.categories) + 31) / 32;
  check_internal(rule.left_categories.size() <= words, "a split names categories that do not exist");
  tree.category_words.insert(tree.category_words.end(), rule.left_categories.begin(),
                             rule.left_categories.end());
  tree.category_words.resize(static_cast<std::size_t>(tree.category_set.back()) + words);
}

}  // namespace

model::Tree make_tree(const backend::FinishedTree& finished, const backend::TreeValues& values,
                      const std::vector<double>& gains, std::int32_t output, const data::Bins& bins) {
  const std::size_t nodes = finished.nodes.size();
  check_internal(values.leaf_value.size() == nodes && values.cover.size() == nodes &&
                     values.rows.size() == nodes && gains.size() == nodes,
                 "a tree of {} nodes with {} values", nodes, values.leaf_value.size());
  model::Tree tree;
  tree.output = output;
  tree.shift = values.shift;
  for (std::vector<std::int32_t>* ints : {&tree.left, &tree.right, &tree.feature, &tree.category_set})
    ints->reserve(nodes);
  tree.cut.reserve(nodes);
  tree.missing_left.reserve(nodes);
  for (const backend::FinishedTree::Node& node : finished.nodes) {
    if (node.left < 0) {
      append_leaf(tree);
    } else {
      append_split(tree, node, bins);
    }
  }
  tree.leaf_value = values.leaf_value;
  tree.cover = values.cover;
  tree.rows = values.rows;
  tree.gain = gains;
  return tree;
}

}  // namespace ramet::training
