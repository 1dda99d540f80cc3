// ramet predict, evaluate and inspect: they agree with each other, with the library and with what training
// reported.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/process.hpp"
#include "cli/tables.hpp"
#include "ramet/model.hpp"

namespace ramet::test {
namespace {

using Json = nlohmann::json;

// A model trained on the adult data, with what training reported about the test file; made once for all
// tests.
class Adult : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<Folder>();
    succeed({"train", "--data", data_file("adult/train.csv.gz"), "--valid", data_file("adult/test.csv.gz"),
             "--target", "income", "--objective", "binary:logistic", "--metric", "error,auc,logloss",
             "--num-round", "25", "--model", *folder_ / "m.ramet", "--report", *folder_ / "run.json"});
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static Arguments on_test_data(const std::string& command) {
    return {command, "--model", *folder_ / "m.ramet", "--data", data_file("adult/test.csv.gz")};
  }
  static std::vector<std::string> predictions(const Arguments& more) {
    return lines(succeed(on_test_data("predict") + Arguments{"--output", "-"} + more));
  }

  static std::unique_ptr<Folder> folder_;
};
std::unique_ptr<Folder> Adult::folder_;

TEST_F(Adult, EvaluateGivesTheVeryNumbersOfTheReport) {
  const Json report = Json::parse(read_file(*folder_ / "run.json"));
  const Json expected = report["metrics"].back()["valid"];
  const Json found =
      Json::parse(succeed(on_test_data("evaluate") + Arguments{"--metric", "error,auc,logloss", "--json"}));
  EXPECT_EQ(found, expected);
  EXPECT_GT(found["auc"].get<double>(), 0.9);
  EXPECT_LT(found["error"].get<double>(), 0.15);
  // A round on the way, and the text, which has all digits.
  const Json tenth = report["metrics"][9]["valid"];
  const auto text = lines(succeed(on_test_data("evaluate") + Arguments{"--metric", "logloss", "--rounds",
                                                                       "10", "--block-bytes", "20000"}));
  ASSERT_EQ(text.size(), 1u);
  EXPECT_EQ(text[0].rfind("logloss  ", 0), 0u);
  EXPECT_EQ(std::stod(text[0].substr(9)), tenth["logloss"].get<double>());
}

TEST_F(Adult, PredictionsHaveTheEvaluatedLoss) {
  const auto predicted = predictions({});
  const auto truth = predictions({"--type", "class"});
  ASSERT_EQ(predicted.size(), 16'282u);
  EXPECT_EQ(predicted[0], "prediction");
  EXPECT_EQ(truth[0], "prediction");
  for (std::size_t i = 1; i < predicted.size(); ++i) {
    const float p = std::stof(predicted[i]);
    ASSERT_TRUE(p > 0 && p < 1) << predicted[i];
    ASSERT_EQ(truth[i], p > 0.5F ? ">50K" : "<=50K") << i;
  }
}

TEST_F(Adult, PredictionsAreThoseOfTheLibraryWhateverTheBlocks) {
  const auto whole = predictions({"--type", "raw"});
  EXPECT_EQ(whole, predictions({"--type", "raw", "--block-bytes", "10000"}));
  EXPECT_EQ(whole, predictions({"--type", "raw", "--threads", "1"}));
  EXPECT_NE(whole, predictions({"--type", "raw", "--rounds", "24"}));
  const auto probabilities = predictions({});
  for (std::size_t i = 1; i < whole.size(); i += 997) {
    const double p = 1 / (1 + std::exp(-std::stod(whole[i])));
    EXPECT_NEAR(p, std::stod(probabilities[i]), 1e-6) << i;
  }
}

TEST_F(Adult, LeavesHaveOneColumnATree) {
  const auto leaves = predictions({"--type", "leaf"});
  EXPECT_EQ(leaves[0].rfind("tree_0,tree_1,", 0), 0u);
  for (std::size_t i = 0; i < leaves.size(); i += 1000) {
    EXPECT_EQ(std::count(leaves[i].begin(), leaves[i].end(), ','), 24) << leaves[i];
  }
}

TEST_F(Adult, InspectSummarisesTheModel) {
  const std::string path = *folder_ / "m.ramet";
  const std::string text = succeed({"inspect", path});
  for (const char* expected :
       {"binary:logistic", "income", "<=50K, >50K", "share of gain", "relationship", "num_round"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << " is not in:\n" << text;
  }
  const Json summary = Json::parse(succeed({"inspect", path, "--json"}));
  EXPECT_EQ(summary["file_bytes"], std::filesystem::file_size(path));
  EXPECT_EQ(summary["rounds"], 25);
  EXPECT_EQ(summary["trees"], 25);
  EXPECT_EQ(summary["features"].size(), 14u);
  EXPECT_EQ(summary["max_depth"], 6);
  EXPECT_GT(summary["leaves"], 25 * 20);
  EXPECT_LE(summary["most_leaves"], 64);
  EXPECT_EQ(summary["parameters"]["num_round"], "25");
  std::int64_t splits = 0;
  double last = summary["features"][0]["gain"];
  for (const Json& feature : summary["features"]) {
    splits += feature["splits"].get<std::int64_t>();
    EXPECT_LE(feature["gain"].get<double>(), last);
    last = feature["gain"];
  }
  EXPECT_EQ(splits + 25, summary["leaves"]) << "every split makes one leaf more";
  EXPECT_EQ(Json::parse(succeed({"inspect", path, "--dump"}))["trees"].size(), 25u);
}

TEST_F(Adult, PredictWritesAFileAtOnceOrNotAtAll) {
  const Folder folder;
  const std::string output = folder.write("pred.csv", "old");
  const Arguments predict = on_test_data("predict") + Arguments{"--output", output};
  // Room for some of the predictions only.
  expect_error(predict, 1, {"pred.csv", "cannot be written"}, {.file_bytes = 100'000});
  EXPECT_EQ(read_file(output), "old");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"pred.csv"});
  EXPECT_EQ(succeed(predict), "");
  EXPECT_EQ(lines(read_file(output)), predictions({}));
  EXPECT_EQ(folder.names(), std::vector<std::string>{"pred.csv"});
}

TEST_F(Adult, OutputFollowsLinksAndLeavesDevicesAlone) {
  const Folder folder;
  const std::string real = folder.write("real.csv", "old");
  std::filesystem::create_symlink("real.csv", folder / "link.csv");
  succeed(on_test_data("predict") + Arguments{"--output", folder / "link.csv"});
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.csv"));
  EXPECT_EQ(lines(read_file(real)).size(), 16'282u);
  succeed(on_test_data("predict") + Arguments{"--output", "/dev/null"});
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  expect_error(on_test_data("predict") + Arguments{"--output", "/dev/full"}, 1,
               {"/dev/full", "cannot be written"});
}

TEST(Predict, ClassesNameTheColumnsAndAreQuoted) {
  const Folder folder;
  const std::string data = folder.write(
      "train.csv", "x,kind\n1,\"a, b\"\n2,plain\n3,\"q\"\"q\"\n1,\"a, b\"\n2,plain\n3,\"q\"\"q\"\n");
  succeed({"train", "--data", data, "--target", "kind", "--objective", "multi:softprob", "--model",
           folder / "m.ramet", "--min-child-weight", "0"});
  const Arguments predict{"predict", "--model", folder / "m.ramet", "--data", data, "--output", "-"};
  const auto probabilities = lines(succeed(predict));
  ASSERT_EQ(probabilities.size(), 7u);
  EXPECT_EQ(probabilities[0], "\"a, b\",plain,\"q\"\"q\"");
  const auto classes = lines(succeed(predict + Arguments{"--type", "class"}));
  EXPECT_EQ(classes, (std::vector<std::string>{"prediction", "\"a, b\"", "plain", "\"q\"\"q\"", "\"a, b\"",
                                               "plain", "\"q\"\"q\""}));
}

TEST(Predict, NumbersReadBackToTheLibrarysFloats) {
  const Folder folder;
  const std::string data = folder.write("train.csv", table_text(300));
  succeed(Arguments{"train", "--data", data, "--model", folder / "m.ramet"} + learn("y"));
  const auto text =
      lines(succeed({"predict", "--model", folder / "m.ramet", "--data", data, "--output", "-"}));
  const Json report =
      Json::parse(succeed({"evaluate", "--model", folder / "m.ramet", "--data", data, "--json"}));
  ASSERT_EQ(text.size(), 301u);
  double squares = 0;
  const auto rows = lines(read_file(data));
  for (std::size_t i = 1; i < text.size(); ++i) {
    // `y` is the third column from the end.
    std::string row = rows[i];
    for (int k = 0; k < 2; ++k) row.erase(row.rfind(','));
    const double y = std::stod(row.substr(row.rfind(',') + 1));
    squares += (y - std::stod(text[i])) * (y - std::stod(text[i]));
  }
  EXPECT_NEAR(std::sqrt(squares / 300), report["rmse"].get<double>(), 1e-6);
}

TEST(Predict, ExposureScalesRates) {
  const Folder folder;
  const std::string data = folder.write("train.csv", table_text(600));
  const Arguments options{"--exposure", "exposure"};
  succeed(Arguments{"train", "--data", data, "--model", folder / "m.ramet", "--target", "claims",
                    "--objective", "count:poisson", "--ignore", "w,id,log_exposure,y,kind", "--valid", data,
                    "--report", folder / "run.json", "--num-round", "20"} +
          options);
  const Json report = Json::parse(read_file(folder / "run.json"));
  const Arguments model{"--model", folder / "m.ramet", "--data", data};
  EXPECT_EQ(Json::parse(succeed(Arguments{"evaluate", "--json"} + model + options)),
            report["metrics"].back()["valid"]);
  EXPECT_EQ(Json::parse(succeed(Arguments{"evaluate", "--json", "--base-margin", "log_exposure"} + model)),
            report["metrics"].back()["valid"]);
  EXPECT_EQ(succeed(Arguments{"predict", "--output", "-"} + model + options),
            succeed(Arguments{"predict", "--output", "-", "--base-margin", "log_exposure"} + model));
}

TEST(Evaluate, WeightsAndOtherTargets) {
  const Folder folder;
  const std::string data = folder.write("train.csv", table_text(300));
  succeed(Arguments{"train", "--data", data, "--valid", data, "--model", folder / "m.ramet", "--target", "y",
                    "--weight", "w", "--ignore", "id,exposure,log_exposure,kind,claims", "--report",
                    folder / "run.json"});
  const Json report = Json::parse(read_file(folder / "run.json"));
  const Arguments evaluate{"evaluate", "--model", folder / "m.ramet", "--data", data, "--json"};
  EXPECT_EQ(Json::parse(succeed(evaluate + Arguments{"--weight", "w"})), report["metrics"].back()["valid"]);
  EXPECT_NE(Json::parse(succeed(evaluate)), report["metrics"].back()["valid"]);
  EXPECT_GT(Json::parse(succeed(evaluate + Arguments{"--target", "id"}))["rmse"].get<double>(), 10);
}

}  // namespace
}  // namespace ramet::test
