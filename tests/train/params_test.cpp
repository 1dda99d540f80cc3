// The parameter table: complete, consistent, and each value read, written and checked.
#include "ramet/params.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "expect_error.hpp"
#include "train/param_table.hpp"
#include "train/param_values.hpp"

namespace ramet {
namespace {

using training::expect_error;

// Anything that an aggregate's field can be initialised from.
struct Anything {
  template <class T>
  operator T() const;  // NOLINT(google-explicit-constructor)
};

template <class T, std::size_t... I>
constexpr bool has_fields(std::index_sequence<I...> /*fields*/) {
  return requires { T{(static_cast<void>(I), Anything{})...}; };
}

template <class T, std::size_t n = 0>
constexpr std::size_t field_count() {
  if constexpr (has_fields<T>(std::make_index_sequence<n + 1>{})) {
    return field_count<T, n + 1>();
  } else {
    return n;
  }
}

std::string parse_error(const std::string& name, const std::string& value) {
  TrainParams params;
  try {
    set_parameter(params, name, value);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_parameter);
    EXPECT_EQ(get_parameter(params, "seed"), "0") << "the parameters were changed";
    return error.what();
  }
  ADD_FAILURE() << name << " = " << value << " was accepted";
  return {};
}

TEST(ParamTable, HasEveryFieldOnce) {
  EXPECT_EQ(training::param_rows().size(), field_count<TrainParams>());
  for (const auto& a : training::param_rows()) {
    for (const auto& b : training::param_rows())
      EXPECT_EQ(a.member == b.member, &a == &b) << a.name << " " << b.name;
  }
}

TEST(ParamTable, NamesAndAliasesAreUnique) {
  std::set<std::string_view> names;
  for (const ParamInfo& info : parameters()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    for (const std::string_view alias : info.aliases) EXPECT_TRUE(names.insert(alias).second) << alias;
  }
}

TEST(ParamTable, EveryRowIsDocumented) {
  for (const ParamInfo& info : parameters()) {
    EXPECT_FALSE(info.help.empty()) << info.name;
    EXPECT_TRUE(info.help.ends_with('.')) << info.name;
    EXPECT_FALSE(info.range.empty()) << info.name;
    EXPECT_FALSE(info.group.empty()) << info.name;
  }
}

TEST(ParamTable, RangesReadAsInTheDocumentation) {
  const auto range = [](std::string_view name) {
    for (const ParamInfo& info : parameters()) {
      if (info.name == name) return info.range;
    }
    return std::string("no such parameter");
  };
  EXPECT_EQ(range("max_bin"), "2 to 65535");
  EXPECT_EQ(range("eta"), "> 0");
  EXPECT_EQ(range("lambda"), ">= 0");
  EXPECT_EQ(range("subsample"), "> 0 and <= 1");
  EXPECT_EQ(range("num_class"), "0, or 2 to 65535");
  EXPECT_EQ(range("max_leaves"), "0, or >= 2");
  EXPECT_EQ(range("grow_policy"), "depthwise, lossguide, symmetric");
  EXPECT_EQ(range("base_score"), "a finite number");
  EXPECT_EQ(range("device"), "cpu, cuda, cuda:N, cuda:N,M");
}

TEST(ParamTable, DefaultsAreValid) { EXPECT_NO_THROW(validate({})); }

TEST(SetParameter, ReadsBackWhatGetParameterWrites) {
  const std::vector<std::pair<std::string, std::string>> values{{"objective", "binary:logistic"},
                                                                {"metric", "auc,logloss"},
                                                                {"eta", "0.1"},
                                                                {"lambda", "1e-07"},
                                                                {"max_depth", "3"},
                                                                {"seed", "18446744073709551615"},
                                                                {"base_score", "0.25"},
                                                                {"base_score", ""},
                                                                {"max_bin", "16"},
                                                                {"bin_sample", "1000000000000"},
                                                                {"metric", ""}};
  for (const auto& [name, value] : values) {
    TrainParams params;
    set_parameter(params, name, value);
    EXPECT_EQ(get_parameter(params, name), value) << name;
    TrainParams copy;
    set_parameter(copy, name, get_parameter(params, name));
    EXPECT_EQ(get_parameter(copy, name), value) << name;
  }
  for (const ParamInfo& info : parameters()) {
    TrainParams params;
    EXPECT_NO_THROW(set_parameter(params, info.name, info.default_value)) << info.name;
    EXPECT_EQ(get_parameter(params, info.name), info.default_value) << info.name;
  }
}

TEST(SetParameter, TakesAliasesAndDashes) {
  TrainParams params;
  set_parameter(params, "learning_rate", "0.5");
  EXPECT_EQ(params.eta, 0.5);
  set_parameter(params, "max-depth", "9");
  EXPECT_EQ(params.max_depth, 9);
  set_parameter(params, "n_estimators", "7");
  EXPECT_EQ(params.num_round, 7);
  set_parameter(params, "min_child_samples", "20");
  EXPECT_EQ(params.min_data_in_leaf, 20);
  set_parameter(params, "metric", " auc , logloss ");
  EXPECT_EQ(params.metric, (std::vector<std::string>{"auc", "logloss"}));
}

TEST(SetParameter, NamesWhatIsWrong) {
  EXPECT_EQ(parse_error("max_bin", "70000"), "max_bin = 70000: must be between 2 and 65535");
  EXPECT_EQ(parse_error("eta", "0"), "eta = 0: must be > 0");
  EXPECT_EQ(parse_error("eta", "nan"), "eta = nan: must be > 0");
  EXPECT_EQ(parse_error("lambda", "inf"), "lambda = inf: must be >= 0");
  EXPECT_EQ(parse_error("subsample", "1.5"), "subsample = 1.5: must be > 0 and <= 1");
  EXPECT_EQ(parse_error("num_class", "1"), "num_class = 1: must be 0, or between 2 and 65535");
  EXPECT_EQ(parse_error("max_depth", "-1"), "max_depth = -1: must be >= 0");
  EXPECT_EQ(parse_error("max_depth", "6.5"), "max_depth = 6.5: must be a whole number, >= 0");
  EXPECT_EQ(parse_error("max_depth", ""), "max_depth = ``: must be a whole number, >= 0");
  EXPECT_EQ(parse_error("max_depth", "99999999999"), "max_depth = 99999999999: must be a whole number, >= 0");
  EXPECT_EQ(parse_error("seed", "-1"), "seed = -1: must be a whole number, >= 0");
  EXPECT_EQ(parse_error("gradient_bits", "12"), "gradient_bits = 12: must be one of 8, 16, 32");
  EXPECT_EQ(parse_error("grow_policy", "leafwise"),
            "grow_policy = leafwise: must be one of depthwise, lossguide, symmetric");
  EXPECT_EQ(parse_error("device", "tpu"), "device = tpu: must be one of cpu, cuda, cuda:N, cuda:N,M");
  EXPECT_NE(parse_error("objective", "binary:logistik").find("did you mean"), std::string::npos);
  EXPECT_NE(parse_error("metric", "auk").find("auc"), std::string::npos);
  EXPECT_EQ(parse_error("max_dept", "3"), "max_dept: no such parameter; did you mean max_depth?");
  EXPECT_EQ(parse_error("qqqqqqqqq", "3"), "qqqqqqqqq: no such parameter");
}

TEST(Validate, FindsContradictions) {
  const auto expect_refused = [](const char* part, const auto& change) {
    TrainParams params;
    change(params);
    expect_error(ErrorCode::invalid_parameter, part, [&] { validate(params); });
  };
  expect_refused("num_class = 3", [](TrainParams& p) { p.num_class = 3; });
  expect_refused("max_depth = 0", [](TrainParams& p) { p.max_depth = 0; });
  expect_refused("base_score = 2", [](TrainParams& p) {
    p.objective = "binary:logistic";
    p.base_score = 2;
  });
  expect_refused("metric = auc: is named twice", [](TrainParams& p) {
    p.objective = "binary:logistic";
    p.metric = {"auc", "roc_auc"};
  });
  expect_refused("metric = mlogloss", [](TrainParams& p) { p.metric = {"mlogloss"}; });
  const auto symmetric = [](TrainParams& p) { p.grow_policy = "symmetric"; };
  expect_refused("max_depth = 0", [&](TrainParams& p) { symmetric(p), p.max_depth = 0; });
  expect_refused("max_depth = 17", [&](TrainParams& p) { symmetric(p), p.max_depth = 17; });
  expect_refused("max_leaves = 63", [&](TrainParams& p) { symmetric(p), p.max_leaves = 63; });
  expect_refused("colsample_bynode = 0.5", [&](TrainParams& p) { symmetric(p), p.colsample_bynode = 0.5; });
  // Values that set_parameter would refuse are found here, too.
  expect_refused("eta = -1", [](TrainParams& p) { p.eta = -1; });
  expect_refused("max_leaves = 1", [](TrainParams& p) { p.max_leaves = 1; });
  expect_refused("device = ``", [](TrainParams& p) { p.device = ""; });
}

TEST(Validate, AllowsWhatIsNoContradiction) {
  TrainParams params;
  params.max_depth = 0;
  params.grow_policy = "lossguide";
  EXPECT_NO_THROW(validate(params));
  params.grow_policy = "depthwise";
  params.max_leaves = 31;
  EXPECT_NO_THROW(validate(params));
  params.grow_policy = "symmetric";
  params.max_depth = 5;
  params.max_leaves = 32;
  EXPECT_NO_THROW(validate(params));
}

}  // namespace
}  // namespace ramet
