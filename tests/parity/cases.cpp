#include "parity/cases.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "naive/ranks.hpp"

namespace ramet::parity {

using naive::ToyLabels;
using naive::ToyOptions;
using naive::ToyTable;
using training::OpenSession;

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

void expect_equal(const Model& a, const Model& b, const std::string& what) {
  if (a.serialize() == b.serialize()) return;
  const std::string x = a.to_json();
  const std::string y = b.to_json();
  std::size_t at = 0;
  while (at < x.size() && at < y.size() && x[at] == y[at]) ++at;
  const std::size_t from = at < 120 ? 0 : at - 120;
  ADD_FAILURE() << what << ": models differ at\n"
                << x.substr(from, 300) << "\n--- and ---\n"
                << y.substr(from, 300);
}

std::vector<Model> train_ranks(OpenSession open, const Case& c, const ToyTable& table,
                               const std::vector<std::int64_t>& ends) {
  std::vector<Model> models(ends.size(), Model(nullptr));
  const auto errors = naive::run_ranks(
      static_cast<int>(ends.size()), [&](int rank, const std::shared_ptr<Communicator>& communicator) {
        const auto r = static_cast<std::size_t>(rank);
        const naive::ToyShard shard{
            .begin = r == 0 ? 0 : ends[r - 1], .end = ends[r], .communicator = communicator};
        const Dataset data = table.dataset(c.data_options(), shard);
        models[r] = training::boost(open, c.params, data, {});
      });
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  return models;
}

TrainParams base_params() {
  TrainParams params;
  params.num_round = 4;
  params.max_depth = 5;
  params.min_data_per_category = 5;
  params.threads = 1;
  return params;
}

namespace {

struct Objective {
  const char* name;
  ToyLabels labels;
};
const std::vector<Objective> objectives{{"reg:squarederror", ToyLabels::real},
                                        {"binary:logistic", ToyLabels::binary},
                                        {"multi:softprob", ToyLabels::three_classes},
                                        {"count:poisson", ToyLabels::counts},
                                        {"reg:absoluteerror", ToyLabels::real}};

// One choice for each of the things that matter, at random; every value of each, many pairs of them.
Case random_case(int number) {
  std::mt19937_64 random(static_cast<std::uint64_t>(number) * 77 + 5);
  const auto pick = [&](const auto& choices) { return choices[random() % std::size(choices)]; };
  const auto chance = [&](int one_in) { return random() % static_cast<std::uint64_t>(one_in) == 0; };
  Case c{.name = "Random" + std::to_string(number), .params = base_params(), .table = {}};
  TrainParams& p = c.params;
  const Objective objective = pick(objectives);
  p.objective = objective.name;
  c.table.labels = objective.labels;
  c.table.seed = random();
  c.table.rows = chance(10) ? pick(std::vector<std::int64_t>{1, 2, 3, 20})
                            : pick(std::vector<std::int64_t>{100, 400, 700, 1100});
  c.table.missing = !chance(3);
  c.table.categorical = !chance(3);
  c.table.weights = chance(3);
  c.table.outlier = objective.labels == ToyLabels::real && chance(4);
  c.max_bin = pick(std::vector<int>{2, 16, 255, 300});
  p.grow_policy =
      pick(std::vector<std::string>{"depthwise", "depthwise", "lossguide", "lossguide", "symmetric"});
  const bool symmetric = p.grow_policy == "symmetric";
  p.max_depth = pick(std::vector<int>{1, 4, 6, 7});
  if (!symmetric && chance(2)) p.max_leaves = pick(std::vector<int>{2, 9, 40, 70});
  if (!symmetric && p.max_leaves > 0 && chance(2)) p.max_depth = 0;
  p.gradient_bits = pick(std::vector<int>{8, 16, 16, 32});
  p.eta = pick(std::vector<double>{0.3, 1.0});
  p.seed = random() % 3;
  if (chance(3)) p.subsample = 0.6;
  if (chance(3)) p.colsample_bytree = 0.7;
  if (chance(4)) p.colsample_bylevel = 0.6;
  if (!symmetric && chance(4)) p.colsample_bynode = 0.5;
  if (chance(3)) p.min_data_in_leaf = pick(std::vector<int>{0, 5, 40});
  if (chance(3)) p.min_child_weight = pick(std::vector<double>{0.0, 0.01, 20.0});
  if (chance(4)) p.min_split_gain = pick(std::vector<double>{0.05, 3.0});
  if (chance(4)) p.lambda = pick(std::vector<double>{0.0, 0.1, 10.0});
  if (chance(4)) p.alpha = pick(std::vector<double>{0.5, 5.0});
  if (chance(4)) p.max_delta_step = pick(std::vector<double>{0.1, 0.7});
  if (chance(3)) p.max_cat_to_onehot = pick(std::vector<int>{0, 2, 64});
  if (chance(3)) p.max_cat_threshold = pick(std::vector<int>{1, 4});
  if (chance(3)) p.min_data_per_category = pick(std::vector<int>{0, 1, 30});
  if (chance(4)) p.cat_lambda = 0;
  if (chance(4)) p.cat_smooth = 0.5;
  if (chance(5)) c.table.base_margins = objective.labels == ToyLabels::three_classes ? 3 : 1;
  if (chance(5)) p.base_score = 0.5;
  return c;
}

// A named case changes one thing.
Case named_case(const std::string& name, const std::function<void(Case&)>& change) {
  Case c{.name = name, .params = base_params(), .table = {}};
  change(c);
  return c;
}

}  // namespace

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const char* policy : {"depthwise", "lossguide", "symmetric"}) {
    for (std::size_t o = 0; o < objectives.size(); ++o) {
      cases.push_back(named_case(std::string(policy) + std::to_string(o), [&](Case& c) {
        c.params.objective = objectives[o].name;
        c.params.grow_policy = policy;
        c.table.labels = objectives[o].labels;
      }));
    }
  }
  cases.push_back(named_case("Plain", [](Case& c) { c.table.missing = c.table.categorical = false; }));
  cases.push_back(named_case("LossguideDeep", [](Case& c) {
    c.params.grow_policy = "lossguide";
    c.params.max_depth = 0;
    c.params.max_leaves = 100;
    c.table.rows = 2000;
  }));
  cases.push_back(named_case("ZeroHessians", [](Case& c) {
    c.params.objective = "binary:logistic";
    c.params.min_child_weight = 0;
    c.params.lambda = 1e-3;
    c.params.eta = 1;
    c.params.num_round = 8;
    c.table.labels = ToyLabels::binary;
  }));
  // Leaves all of whose rows have weight 0, and leaves without rows.
  for (const char* objective : {"reg:squarederror", "reg:absoluteerror"}) {
    cases.push_back(named_case(std::string("SparseLeaves") + objective[4], [&](Case& c) {
      c.params.objective = objective;
      c.params.grow_policy = "symmetric";
      c.params.max_depth = 7;
      c.params.min_child_weight = 0;
      c.params.min_data_in_leaf = 0;
      c.table.weights = true;
      c.table.rows = 250;
    }));
  }
  cases.push_back(named_case("ManyRows", [](Case& c) {
    c.params.num_round = 2;
    c.params.max_depth = 4;
    c.params.min_data_in_leaf = 300;
    c.table.rows = 70'000;
  }));
  cases.push_back(named_case("ManyRowsWithManyBits", [](Case& c) {
    c.params.objective = "binary:logistic";
    c.params.num_round = 2;
    c.params.max_depth = 4;
    c.params.gradient_bits = 32;
    c.table.labels = ToyLabels::binary;
    c.table.rows = 70'000;
  }));
  // Nodes that several threads expand, in trees of every policy.
  for (const char* policy : {"lossguide", "symmetric"}) {
    cases.push_back(named_case(std::string("LargeNodes_") + policy, [&](Case& c) {
      c.params.num_round = 2;
      c.params.grow_policy = policy;
      c.params.max_depth = 5;
      c.params.max_leaves = std::string(policy) == "lossguide" ? 20 : 0;
      c.params.subsample = 0.8;
      c.table.rows = 20'000;
      c.table.weights = true;
    }));
  }
  cases.push_back(named_case("HeavyTails", [](Case& c) {
    c.params.num_round = 8;
    c.table.outlier = true;
    c.table.weights = true;
  }));
  for (int number = 0; number < 100; ++number) cases.push_back(random_case(number));
  return cases;
}

}  // namespace ramet::parity
