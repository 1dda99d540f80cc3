// A covering array of cases, found greedily: each next case is the one of many random ones that covers the
// most pairs of values that have not met yet.
#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <tuple>

#include "parity/cases.hpp"

namespace ramet::parity {
namespace {

using naive::ToyLabels;

// What a value of a factor sets; one list per factor.
using Setting = void (*)(Case&);

void objective(Case& c, const char* name, ToyLabels labels) {
  c.params.objective = name;
  c.table.labels = labels;
}

const std::vector<std::vector<Setting>> factors{
    {[](Case& c) { objective(c, "reg:squarederror", ToyLabels::real); },
     [](Case& c) { objective(c, "binary:logistic", ToyLabels::binary); },
     [](Case& c) { objective(c, "multi:softprob", ToyLabels::three_classes); },
     [](Case& c) { objective(c, "count:poisson", ToyLabels::counts); },
     [](Case& c) { objective(c, "reg:absoluteerror", ToyLabels::real); }},
    {[](Case& c) { c.params.grow_policy = "depthwise"; },
     [](Case& c) {
       c.params.grow_policy = "lossguide";
       c.params.max_depth = 0;
       c.params.max_leaves = 21;
     },
     [](Case& c) { c.params.grow_policy = "symmetric"; }},
    {[](Case&) {}, [](Case& c) { c.params.subsample = 0.6; },
     [](Case& c) { c.params.colsample_bytree = 0.6; },
     [](Case& c) {
       c.params.subsample = 0.7;
       c.params.colsample_bylevel = 0.7;
     },
     [](Case& c) {
       // The nodes of a symmetric level share their columns.
       (c.params.grow_policy == "symmetric" ? c.params.colsample_bylevel : c.params.colsample_bynode) = 0.6;
     }},
    {[](Case& c) { c.table.missing = false; }, [](Case& c) { c.table.missing = true; }},
    {[](Case& c) { c.table.categorical = false; }, [](Case& c) { c.params.max_cat_to_onehot = 64; },
     [](Case& c) { c.params.max_cat_to_onehot = 0; }},
    {[](Case& c) { c.max_bin = 2; }, [](Case& c) { c.max_bin = 16; }, [](Case& c) { c.max_bin = 255; },
     [](Case& c) { c.max_bin = 400; }},
    {[](Case& c) { c.params.gradient_bits = 8; }, [](Case& c) { c.params.gradient_bits = 16; },
     [](Case& c) { c.params.gradient_bits = 32; }},
    {[](Case&) {}, [](Case& c) { c.table.weights = true; }},
    {[](Case&) {}, [](Case& c) { c.params.min_data_in_leaf = 12; },
     [](Case& c) { c.params.min_child_weight = 0; }, [](Case& c) { c.params.alpha = 0.4; },
     [](Case& c) { c.params.max_delta_step = 0.3; }, [](Case& c) { c.params.min_split_gain = 0.2; }},
};

using Choice = std::vector<std::size_t>;  // a value's index per factor
using Pair = std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>;

std::set<Pair> all_pairs() {
  std::set<Pair> pairs;
  for (std::size_t a = 0; a < factors.size(); ++a) {
    for (std::size_t b = a + 1; b < factors.size(); ++b) {
      for (std::size_t i = 0; i < factors[a].size(); ++i) {
        for (std::size_t j = 0; j < factors[b].size(); ++j) pairs.insert({a, i, b, j});
      }
    }
  }
  return pairs;
}

std::vector<Pair> pairs_of(const Choice& choice) {
  std::vector<Pair> pairs;
  for (std::size_t a = 0; a < choice.size(); ++a) {
    for (std::size_t b = a + 1; b < choice.size(); ++b) pairs.push_back({a, choice[a], b, choice[b]});
  }
  return pairs;
}

Case make_case(const Choice& choice, std::size_t number) {
  Case c{.name = "Covering" + std::to_string(number), .params = base_params(), .table = {}};
  c.table.rows = 500;
  c.table.seed = number + 3;
  c.params.num_round = 3;
  for (std::size_t f = 0; f < factors.size(); ++f) factors[f][choice[f]](c);
  return c;
}

}  // namespace

std::vector<Case> covering_cases() {
  constexpr int tries = 60;
  std::mt19937_64 random(11);
  std::set<Pair> open = all_pairs();
  std::vector<Case> cases;
  while (!open.empty()) {
    Choice best;
    std::size_t most = 0;
    for (int i = 0; i < tries; ++i) {
      Choice choice;
      for (const auto& values : factors) choice.push_back(random() % values.size());
      // Starts from a pair that is still open, so that the end comes.
      const auto [a, x, b, y] = *open.begin();
      choice[a] = x;
      choice[b] = y;
      std::size_t fresh = 0;
      for (const Pair& pair : pairs_of(choice)) fresh += open.count(pair);
      if (fresh > most) {
        most = fresh;
        best = choice;
      }
    }
    for (const Pair& pair : pairs_of(best)) open.erase(pair);
    cases.push_back(make_case(best, cases.size()));
  }
  return cases;
}

}  // namespace ramet::parity
