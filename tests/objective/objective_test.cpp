// objective/objective.hpp: the list, names and aliases, and mapping margins to predictions.
#include "objective/objective.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "math/functions.hpp"
#include "ramet/error.hpp"

namespace ramet::objective {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string failure(std::string_view name) {
  try {
    make_objective(name);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::invalid_parameter);
    return e.what();
  }
  return "no error";
}

TEST(Objective, IsFoundByEveryName) {
  for (const Traits* expected : all_traits()) {
    EXPECT_EQ(&traits(make_objective(expected->name)), expected);
    for (const std::string_view alias : expected->aliases) {
      EXPECT_EQ(&traits(make_objective(alias)), expected) << alias;
    }
  }
  EXPECT_EQ(traits(make_objective("multi:softmax")).name, "multi:softprob");
  EXPECT_EQ(traits(make_objective("regression")).name, "reg:squarederror");
  EXPECT_EQ(traits(make_objective("Cross-Entropy")).name, "binary:logistic");
  EXPECT_EQ(traits(make_objective("MAE")).name, "reg:absoluteerror");
}

TEST(Objective, NamesAreUnique) {
  std::set<std::string_view> names;
  std::size_t count = 0;
  for (const Traits* t : all_traits()) {
    names.insert(t->name);
    names.insert(t->aliases.begin(), t->aliases.end());
    count += 1 + t->aliases.size();
  }
  EXPECT_EQ(names.size(), count);
  EXPECT_EQ(all_traits().size() + 1, std::variant_size_v<Objective>);  // all but the caller's
}

TEST(Objective, UnknownNamesSuggestTheNearest) {
  EXPECT_EQ(failure("reg:squareerror"),
            "objective = reg:squareerror: must be one of reg:squarederror, binary:logistic, multi:softprob, "
            "count:poisson, reg:absoluteerror; did you mean reg:squarederror?");
  EXPECT_THAT(failure("poison"), HasSubstr("did you mean poisson?"));
  EXPECT_THAT(failure("rank:ndcg"), AllOf(HasSubstr("objective = rank:ndcg: must be one of"),
                                          testing::Not(HasSubstr("did you mean"))));
  EXPECT_THAT(failure(""), HasSubstr("must be one of"));
  EXPECT_THAT(failure("caller"), HasSubstr("must be one of"));
}

TEST(Objective, TraitsAgreeWithEachOther) {
  for (const Traits* t : all_traits()) {
    EXPECT_EQ(t->link, t->response != Response::identity) << t->name;
    EXPECT_EQ(t->kind == Kind::row_outputs, t->response == Response::softmax) << t->name;
    EXPECT_FALSE(t->default_metric.empty()) << t->name;
    EXPECT_TRUE(t->link || !t->classification) << t->name;
  }
}

TEST(Objective, PredictionsOfOneOutput) {
  const std::vector<double> margins{-3, 0, 0.5, 2};
  std::vector<double> identity = margins;
  predictions(make_objective("l2"), identity.data(), 4, 1);
  EXPECT_EQ(identity, margins);

  std::vector<double> logistic = margins;
  predictions(make_objective("binary"), logistic.data(), 4, 1);
  std::vector<double> counts = margins;
  predictions(make_objective("poisson"), counts.data(), 4, 1);
  for (std::size_t i = 0; i < margins.size(); ++i) {
    EXPECT_EQ(logistic[i], math::sigmoid(margins[i]));
    EXPECT_EQ(counts[i], math::exp(margins[i]));
  }

  std::vector<double> callers = margins;
  predictions(Caller{}, callers.data(), 2, 2);
  EXPECT_EQ(callers, margins);
}

TEST(Objective, PredictionsOfClassesSumToOne) {
  std::vector<double> margins{1, 2, 3, -1000, 0, 1000, 5, 5, 5};
  predictions(make_objective("multi:softprob"), margins.data(), 3, 3);
  for (int r = 0; r < 3; ++r) EXPECT_NEAR(margins[3 * r] + margins[3 * r + 1] + margins[3 * r + 2], 1, 1e-15);
  EXPECT_NEAR(margins[0], 0.09003057317038046, 1e-16);
  EXPECT_EQ(margins[3], 0);
  EXPECT_EQ(margins[5], 1);
  EXPECT_EQ(margins[6], margins[8]);
}

}  // namespace
}  // namespace ramet::objective
