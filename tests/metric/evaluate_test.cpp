// metric/evaluate.hpp: the same bits for any threads, ranks, shards and strides; and every error.
#include "metric/evaluate.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "metric/support.hpp"
#include "ramet/error.hpp"

namespace ramet::metric {
namespace {

using testing::HasSubstr;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

struct Case {
  Metric metric;
  Rows rows;
};

// Every metric, on rows of its kind.
std::vector<Case> cases(std::size_t rows, bool weighted) {
  std::vector<Case> all;
  for (const Traits* t : all_traits()) {
    Case c{.metric = make_metric(t->name), .rows = {}};
    c.rows = t->multiclass ? random_classes(rows, 5, weighted, 4)
                           : random_rows(rows, 6, weighted, 100, binary_label);
    all.push_back(std::move(c));
  }
  all.push_back(
      {Rmse{.response = objective::Response::log}, random_rows(rows, 7, weighted, 0, binary_label)});
  return all;
}

std::string failure(const std::function<void()>& call, ErrorCode code = ErrorCode::invalid_data) {
  try {
    call();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
  return "no error";
}

TEST(Evaluate, SameBitsForAnyNumberOfThreads) {
  for (const bool weighted : {false, true}) {
    for (const Case& c : cases(100'000, weighted)) {
      const double one = evaluate_alone(c.metric, c.rows.set());
      for (const int threads : {2, 7}) {
        EXPECT_EQ(one, evaluate_alone(c.metric, c.rows.set(), threads)) << traits(c.metric).name << threads;
      }
    }
  }
}

TEST(Evaluate, SameBitsForAnyShards) {
  const std::vector<std::vector<std::size_t>> shards{
      {0, 5000}, {0, 1, 5000}, {0, 0, 5000}, {0, 5000, 5000}, {0, 2500, 2501, 5000}, {0, 0, 4999, 5000}};
  for (const bool weighted : {false, true}) {
    for (const Case& c : cases(5000, weighted)) {
      const double one = evaluate_alone(c.metric, c.rows.set());
      for (const auto& cuts : shards) {
        for (const double value : evaluate_sharded(c.metric, c.rows, cuts)) {
          EXPECT_EQ(one, value) << traits(c.metric).name << " on " << cuts.size() - 1 << " ranks";
        }
      }
    }
  }
}

TEST(Evaluate, SameBitsForAnyOrderOfRows) {
  for (const Case& c : cases(3000, true)) {
    Rows reversed = c.rows;
    const auto width = static_cast<std::size_t>(reversed.outputs);
    for (std::size_t r = 0; r < c.rows.size(); ++r) {
      const std::size_t from = c.rows.size() - 1 - r;
      reversed.labels[r] = c.rows.labels[from];
      reversed.weights[r] = c.rows.weights[from];
      for (std::size_t k = 0; k < width; ++k) {
        reversed.scores[r * width + k] = c.rows.scores[from * width + k];
      }
    }
    EXPECT_EQ(evaluate_alone(c.metric, c.rows.set()), evaluate_alone(c.metric, reversed.set()));
  }
}

TEST(Evaluate, ScoresMayLieByOutput) {
  for (const Case& c : cases(2500, false)) {
    std::vector<std::int64_t> by_output(c.rows.scores.size());
    const std::size_t rows = c.rows.size();
    const auto width = static_cast<std::size_t>(c.rows.outputs);
    for (std::size_t i = 0; i < by_output.size(); ++i)
      by_output[i % width * rows + i / width] = c.rows.scores[i];
    ScoredSet set = c.rows.set();
    set.scores = by_output;
    set.row_stride = 1;
    set.output_stride = static_cast<std::int64_t>(rows);
    EXPECT_EQ(evaluate_alone(c.metric, c.rows.set()), evaluate_alone(c.metric, set));
  }
}

TEST(Evaluate, EachOutputHasItsOwnUnit) {
  Rows rows = random_classes(500, 8, false, 3);
  const double before = evaluate_alone(MLogLoss{}, rows.set());
  rows.unit_exponents[1] = test_unit + 3;
  for (std::size_t i = 1; i < rows.scores.size(); i += 3) rows.scores[i] *= 8;
  EXPECT_EQ(evaluate_alone(MLogLoss{}, rows.set()), before);
}

TEST(Evaluate, UnitWeightsChangeNothing) {
  for (Case& c : cases(1000, false)) {
    const double without = evaluate_alone(c.metric, c.rows.set());
    c.rows.weights.assign(c.rows.size(), 1.0);
    EXPECT_EQ(without, evaluate_alone(c.metric, c.rows.set()));
    // The same if only one of two ranks gives them.
    const auto communicators = in_process_communicators(2, 60);
    std::vector<double> values(2);
    const auto run = [&](std::size_t rank) {
      ScoredSet set = rank == 0 ? c.rows.piece(0, 300) : c.rows.piece(300, 1000);
      if (rank == 0) set.weights = {};
      Tasks tasks(1);
      values[rank] = evaluate(c.metric, set, *communicators[rank], tasks);
    };
    {
      const std::jthread other(run, 1);
      run(0);
    }
    EXPECT_EQ(values, std::vector<double>(2, without)) << traits(c.metric).name;
  }
}

TEST(Evaluate, RowsOfNoWeightDoNotCount) {
  for (Case& c : cases(1000, false)) {
    const double before = evaluate_alone(c.metric, c.rows.piece(0, 500));
    c.rows.weights.assign(1000, 0.0);
    std::fill_n(c.rows.weights.begin(), 500, 0.25);
    EXPECT_EQ(before, evaluate_alone(c.metric, c.rows.set())) << traits(c.metric).name;
  }
}

TEST(Evaluate, NoWeightAtAllIsNaN) {
  for (Case& c : cases(10, false)) {
    EXPECT_TRUE(std::isnan(evaluate_alone(c.metric, c.rows.piece(0, 0)))) << traits(c.metric).name;
    c.rows.weights.assign(10, 0.0);
    EXPECT_TRUE(std::isnan(evaluate_alone(c.metric, c.rows.set()))) << traits(c.metric).name;
  }
}

TEST(Evaluate, OrderOfOneClassIsNaN) {
  for (const double label : {0.0, 1.0}) {
    Rows rows = random_rows(20, 9, false, 0, [&](auto&) { return label; });
    EXPECT_TRUE(std::isnan(evaluate_alone(Auc{}, rows.set())));
    EXPECT_TRUE(std::isnan(evaluate_alone(AucPr{}, rows.set())));
    // The other class is there but has no weight.
    rows.labels[3] = 1 - label;
    rows.weights.assign(20, 1.0);
    rows.weights[3] = 0;
    EXPECT_TRUE(std::isnan(evaluate_alone(Auc{}, rows.set())));
  }
}

TEST(Evaluate, OverflowIsInfinity) {
  Rows rows{.scores = {0, 0}, .labels = {1e200, 0}};
  EXPECT_EQ(evaluate_alone(Rmse{}, rows.set()), inf);
  EXPECT_EQ(evaluate_alone(Mae{}, rows.set()), 5e199);
  rows = {.scores = {units(1000), 0}, .labels = {1, 1}};
  EXPECT_EQ(evaluate_alone(PoissonDeviance{}, rows.set()), inf);
  rows.weights = {0, 1};
  EXPECT_LT(evaluate_alone(PoissonDeviance{}, rows.set()), inf);
  rows = {.scores = {units(1000)}, .labels = {1e308}};  // infinity less infinity
  EXPECT_EQ(evaluate_alone(PoissonDeviance{}, rows.set()), inf);
}

TEST(Evaluate, LabelsOutOfRangeNameRowAndValue) {
  const auto with_label = [](double label, std::size_t at = 40'000) {
    Rows rows = random_rows(70'000, 10, false, 0, binary_label);
    rows.labels[at] = label;
    return rows;
  };
  const auto check = [&](const char* metric, double label, const char* message) {
    EXPECT_EQ(failure([&] { evaluate_alone(make_metric(metric), with_label(label).set(), 4); }), message);
  };
  check("logloss", 2, "row 40000: label = 2: must be between 0 and 1 for metric = logloss");
  check("error", -0.5, "row 40000: label = -0.5: must be between 0 and 1 for metric = error");
  check("auc", 0.5, "row 40000: label = 0.5: must be 0 or 1 for metric = auc");
  check("aucpr", nan, "row 40000: label = nan: must be 0 or 1 for metric = aucpr");
  check("rmse", nan, "row 40000: label = nan: must be finite for metric = rmse");
  check("mae", inf, "row 40000: label = inf: must be finite for metric = mae");
  check("poisson-deviance", -1,
        "row 40000: label = -1: must be finite and not negative for metric = poisson-deviance");
  // The lowest of several, whichever task meets it first.
  Rows two = with_label(7, 1000);
  two.labels[69'999] = 8;
  EXPECT_THAT(failure([&] { evaluate_alone(LogLoss{}, two.set(), 7); }), HasSubstr("row 1000: label = 7"));
  EXPECT_THAT(failure([&] { evaluate_alone(Auc{}, two.set(), 7); }), HasSubstr("row 1000: label = 7"));
}

TEST(Evaluate, ClassesOutOfRangeNameRowAndValue) {
  for (const double label : {3.0, -1.0, 1.5, nan, inf, 1e300}) {
    Rows rows = random_classes(100, 11, false, 3);
    rows.labels[17] = label;
    for (const Metric& metric : {Metric(MLogLoss{}), Metric(MError{})}) {
      EXPECT_THAT(
          failure([&] { evaluate_alone(metric, rows.set()); }),
          HasSubstr(fmt::format("row 17: label = {}: must be a whole number between 0 and 2", label)));
    }
  }
}

TEST(Evaluate, WeightsOutOfRangeNameRowAndValue) {
  for (const double weight : {-1.0, nan, inf}) {
    for (Case& c : cases(100, true)) {
      c.rows.weights[5] = weight;
      EXPECT_EQ(failure([&] { evaluate_alone(c.metric, c.rows.set()); }),
                fmt::format("row 5: weight = {}: must be finite and not negative", weight));
    }
  }
}

TEST(Evaluate, MissingLabelsAreAnError) {
  for (const Case& c : cases(10, true)) {
    ScoredSet set = c.rows.set();
    set.labels = {};
    EXPECT_THAT(failure([&] { evaluate_alone(c.metric, set); }),
                HasSubstr("needs 10 labels, one a row, not 0"));
    set = c.rows.set();
    set.weights = set.weights.first(3);
    EXPECT_THAT(failure([&] { evaluate_alone(c.metric, set); }),
                HasSubstr("needs 10 weights, one a row, not 3"));
  }
}

TEST(Evaluate, WrongNumberOfOutputsIsAnError) {
  const Rows one = random_rows(10, 12, false, 0, binary_label);
  const Rows three = random_classes(10, 12, false, 3);
  EXPECT_EQ(failure([&] { evaluate_alone(Auc{}, three.set()); }, ErrorCode::invalid_parameter),
            "metric = auc: needs one margin a row, not 3 (for classes use mlogloss or merror)");
  EXPECT_EQ(failure([&] { evaluate_alone(MError{}, one.set()); }, ErrorCode::invalid_parameter),
            "metric = merror: needs two margins a row or more, one for each class, not 1");
}

TEST(Evaluate, AllRanksFailTogether) {
  for (Case& c : cases(100, false)) {
    c.rows.labels[70] = -3.5;
    if (traits(c.metric).labels == Labels::any) c.rows.labels[70] = nan;
    const std::string message = failure([&] { evaluate_sharded(c.metric, c.rows, {0, 10, 60, 100}); });
    EXPECT_THAT(message, HasSubstr("rank 2: row 70: label = ")) << traits(c.metric).name;
  }
}

}  // namespace
}  // namespace ramet::metric
