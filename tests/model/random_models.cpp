#include "model/random_models.hpp"

#include <algorithm>
#include <cmath>

namespace ramet::model::testing {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Draws that are the same with every standard library.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

 private:
  std::mt19937_64 engine_;
};

std::string category_name(int k, bool numeric) {
  return numeric ? std::to_string(7 * k - 3) : "category " + std::to_string(k);
}

Schema random_schema(const RandomOptions& options) {
  Schema schema;
  schema.target = "y";
  for (int f = 0; f < options.features; ++f) {
    FeatureInfo info{.name = "x" + std::to_string(f), .categories = {}};
    if (options.categorical && f % 2 == 1) {
      info.type = ColumnType::categorical;
      for (int k = 0; k < options.categories; ++k) {
        info.categories.push_back(category_name(k, options.numeric_labels));
      }
    } else if (f % 5 == 0) {
      info.type = ColumnType::boolean;
    }
    schema.features.push_back(std::move(info));
  }
  return schema;
}

// Cuts that floats hold and cuts that they do not, halves of neighbours among them, zero, infinity.
std::vector<double> random_cuts(Draws& draws, const FeatureInfo& info, int count) {
  if (info.type == ColumnType::boolean) return {0.5};
  std::vector<double> cuts = {infinity, 0.0, 0.1};
  while (static_cast<int>(cuts.size()) < count) {
    const double x = (draws.uniform() - 0.5) * 8;
    cuts.push_back(draws.one_in(2) ? x : static_cast<float>(x));
    if (draws.one_in(4)) cuts.push_back(std::nextafter(cuts.back(), infinity));
  }
  return cuts;
}

void add_node(Tree& tree, Draws& draws) {
  tree.left.push_back(no_child);
  tree.right.push_back(no_child);
  tree.feature.push_back(-1);
  tree.cut.push_back(0);
  tree.missing_left.push_back(0);
  tree.category_set.push_back(-1);
  const auto leaf =
      static_cast<std::int32_t>(static_cast<std::uint32_t>(draws.below(std::uint64_t{1} << 32)));
  tree.leaf_value.push_back(leaf);
  tree.gain.push_back(0);
  tree.cover.push_back(draws.uniform());
  tree.rows.push_back(static_cast<std::int64_t>(draws.below(1000)));
}

void split_on_categories(Tree& tree, Draws& draws, std::size_t categories) {
  const std::size_t first = tree.category_words.size();
  tree.category_set.back() = -1;
  tree.category_words.resize(first + (categories + 31) / 32);
  const std::uint64_t kind = draws.below(4);  // one alone, all but one, a run, any
  const std::size_t a = draws.below(categories);
  const std::size_t b = a + draws.below(categories - a);
  for (std::size_t k = 0; k < categories; ++k) {
    const bool in_run = k >= a && k <= b;
    const bool any = draws.one_in(2);
    const bool left = kind == 0 ? k == a : kind == 1 ? k != a : kind == 2 ? in_run : any;
    if (left) tree.category_words[first + k / 32] |= std::uint32_t{1} << (k % 32);
  }
}

Tree random_tree(Draws& draws, const Schema& schema, const std::vector<std::vector<double>>& cuts, int splits,
                 bool chain) {
  Tree tree;
  add_node(tree, draws);
  std::vector<std::size_t> leaves = {0};
  for (int s = 0; s < splits; ++s) {
    const std::size_t at = chain ? leaves.size() - 1 : draws.below(leaves.size());
    const std::size_t node = leaves[at];
    const std::size_t f = draws.below(schema.features.size());
    const FeatureInfo& info = schema.features[f];
    if (info.type == ColumnType::categorical && info.categories.empty()) continue;
    leaves.erase(leaves.begin() + static_cast<std::ptrdiff_t>(at));
    tree.left[node] = tree.nodes();
    tree.right[node] = tree.nodes() + 1;
    tree.feature[node] = static_cast<std::int32_t>(f);
    tree.missing_left[node] = draws.one_in(2) ? 1 : 0;
    tree.gain[node] = draws.uniform() * 100;
    tree.leaf_value[node] = 0;
    if (info.type == ColumnType::categorical) {
      const auto first = static_cast<std::int32_t>(tree.category_words.size());
      split_on_categories(tree, draws, info.categories.size());
      tree.category_set[node] = first;
    } else {
      tree.cut[node] = cuts[f][draws.below(cuts[f].size())];
    }
    leaves.push_back(static_cast<std::size_t>(tree.nodes()));
    leaves.push_back(static_cast<std::size_t>(tree.nodes()) + 1);
    add_node(tree, draws);
    add_node(tree, draws);
  }
  return tree;
}

double random_number(Draws& draws, const FeatureInfo& info, const std::vector<double>& cuts, bool special) {
  if (special && draws.one_in(8)) return std::numeric_limits<double>::quiet_NaN();
  if (info.type == ColumnType::boolean) return static_cast<double>(draws.below(2));
  if (special && draws.one_in(16)) return draws.one_in(2) ? infinity : -infinity;
  if (draws.one_in(16)) return draws.one_in(2) ? -0.0 : 1e300;
  if (cuts.empty() || draws.one_in(2)) return (draws.uniform() - 0.5) * 10;
  const double cut = cuts[draws.below(cuts.size())];
  const std::uint64_t side = draws.below(3);
  return side == 0 ? cut : std::nextafter(cut, side == 1 ? infinity : -infinity);
}

bool goes_left(const Tree& tree, std::size_t node, const FeatureInfo& info, const Cell& cell) {
  const bool missing_left = tree.missing_left[node] != 0;
  if (info.type != ColumnType::categorical) {
    return std::isnan(cell.number) ? missing_left : cell.number <= tree.cut[node];
  }
  const auto found = std::find(info.categories.begin(), info.categories.end(), cell.label);
  if (cell.label.empty() || found == info.categories.end()) return missing_left;
  const auto k = static_cast<std::size_t>(found - info.categories.begin());
  return (tree.category_words[static_cast<std::size_t>(tree.category_set[node]) + k / 32] >> (k % 32) & 1) !=
         0;
}

}  // namespace

Ensemble random_ensemble(std::uint64_t seed, const RandomOptions& options) {
  Draws draws(seed);
  Ensemble ensemble;
  ensemble.objective = options.outputs > 1 ? "multi:softprob" : "binary:logistic";
  ensemble.schema = random_schema(options);
  std::vector<std::vector<double>> cuts;
  for (const FeatureInfo& info : ensemble.schema.features) {
    cuts.push_back(random_cuts(draws, info, options.numeric_cuts));
  }
  for (int k = 0; k < options.outputs; ++k) {
    ensemble.outputs.push_back(
        {.unit_exponent = 40, .base = static_cast<std::int64_t>(draws.below(1u << 30)) - (1 << 29)});
    ensemble.schema.classes.push_back("class " + std::to_string(k));
  }
  ensemble.trees_per_round = options.outputs;
  for (int t = 0; t < options.rounds * options.outputs; ++t) {
    const int splits = static_cast<int>(draws.below(static_cast<std::uint64_t>(options.max_splits) + 1));
    ensemble.trees.push_back(random_tree(draws, ensemble.schema, cuts, splits, options.chains));
    ensemble.trees.back().output = t % options.outputs;
    ensemble.trees.back().shift = static_cast<std::int32_t>(draws.below(12));
  }
  ensemble.best_round = std::max(options.rounds - 1, std::min(options.rounds, 1));
  ensemble.parameters = {{"eta", "0.3"}, {"max_depth", "6"}};
  ensemble.data_fingerprint = 0x123456789abcdef0u ^ seed;
  ensemble.data_rows = 1234;
  ensemble.contract_version = 1;
  ensemble.library_version = "0.1.0";
  return ensemble;
}

std::vector<Row> random_rows(const Ensemble& ensemble, std::uint64_t seed, int rows, bool floats,
                             bool special_values) {
  Draws draws(seed ^ 0x5eed);
  std::vector<std::vector<double>> cuts(ensemble.schema.features.size());
  for (const Tree& tree : ensemble.trees) {
    for (std::size_t i = 0; i < tree.left.size(); ++i) {
      if (tree.feature[i] >= 0) cuts[static_cast<std::size_t>(tree.feature[i])].push_back(tree.cut[i]);
    }
  }
  std::vector<Row> table(static_cast<std::size_t>(rows));
  for (Row& row : table) {
    for (std::size_t f = 0; f < cuts.size(); ++f) {
      const FeatureInfo& info = ensemble.schema.features[f];
      Cell cell;
      if (info.type != ColumnType::categorical) {
        cell.number = random_number(draws, info, cuts[f], special_values);
        if (floats) cell.number = static_cast<double>(static_cast<float>(cell.number));
      } else if (special_values && draws.one_in(8)) {
        // Not a label of random_schema, a number in its place.
        cell.label = draws.one_in(2) ? "" : "100003";
      } else if (!info.categories.empty()) {
        cell.label = info.categories[draws.below(info.categories.size())];
      }
      row.push_back(std::move(cell));
    }
  }
  return table;
}

Ensemble stump(double cut) {
  Ensemble ensemble;
  ensemble.objective = "reg:squarederror";
  ensemble.schema.features = {{.name = "a", .categories = {}},
                              {.name = "b", .type = ColumnType::categorical, .categories = {"u", "v"}}};
  ensemble.outputs = {{.unit_exponent = 40, .base = 100}};
  Tree tree;
  tree.left = {1, -1, -1};
  tree.right = {2, -1, -1};
  tree.feature = {0, -1, -1};
  tree.cut = {cut, 0, 0};
  tree.missing_left = {1, 0, 0};
  tree.category_set = {-1, -1, -1};
  tree.leaf_value = {0, -10, 20};
  tree.gain = {1, 0, 0};
  tree.cover = {3, 1, 2};
  tree.rows = {3, 1, 2};
  ensemble.trees = {tree};
  ensemble.best_round = 1;
  ensemble.contract_version = 1;
  ensemble.library_version = "0.1.0";
  return ensemble;
}

std::int32_t naive_leaf(const Tree& tree, const Schema& schema, const Row& row) {
  std::int32_t node = 0;
  while (!tree.is_leaf(node)) {
    const auto i = static_cast<std::size_t>(node);
    const auto f = static_cast<std::size_t>(tree.feature[i]);
    node = goes_left(tree, i, schema.features[f], row[f]) ? tree.left[i] : tree.right[i];
  }
  return node;
}

std::vector<std::int64_t> naive_scores(const Ensemble& ensemble, const Row& row, int rounds) {
  std::vector<std::int64_t> scores;
  for (const OutputScale& scale : ensemble.outputs) scores.push_back(scale.base);
  for (std::size_t t = 0; t < static_cast<std::size_t>(rounds * ensemble.trees_per_round); ++t) {
    const Tree& tree = ensemble.trees[t];
    const auto leaf = static_cast<std::size_t>(naive_leaf(tree, ensemble.schema, row));
    scores[static_cast<std::size_t>(tree.output)] += std::int64_t{tree.leaf_value[leaf]} << tree.shift;
  }
  return scores;
}

std::int32_t leaf_number(const Tree& tree, std::int32_t node) {
  std::int32_t number = 0;
  for (std::int32_t i = 0; i < node; ++i) number += tree.is_leaf(i) ? 1 : 0;
  return number;
}

}  // namespace ramet::model::testing
