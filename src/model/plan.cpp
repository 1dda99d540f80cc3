#include "model/plan.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/tasks.hpp"
#include "model/check.hpp"
#include "model/labels.hpp"

namespace ramet::model {
namespace {

void collect_cuts(const Ensemble& ensemble, std::vector<PlanColumn>& columns,
                  const std::vector<std::int32_t>& column_of_feature) {
  for (const Tree& tree : ensemble.trees) {
    for (std::size_t i = 0; i < tree.left.size(); ++i) {
      if (tree.left[i] == no_child || tree.category_set[i] != no_set) continue;
      const auto feature = static_cast<std::size_t>(tree.feature[i]);
      columns[static_cast<std::size_t>(column_of_feature[feature])].cuts.push_back(tree.cut[i]);
    }
  }
  for (PlanColumn& column : columns) {
    std::sort(column.cuts.begin(), column.cuts.end());
    column.cuts.erase(std::unique(column.cuts.begin(), column.cuts.end()), column.cuts.end());
    column.lookup = data::BinLookup(column.cuts);
  }
}

void index_labels(const std::vector<std::string>& categories, PlanColumn& column) {
  column.categories = static_cast<std::uint32_t>(categories.size());
  for (std::uint32_t c = 0; c < column.categories; ++c) {
    const std::string& label = categories[c];
    column.code_of_label.emplace(label, c + 1);
    if (const auto number = number_of_label(label)) column.code_of_number.emplace(*number, c + 1);
    if (const auto integer = integer_of_label(label)) column.code_of_integer.emplace(*integer, c + 1);
  }
}

void make_columns(const Ensemble& ensemble, Plan& plan) {
  const auto& features = ensemble.schema.features;
  std::vector<bool> used(features.size());
  for (const Tree& tree : ensemble.trees) {
    for (const std::int32_t feature : tree.feature) {
      if (feature >= 0) used[static_cast<std::size_t>(feature)] = true;
    }
  }
  plan.column_of_feature.assign(features.size(), -1);
  for (std::size_t f = 0; f < features.size(); ++f) {
    if (!used[f]) continue;
    plan.column_of_feature[f] = static_cast<std::int32_t>(plan.columns.size());
    PlanColumn& column = plan.columns.emplace_back();
    column.feature = static_cast<std::int32_t>(f);
    column.type = features[f].type;
    if (column.type == ColumnType::categorical) index_labels(features[f].categories, column);
  }
  collect_cuts(ensemble, plan.columns, plan.column_of_feature);
}

// The highest code that any column needs.
std::size_t highest_code(const Plan& plan) {
  std::size_t highest = 0;
  for (const PlanColumn& c : plan.columns)
    highest = std::max({highest, c.cuts.size() + 1, std::size_t{c.categories}});
  return highest;
}

// The codes [first, last] of a split's left or right side, if they are consecutive and not none.
struct Interval {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

// One tree's nodes appended to a plan.
template <class Node>
class TreeBuilder {
 public:
  using Code = typename Node::Code;

  TreeBuilder(const Tree& tree, Plan& plan, std::vector<Node>& nodes)
      : tree_(tree), plan_(plan), nodes_(nodes), first_(nodes.size()) {}

  void build() {
    PlanTree made{.first_node = first_, .output = tree_.output, .shift = tree_.shift};
    const std::vector<std::int32_t> leaf_numbers = number_leaves();
    source_ = {0};
    std::vector<std::int32_t> depth = {0};
    made.shallowest_leaf = std::numeric_limits<std::int32_t>::max();
    for (std::size_t at = 0; at < source_.size(); ++at) {
      const auto i = static_cast<std::size_t>(source_[at]);
      const bool leaf = tree_.left[i] == no_child;
      plan_.leaf_value.push_back(tree_.leaf_value[i]);
      plan_.leaf_number.push_back(leaf_numbers[i]);
      sets_.push_back(no_set);
      if (leaf) {
        made.shallowest_leaf = std::min(made.shallowest_leaf, depth[at]);
        nodes_.push_back(leaf_node(at));
      } else {
        nodes_.push_back(split_node(i));
        source_.insert(source_.end(), {tree_.left[i], tree_.right[i]});
        depth.insert(depth.end(), 2, depth[at] + 1);
      }
    }
    made.has_sets = std::any_of(sets_.begin(), sets_.end(), [](std::int32_t set) { return set != no_set; });
    plan_.trees.push_back(made);
    plan_.node_set.insert(plan_.node_set.end(), sets_.begin(), sets_.end());
  }

 private:
  std::vector<std::int32_t> number_leaves() const {
    std::vector<std::int32_t> numbers(tree_.left.size(), -1);
    std::int32_t leaves = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (tree_.left[i] == no_child) numbers[i] = leaves++;
    }
    return numbers;
  }

  static Node leaf_node(std::size_t at) {
    return {.left = static_cast<std::uint32_t>(at),
            .column = 0,
            .bias = 0,
            .threshold = std::numeric_limits<Code>::max()};
  }

  Node split_node(std::size_t i) {
    const auto column =
        static_cast<std::size_t>(plan_.column_of_feature[static_cast<std::size_t>(tree_.feature[i])]);
    // Its children are the next two to be queued.
    Node node{.left = static_cast<std::uint32_t>(source_.size()),
              .column = static_cast<decltype(Node::column)>(column),
              .bias = 0,
              .threshold = 0};
    if (tree_.category_set[i] == no_set) {
      const auto& cuts = plan_.columns[column].cuts;
      const auto rank = std::lower_bound(cuts.begin(), cuts.end(), tree_.cut[i]) - cuts.begin();
      // Codes up to rank + 1 are values up to this cut.
      const bool missing_left = tree_.missing_left[i] != 0;
      node.bias = missing_left ? 0 : 1;
      node.threshold = static_cast<Code>(missing_left ? rank + 1 : rank);
    } else {
      categorical_split(i, plan_.columns[column].categories, node);
    }
    return node;
  }

  bool code_goes_left(std::size_t i, std::uint32_t code) const {
    if (code == 0) return tree_.missing_left[i] != 0;
    const std::uint32_t category = code - 1;
    const std::size_t word = static_cast<std::size_t>(tree_.category_set[i]) + category / 32;
    return (tree_.category_words[word] >> (category % 32) & 1) != 0;
  }

  // Sides with no code at all have no interval; then the other side is one.
  std::optional<Interval> interval(std::size_t i, std::uint32_t categories, bool left) const {
    std::optional<Interval> found;
    for (std::uint32_t code = 0; code <= categories; ++code) {
      if (code_goes_left(i, code) != left) continue;
      if (found && found->last + 1 != code) return std::nullopt;
      found = Interval{.first = found ? found->first : code, .last = code};
    }
    return found;
  }

  void categorical_split(std::size_t i, std::uint32_t categories, Node& node) {
    if (const auto left = interval(i, categories, true)) {
      node.bias = static_cast<Code>(left->first);
      node.threshold = static_cast<Code>(left->last - left->first);
    } else if (const auto right = interval(i, categories, false)) {
      // The rest of the ring of all codes: it begins after `last` and has max - (last - first) members.
      node.bias = static_cast<Code>(right->last + 1);
      node.threshold = static_cast<Code>(std::numeric_limits<Code>::max() - (right->last - right->first) - 1);
    } else {
      add_set(i, categories);
    }
  }

  void add_set(std::size_t i, std::uint32_t categories) {
    const std::size_t first = plan_.set_words.size();
    if (first > std::numeric_limits<std::int32_t>::max()) {
      fail(ErrorCode::unsupported, "the model's category sets take more than 2^31 words");
    }
    sets_.back() = static_cast<std::int32_t>(first);
    plan_.set_words.resize(first + categories / 32 + 1);
    for (std::uint32_t code = 0; code <= categories; ++code) {
      if (code_goes_left(i, code)) plan_.set_words[first + code / 32] |= 1u << (code % 32);
    }
  }

  const Tree& tree_;
  Plan& plan_;
  std::vector<Node>& nodes_;
  std::size_t first_;
  std::vector<std::int32_t> source_;  // node of the plan -> node of the tree
  std::vector<std::int32_t> sets_;
};

template <class Node>
void make_nodes(const Ensemble& ensemble, Plan& plan) {
  std::vector<Node> nodes;
  std::size_t count = 0;
  for (const Tree& tree : ensemble.trees) count += tree.left.size();
  nodes.reserve(count);
  for (const Tree& tree : ensemble.trees) TreeBuilder<Node>(tree, plan, nodes).build();
  if (plan.set_words.empty()) plan.node_set = {};
  plan.nodes = std::move(nodes);
}

}  // namespace

Plan make_plan(const Ensemble& ensemble) {
  check_all(ensemble);
  const FloatMode mode;
  Plan plan;
  make_columns(ensemble, plan);
  plan.reach.resize(ensemble.outputs.size());
  for (const Tree& tree : ensemble.trees)
    plan.reach[static_cast<std::size_t>(tree.output)] += largest_leaf(tree);
  const std::size_t highest = highest_code(plan);
  // One code stays unused: the ring of codes outside a set is then never empty.
  if (highest < std::numeric_limits<std::uint8_t>::max() &&
      plan.columns.size() <= std::numeric_limits<std::uint16_t>::max()) {
    make_nodes<NarrowNode>(ensemble, plan);
  } else if (highest < std::numeric_limits<std::uint16_t>::max()) {
    make_nodes<MediumNode>(ensemble, plan);
  } else {
    make_nodes<WideNode>(ensemble, plan);
  }
  plan.slices = make_slices(plan);
  return plan;
}

}  // namespace ramet::model
