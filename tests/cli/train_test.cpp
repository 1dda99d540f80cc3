// ramet train: what it writes, where its parameters come from, and what its model bytes do not depend on.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "cli/process.hpp"
#include "cli/tables.hpp"
#include "ramet/model.hpp"
#include "ramet/version.hpp"

namespace ramet::test {
namespace {

using Json = nlohmann::json;

Json read_json(const std::string& path) { return Json::parse(read_file(path)); }

// Trains on the table of the folder and returns the report.
Json train_report(const Folder& folder, const Arguments& more, const std::string& target = "y") {
  succeed(Arguments{"train", "--data", folder / "train.csv", "--model", folder / "m.ramet", "--report",
                    folder / "run.json"} +
          learn(target) + more);
  return read_json(folder / "run.json");
}

std::string model_bytes(const Folder& folder, const std::string& data, const Arguments& more,
                        const Arguments& columns = learn("y")) {
  succeed(Arguments{"train", "--data", data, "--model", folder / "bytes.ramet", "--num-round", "10"} +
          columns + more);
  return read_file(folder / "bytes.ramet");
}

TEST(Train, ReportTellsOfTheRun) {
  const Folder folder;
  folder.write("train.csv", table_text(500));
  folder.write("valid.csv", table_text(200, 2));
  const Json report =
      train_report(folder, {"--valid", folder / "valid.csv", "--evaluate-train", "--num-round", "7",
                            "--metric", "mae,rmse", "--threads", "1", "--eta", "0.25"});
  EXPECT_EQ(report["version"], version_string);
  EXPECT_EQ(report["contract_version"], contract_version);
  EXPECT_EQ(report["rows"], 500);
  EXPECT_EQ(report["valid_rows"], 200);
  EXPECT_EQ(report["features"], 5);
  EXPECT_EQ(report["rounds"], 7);
  EXPECT_EQ(report["ranks"], 1);
  EXPECT_EQ(report["objective"], "reg:squarederror");
  EXPECT_EQ(report["data"], folder / "train.csv");
  EXPECT_EQ(report["device"].get<std::string>().rfind("cpu", 0), 0u);
  EXPECT_EQ(report["data_fingerprint"].get<std::string>().size(), 16u);
  EXPECT_GT(report["peak_memory_bytes"].get<std::int64_t>(), 1'000'000);
  for (const char* name : {"load_s", "bin_s", "train_s", "save_s", "total_s"}) {
    EXPECT_GE(report["timing"][name].get<double>(), 0) << name;
  }
  EXPECT_TRUE(report["timing"]["phases"].is_object());
  ASSERT_EQ(report["metrics"].size(), 7u);
  const Json& last = report["metrics"][6];
  EXPECT_EQ(last["round"], 7);
  for (const char* set : {"train", "valid"}) {
    EXPECT_GT(last[set]["rmse"].get<double>(), 0);
    EXPECT_GE(last[set]["rmse"].get<double>(), last[set]["mae"].get<double>());
  }
  EXPECT_LT(last["train"]["rmse"], report["metrics"][0]["train"]["rmse"]);
  EXPECT_EQ(report["parameters"]["eta"], 0.25);
  EXPECT_EQ(report["parameters"]["metric"], Json::array({"mae", "rmse"}));
  EXPECT_TRUE(report["parameters"]["base_score"].is_null());
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"m.ramet", "run.json", "train.csv", "valid.csv"}));
}

TEST(Train, ReportOnStandardOutputIsNothingButJson) {
  const Folder folder;
  folder.write("train.csv", table_text(100));
  const std::string text = succeed(Arguments{"train", "--data", folder / "train.csv", "--model",
                                             folder / "m.ramet", "--report", "-", "--num-round", "2"} +
                                   learn("y"));
  EXPECT_EQ(Json::parse(text)["rounds"], 2);
}

TEST(Train, SaysNothingWhenQuietAndEveryRoundWhenVerbose) {
  const Folder folder;
  folder.write("train.csv", table_text(100));
  const Arguments train =
      Arguments{
          "train",       "--data", folder / "train.csv", "--model", folder / "m.ramet", "--evaluate-train",
          "--num-round", "3"} +
      learn("y");
  const Outcome plain = ramet(train);
  EXPECT_EQ(plain.err, "") << "no progress bar without a terminal";
  EXPECT_NE(plain.out.find("3 rounds, 3 trees"), std::string::npos) << plain.out;
  const Outcome quiet = ramet(train + Arguments{"--quiet"});
  EXPECT_EQ(quiet.out + quiet.err, "");
  const Outcome verbose = ramet(train + Arguments{"--verbose"});
  EXPECT_NE(verbose.err.find("[1/3]"), std::string::npos) << verbose.err;
  EXPECT_NE(verbose.err.find("[3/3]"), std::string::npos) << verbose.err;
  EXPECT_NE(verbose.err.find("train rmse"), std::string::npos) << verbose.err;
}

TEST(Train, BytesDoNotDependOnRanksThreadsPagesOrBlocks) {
  const Folder folder;
  const std::string data = folder.write("train.csv", table_text(1003));
  const Arguments sampled{"--subsample", "0.7", "--colsample-bytree", "0.8"};
  const std::string expected = model_bytes(folder, data, sampled);
  for (const Arguments& how : std::vector<Arguments>{{"--ranks", "2"},
                                                     {"--ranks", "3"},
                                                     {"--ranks", "7", "--threads", "2"},
                                                     {"--threads", "1"},
                                                     {"--threads", "5"},
                                                     {"--page-rows", "100"},
                                                     {"--block-bytes", "1000"},
                                                     {"--keep-bytes", "0"},
                                                     {"--quiet"}}) {
    EXPECT_TRUE(model_bytes(folder, data, sampled + how) == expected) << how.front() << " " << how.back();
  }
  EXPECT_FALSE(model_bytes(folder, data, sampled + Arguments{"--seed", "4"}) == expected)
      << "the seed counts";
}

TEST(Train, RealDataOnThreeRanksGivesTheSameBytes) {
  const Folder folder;
  const Arguments columns{"--target", "income", "--objective", "binary:logistic"};
  const std::string data = data_file("adult/train.csv.gz");
  EXPECT_TRUE(model_bytes(folder, data, {"--ranks", "3"}, columns) == model_bytes(folder, data, {}, columns));
}

TEST(Train, RanksReportTheSameMetrics) {
  const Folder folder;
  folder.write("train.csv", table_text(400));
  folder.write("valid.csv", table_text(101, 2));
  const Arguments more{"--valid",  folder / "valid.csv", "--num-round",
                       "30",       "--objective",        "binary:logistic",
                       "--metric", "logloss,auc",        "--early-stopping-rounds",
                       "4"};
  const Json one = train_report(folder, more, "kind");
  const Json three = train_report(folder, more + Arguments{"--ranks", "3"}, "kind");
  EXPECT_EQ(one["metrics"], three["metrics"]);
  EXPECT_EQ(one["best_round"], three["best_round"]);
  EXPECT_EQ(one["data_fingerprint"], three["data_fingerprint"]);
  EXPECT_EQ(three["ranks"], 3);
}

TEST(Train, EarlyStoppingKeepsTheBestRound) {
  const Folder folder;
  folder.write("train.csv", table_text(300));
  folder.write("valid.csv", table_text(300, 2));
  const Json report = train_report(folder, {"--valid", folder / "valid.csv", "--num-round", "500", "--eta",
                                            "0.5", "--early-stopping-rounds", "5"});
  const int best = report["best_round"];
  EXPECT_LT(report["rounds"].get<int>(), 500);
  EXPECT_EQ(report["rounds"].get<int>(), best + 5);
  for (const Json& round : report["metrics"]) {
    EXPECT_GE(round["valid"]["rmse"], report["metrics"][best - 1]["valid"]["rmse"]);
  }
}

TEST(Train, CommandLineCountsOverSetAndSetOverConfig) {
  const Folder folder;
  folder.write("train.csv", table_text(100));
  const std::string config = folder.write("run.toml",
                                          "# A comment.\n"
                                          "eta = 0.5\n"
                                          "max-depth = 3\n"
                                          "learning_rate_unused = 1\n");
  const Arguments train =
      Arguments{"train", "--data", folder / "train.csv", "--model", folder / "m.ramet"} + learn("y");
  expect_error(train + Arguments{"--config", config}, 2, {"run.toml", "unknown key `learning_rate_unused`"});

  folder.write("run.toml",
               "eta = 0.5\nmax-depth = 3\nnum_round = 4\nlambda = 2.5\nmetric = [\"mae\", \"rmse\"]\n");
  const Json report = train_report(
      folder, {"--config", config, "--set", "max_depth=5", "--set", "reg_lambda=7", "--lambda", "9"});
  EXPECT_EQ(report["parameters"]["eta"], 0.5) << "from the file";
  EXPECT_EQ(report["parameters"]["num_round"], 4);
  EXPECT_EQ(report["parameters"]["metric"], Json::array({"mae", "rmse"}));
  EXPECT_EQ(report["parameters"]["max_depth"], 5) << "--set counts over the file";
  EXPECT_EQ(report["parameters"]["lambda"], 9.0) << "the option counts over --set";
}

TEST(Train, ConfigMayHoldEveryOption) {
  const Folder folder;
  folder.write("train.csv", table_text(100));
  const std::string config = folder.write(
      "run.toml", "data = \"" + (folder / "train.csv") + "\"\ntarget = \"y\"\nmodel = \"" +
                      (folder / "from_config.ramet") +
                      "\"\nignore = [\"w\", \"id\", \"kind\", \"claims\"]\nnum_round = 2\nquiet = true\n");
  EXPECT_EQ(succeed({"train", "--config", config}), "");
  EXPECT_EQ(Model::load(folder / "from_config.ramet").rounds(), 2);
  succeed({"train", "--config", config, "--model", folder / "other.ramet", "--ignore", "w"});
  EXPECT_EQ(Model::load(folder / "other.ramet").schema().features.size(), 10u)
      << "the command line's list replaces";
}

TEST(Train, ConfigMistakesNameFileAndKey) {
  const Folder folder;
  const Arguments train{"train", "--data",  "absent.csv",       "--target",
                        "y",     "--model", folder / "m.ramet", "--config"};
  expect_error(train + Arguments{folder / "none.toml"}, 1, {"none.toml"});
  expect_error(train + Arguments{folder.write("a.toml", "max_dept = 3\n")}, 2,
               {"a.toml", "`max_dept`", "did you mean `max-depth`?"});
  expect_error(train + Arguments{folder.write("b.toml", "eta = 1\nlearning_rate = 1\n")}, 2,
               {"b.toml", "twice"});
  expect_error(train + Arguments{folder.write("c.toml", "[tree]\neta = 1\n")}, 2, {"c.toml", "[tree]"});
  expect_error(train + Arguments{folder.write("d.toml", "eta = \"high\"\n")}, 2, {"eta = high"});
  expect_error(train + Arguments{folder.write("e.toml", "ranks = \"x\"\n")}, 2, {"e.toml", "`ranks`"});
  expect_error(train + Arguments{folder.write("f.toml", "set = \"eta=1\"\n")}, 2, {"f.toml", "command line"});
}

TEST(Train, AliasesAndUnderscoresAreAccepted) {
  const Folder folder;
  folder.write("train.csv", table_text(100));
  const Json report = train_report(
      folder, {"--n-estimators", "3", "--learning_rate=0.2", "--num-leaves", "9", "--reg_alpha", "0.5"});
  EXPECT_EQ(report["parameters"]["num_round"], 3);
  EXPECT_EQ(report["parameters"]["eta"], 0.2);
  EXPECT_EQ(report["parameters"]["max_leaves"], 9);
  EXPECT_EQ(report["parameters"]["alpha"], 0.5);
}

TEST(Train, ClassesAreNamedInTheModel) {
  const Folder folder;
  const std::string data = folder.write("train.csv", table_text(200));
  const Arguments train{"train", "--data", data, "--model", folder / "m.ramet", "--num-round", "2"};
  succeed(train + learn("kind") + Arguments{"--objective", "binary"});
  EXPECT_EQ(Model::load(folder / "m.ramet").schema().classes, (std::vector<std::string>{"no", "yes"}));
  EXPECT_EQ(Model::load(folder / "m.ramet").schema().target, "kind");
  succeed(train + learn("claims") + Arguments{"--objective", "multi:softprob"});
  EXPECT_EQ(Model::load(folder / "m.ramet").schema().classes, (std::vector<std::string>{"0", "1", "2", "3"}));
  expect_error(train + learn("claims") + Arguments{"--objective", "binary:logistic"}, 1,
               {"target `claims` has 4 classes", "multi:softprob"});
}

TEST(Train, TextTargetWithoutObjectiveIsExplained) {
  const Folder folder;
  const std::string data = folder.write("train.csv", table_text(200));
  const Arguments train{"train", "--data", data, "--model", folder / "m.ramet"};
  expect_error(train + learn("kind"), 1,
               {"target `kind`", "2 different values", "reg:squarederror", "--objective binary:logistic"});
  expect_error(train + Arguments{"--target", "colour"}, 1, {"target `colour`", "--objective multi:softprob"});
  EXPECT_EQ(folder.names(), std::vector<std::string>{"train.csv"});
}

TEST(Train, ExposureIsTheLogarithmAsBaseMargin) {
  const Folder folder;
  const std::string data = folder.write("train.csv", table_text(600));
  const Arguments poisson{"--objective", "count:poisson", "--target", "claims"};
  const Arguments exposure{"--exposure", "exposure", "--ignore", "w,id,log_exposure,y,kind"};
  const Arguments margin{"--base-margin", "log_exposure", "--ignore", "w,id,exposure,y,kind"};
  const std::string expected = model_bytes(folder, data, margin, poisson);
  EXPECT_TRUE(model_bytes(folder, data, exposure, poisson) == expected);
  EXPECT_TRUE(model_bytes(folder, data, exposure + Arguments{"--ranks", "3"}, poisson) == expected);
  EXPECT_TRUE(model_bytes(folder, data, exposure + Arguments{"--block-bytes", "2000"}, poisson) == expected);
  const Arguments plain{"--ignore", "w,id,exposure,log_exposure,y,kind"};
  EXPECT_FALSE(model_bytes(folder, data, plain, poisson) == expected);
  expect_error({"train", "--data", data, "--model", folder / "m.ramet", "--target", "y", "--exposure", "id"},
               1, {"`id` (--exposure)", "row 0", "must be > 0"});
}

TEST(Train, WeightsCount) {
  const Folder folder;
  const std::string data = folder.write("train.csv", table_text(300));
  const Arguments weighted{"--target", "y",        "--weight",
                           "w",        "--ignore", "id,exposure,log_exposure,kind,claims"};
  const std::string bytes = model_bytes(folder, data, {}, weighted);
  EXPECT_FALSE(bytes == model_bytes(folder, data, {}));
  EXPECT_TRUE(bytes == model_bytes(folder, data, {"--ranks", "2"}, weighted));
}

TEST(Train, OtherDelimitersAndNoHeader) {
  const Folder folder;
  const std::string expected = model_bytes(folder, folder.write("a.csv", table_text(200)), {});
  const std::string tabs = folder.write("b.csv", table_text(200, 1, {.delimiter = '\t', .header = true}));
  EXPECT_TRUE(model_bytes(folder, tabs, {"--delimiter", "tab"}) == expected);
  const std::string bare = folder.write("c.csv", table_text(200, 1, {.delimiter = ';', .header = false}));
  succeed({"train", "--data", bare, "--delimiter", ";", "--no-header", "--target", "f9", "--model",
           folder / "bare.ramet", "--num-round", "2", "--categorical", "f6", "--numeric", "f0,f1"});
  const Model model = Model::load(folder / "bare.ramet");
  EXPECT_EQ(model.schema().target, "f9");
  EXPECT_EQ(model.schema().features.at(6).type, ColumnType::categorical);
}

}  // namespace
}  // namespace ramet::test
