// The command line itself: help, version, spellings, mistakes.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "cli/process.hpp"
#include "ramet/params.hpp"
#include "ramet/version.hpp"

namespace ramet::test {
namespace {

TEST(Usage, VersionNamesTheLibraryAndTheContract) {
  const std::string text = succeed({"--version"});
  EXPECT_EQ(text, std::string("ramet ") + version_string + " (numbers contract " +
                      std::to_string(contract_version) + ")\n");
}

TEST(Usage, HelpListsTheCommands) {
  const std::string text = succeed({"--help"});
  for (const char* command : {"train", "predict", "evaluate", "inspect", "devices", "bench", "params"}) {
    EXPECT_NE(text.find(std::string("\n  ") + command), std::string::npos) << command << " is not in:\n"
                                                                           << text;
    EXPECT_NE(succeed({command, "--help"}).find(std::string("Usage: ramet ") + command), std::string::npos);
  }
}

TEST(Usage, HelpOfTrainHasEveryParameterWithDefaultAndRange) {
  const std::string text = succeed({"train", "--help"});
  for (const ParamInfo& info : parameters()) {
    std::string option = "--" + std::string(info.name);
    std::replace(option.begin(), option.end(), '_', '-');
    EXPECT_NE(text.find("  " + option + " "), std::string::npos) << option;
  }
  for (const std::string& line : lines(text)) EXPECT_LE(line.size(), 110u) << line;
}

TEST(Usage, MistakesAreExplainedAndExitWithTwo) {
  expect_error({}, 2, {"a command is missing"});
  expect_error({"trian"}, 2, {"unknown command `trian`", "did you mean `train`?"});
  expect_error({"train", "--max-dept", "8"}, 2,
               {"unknown option `--max-dept`", "did you mean `--max-depth`?"});
  expect_error({"train", "--max-dept=8"}, 2, {"unknown option `--max-dept`", "did you mean `--max-depth`?"});
  expect_error({"train", "--wholly-unlike-anything", "8"}, 2, {"unknown option `--wholly-unlike-anything`"});
  expect_error({"predict", "stray"}, 2, {"unexpected argument `stray`"});
  expect_error({"train", "--data"}, 2, {"--data: a value is missing"});
  expect_error({"train", "--eta", "0.1", "--eta", "0.2"}, 2, {"--eta: given more than once"});
  expect_error({"train"}, 2, {"--data is missing"});
  expect_error({"train", "--data", "d.csv"}, 2, {"--target is missing"});
  expect_error({"train", "--data", "d.csv", "--target", "y"}, 2, {"--model is missing"});
  expect_error({"predict"}, 2, {"--model is missing"});
  expect_error({"predict", "--model", "m"}, 2, {"--data is missing"});
  expect_error({"predict", "--model", "m", "--data", "d"}, 2, {"--output is missing"});
  expect_error({"evaluate", "--model", "m"}, 2, {"--data is missing"});
  expect_error({"inspect"}, 2, {"MODEL is missing"});
}

TEST(Usage, ParametersAreCheckedBeforeAnythingIsRead) {
  const Arguments train{"train", "--data", "absent.csv", "--target", "y", "--model", "m.ramet"};
  expect_error(train + Arguments{"--eta", "-1"}, 2, {"eta = -1", "> 0"});
  expect_error(train + Arguments{"--eta", "fast"}, 2, {"eta = fast", "a number"});
  expect_error(train + Arguments{"--max_bin", "70000"}, 2, {"max_bin = 70000", "between 2 and 65535"});
  expect_error(train + Arguments{"--objective", "reg:sqarederror"}, 2,
               {"reg:sqarederror", "reg:squarederror"});
  expect_error(train + Arguments{"--metric", "rmse,aoc"}, 2, {"aoc", "auc"});
  expect_error(train + Arguments{"--set", "max_dept=3"}, 2, {"max_dept", "max_depth"});
  expect_error(train + Arguments{"--set", "max_depth"}, 2, {"--set max_depth: must be name=value"});
  expect_error(train + Arguments{"--set", "eta=1", "--set", "learning_rate=2"}, 2,
               {"learning_rate", "twice"});
  expect_error(train + Arguments{"--ranks", "0"}, 2, {"--ranks 0", "between 1 and 1024"});
  expect_error(train + Arguments{"--ranks", "two"}, 2, {"--ranks", "two"});
  expect_error(train + Arguments{"--page-rows", "-1"}, 2, {"--page-rows -1"});
  expect_error(train + Arguments{"--early-stopping-rounds", "5"}, 2,
               {"early_stopping_rounds = 5", "--valid"});
  expect_error(train + Arguments{"--exposure", "e", "--base-margin", "b"}, 2,
               {"--exposure", "--base-margin"});
  expect_error(train + Arguments{"--delimiter", "::"}, 2, {"--delimiter ::", "one character"});
}

TEST(Usage, OptionsOfPredictAreChecked) {
  const Arguments predict{"predict", "--model", "m", "--data", "d", "--output", "p.csv"};
  expect_error(predict + Arguments{"--type", "margin"}, 2,
               {"--type margin", "probability, raw, class or leaf"});
  expect_error(predict + Arguments{"--rounds", "-1"}, 2, {"--rounds -1"});
  expect_error(predict + Arguments{"--threads", "-1"}, 2, {"--threads -1"});
  expect_error({"predict", "--model", "m", "--data", "d", "--output", "p.parquet"}, 2, {"p.parquet", "CSV"});
}

TEST(Params, MarkdownIsTheDocumentation) {
  EXPECT_EQ(succeed({"params", "--markdown"}),
            read_file(std::string(RAMET_TEST_DATA) + "/../docs/parameters.md"))
      << "run: ramet params --markdown > docs/parameters.md";
}

TEST(Params, TextNamesAllParametersAndAliases) {
  const std::string text = succeed({"params"});
  for (const ParamInfo& info : parameters()) {
    EXPECT_NE(text.find("\n  " + std::string(info.name) + " "), std::string::npos) << info.name;
    for (const std::string_view alias : info.aliases) EXPECT_NE(text.find(alias), std::string::npos) << alias;
  }
}

TEST(Devices, TheCpuIsUsable) {
  const std::string text = succeed({"devices"});
  ASSERT_FALSE(lines(text).empty());
  EXPECT_EQ(text.rfind("cpu", 0), 0u) << text;
  EXPECT_NE(lines(text).front().find("usable"), std::string::npos);
}

}  // namespace
}  // namespace ramet::test
