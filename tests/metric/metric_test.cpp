// metric/metric.hpp: the list, names and aliases, and which metric fits which objective.
#include "metric/metric.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include "metric/sort_rows.hpp"
#include "ramet/error.hpp"

namespace ramet::metric {
namespace {

using objective::make_objective;
using objective::Response;

template <class... Args>
std::string failure(const Args&... args) {
  try {
    make_metric(args...);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::invalid_parameter);
    return e.what();
  }
  return "no error";
}

TEST(Metric, IsFoundByEveryName) {
  std::set<std::string_view> names;
  std::size_t count = 0;
  for (const Traits* expected : all_traits()) {
    EXPECT_EQ(&traits(make_metric(expected->name)), expected);
    for (const std::string_view alias : expected->aliases) EXPECT_EQ(&traits(make_metric(alias)), expected);
    names.insert(expected->name);
    names.insert(expected->aliases.begin(), expected->aliases.end());
    count += 1 + expected->aliases.size();
  }
  EXPECT_EQ(names.size(), count);
  EXPECT_EQ(all_traits().size(), std::variant_size_v<Metric>);
  EXPECT_EQ(traits(make_metric("AUC")).name, "auc");
  EXPECT_EQ(traits(make_metric("poisson_deviance")).name, "poisson-deviance");
}

TEST(Metric, UnknownNamesSuggestTheNearest) {
  EXPECT_EQ(failure("logluss"),
            "metric = logluss: must be one of rmse, mae, logloss, error, auc, aucpr, mlogloss, merror, "
            "poisson-deviance; did you mean logloss?");
  EXPECT_THAT(failure("xyz"), testing::Not(testing::HasSubstr("did you mean")));
}

TEST(Metric, EveryObjectivesOwnMetricFitsIt) {
  for (const objective::Traits* t : objective::all_traits()) {
    const Metric metric = make_metric(t->default_metric, make_objective(t->name));
    EXPECT_EQ(traits(metric).name, t->default_metric);
  }
}

TEST(Metric, PredictionsAreThoseOfTheObjective) {
  EXPECT_EQ(std::get<Rmse>(make_metric("rmse", make_objective("poisson"))).response, Response::log);
  EXPECT_EQ(std::get<Mae>(make_metric("mae", make_objective("binary"))).response, Response::logistic);
  EXPECT_EQ(std::get<Rmse>(make_metric("rmse", make_objective("mae"))).response, Response::identity);
  EXPECT_EQ(std::get<Rmse>(make_metric("rmse", objective::Caller{})).response, Response::identity);
  EXPECT_NO_THROW(make_metric("mlogloss", objective::Caller{}));
  EXPECT_NO_THROW(make_metric("auc", make_objective("l2")));
}

TEST(Metric, UnfitOnesNameThoseThatFit) {
  EXPECT_EQ(failure("logloss", make_objective("l2")),
            "metric = logloss: does not fit objective = reg:squarederror, which has rmse, mae, auc, aucpr");
  EXPECT_EQ(failure("auc", make_objective("softmax")),
            "metric = auc: does not fit objective = multi:softprob, which has mlogloss, merror");
  EXPECT_THAT(failure("poisson", make_objective("binary")), testing::HasSubstr("does not fit"));
}

TEST(SortRows, AgreesWithAStableSort) {
  std::mt19937_64 random(1);
  for (const std::size_t size : {0u, 1u, 2u, 1000u, 200'000u}) {
    for (const int bits : {1, 11, 12, 45, 64}) {
      Buffer<ScoredRow> rows(size);
      for (std::size_t i = 0; i < size; ++i) {
        rows[i] = {.score = static_cast<std::int64_t>(random()) >> (64 - bits),
                   .label = 0,
                   .weight = static_cast<std::uint32_t>(i)};
      }
      std::vector<ScoredRow> expected(rows.data(), rows.data() + size);
      std::stable_sort(expected.begin(), expected.end(),
                       [](const ScoredRow& a, const ScoredRow& b) { return a.score < b.score; });
      Tasks tasks(3);
      sort_by_score(rows, tasks);
      const bool same = std::equal(
          expected.begin(), expected.end(), rows.data(),
          [](const ScoredRow& a, const ScoredRow& b) { return a.score == b.score && a.weight == b.weight; });
      EXPECT_TRUE(same) << size << " rows, " << bits << " bits";
    }
  }
}

}  // namespace
}  // namespace ramet::metric
