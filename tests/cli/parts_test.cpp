// Pieces of the command that are easier to see without a process.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "cli/exposure.hpp"
#include "cli/help.hpp"
#include "cli/names.hpp"
#include "cli/prediction_csv.hpp"
#include "cli/target.hpp"
#include "math/functions.hpp"
#include "objective/objective.hpp"
#include "ramet/error.hpp"

namespace ramet::cli {
namespace {

TEST(Target, KindsOfObjectivesAreThoseOfTheLibrary) {
  for (const objective::Traits* traits : objective::all_traits()) {
    const bool several = traits->kind == objective::Kind::row_outputs;
    std::vector<std::string> names{std::string(traits->name)};
    names.insert(names.end(), traits->aliases.begin(), traits->aliases.end());
    for (const std::string& name : names) {
      EXPECT_EQ(learns_classes(name), traits->classification) << name;
      EXPECT_EQ(learns_two_classes(name), traits->classification && !several) << name;
    }
  }
}

TEST(Names, Spellings) {
  const std::vector<std::string_view> aliases{"eta_2", "rate"};
  EXPECT_EQ(option_names("max_depth", aliases), "--max-depth,--max_depth,--eta-2,--eta_2,--rate");
  EXPECT_EQ(option_names("eta"), "--eta");
  EXPECT_EQ(dashed("a_b-c"), "a-b-c");
}

TEST(Names, SuggestionsAreNearOrAbsent) {
  const std::vector<std::string> known{"--max-depth", "--eta", "--max-leaves"};
  EXPECT_EQ(suggestion("--max_dept", known), "; did you mean `--max-depth`?");
  EXPECT_EQ(suggestion("--maxdepth", known), "; did you mean `--max-depth`?");
  EXPECT_EQ(suggestion("--etta", known), "; did you mean `--eta`?");
  EXPECT_EQ(suggestion("--colsample", known), "");
  EXPECT_EQ(suggestion("", known), "");
}

TEST(Help, WrapsAtSpaces) {
  EXPECT_EQ(wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrap("incomprehensibilities a", 5), (std::vector<std::string>{"incomprehensibilities", "a"}));
  EXPECT_EQ(wrap("", 5), std::vector<std::string>{""});
}

TEST(Csv, FieldsAreQuotedWhereTheyMustBe) {
  EXPECT_EQ(csv_field("plain text"), "plain text");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_field(""), "\"\"");
}

TEST(Exposure, LogarithmsAreTheContractsAndOthersAreRefused) {
  const std::vector<double> good{0.5, 1, 7.25};
  const std::vector<double> logarithms = log_exposures(good, "e", 0);
  for (std::size_t i = 0; i < good.size(); ++i) EXPECT_EQ(logarithms[i], math::log(good[i]));
  for (const double bad : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    const std::vector<double> values{1, bad};
    try {
      log_exposures(values, "e", 10);
      ADD_FAILURE() << bad << " was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_data);
      EXPECT_NE(std::string(error.what()).find("row 11"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace ramet::cli
