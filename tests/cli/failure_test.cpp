// What can go wrong outside the command line: one line on standard error, exit code 1, nothing half written.
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "cli/process.hpp"
#include "cli/tables.hpp"

namespace ramet::test {
namespace {

class Failure : public testing::Test {
 protected:
  void SetUp() override { data_ = folder_.write("train.csv", table_text(60)); }

  Arguments train(const std::string& data, const std::string& model) const {
    return Arguments{"train", "--data", data, "--model", model, "--num-round", "3"} + learn("y");
  }
  // A trained model beside the data.
  std::string model() const {
    succeed(train(data_, folder_ / "m.ramet"));
    return folder_ / "m.ramet";
  }
  void expect_only(const std::vector<std::string>& names) const { EXPECT_EQ(folder_.names(), names); }

  Folder folder_;
  std::string data_;
};

TEST_F(Failure, MissingFiles) {
  const std::string absent = folder_ / "absent.csv";
  expect_error(train(absent, folder_ / "m.ramet"), 1, {"absent.csv"});
  expect_error(train(data_, folder_ / "m.ramet") + Arguments{"--valid", absent}, 1, {"absent.csv"});
  expect_error({"inspect", folder_ / "absent.ramet"}, 1, {"absent.ramet"});
  expect_error(
      {"predict", "--model", folder_ / "absent.ramet", "--data", data_, "--output", folder_ / "p.csv"}, 1,
      {"absent.ramet"});
  expect_only({"train.csv"});
}

TEST_F(Failure, UnknownColumnsAreNamed) {
  const Arguments start{"train", "--data", data_, "--model", folder_ / "m.ramet"};
  expect_error(start + Arguments{"--target", "clams"}, 2, {"clams", "claims"});
  expect_error(start + Arguments{"--target", "y", "--ignore", "x0,colur"}, 2, {"colur", "colour"});
  expect_error(start + Arguments{"--target", "y", "--weight", "y"}, 2, {"y"});
  expect_error(start + Arguments{"--target", "y", "--numeric", "colour"}, 1, {"train.csv", "colour"});
  expect_error(start + Arguments{"--target", "colour"}, 1, {"colour"});
}

TEST_F(Failure, ValidationFilesMustHaveTheFeaturesAndClasses) {
  const Arguments kind = Arguments{"train",       "--data", data_,    "--model", folder_ / "m.ramet",
                                   "--objective", "binary", "--valid"} +
                         learn("kind");
  Arguments other = kind;
  other.insert(other.begin() + 8, folder_.write("valid.csv", "x0,kind\n1,yes\n"));
  expect_error(other, 1, {"valid.csv", "x1"});
  Arguments unseen = kind;
  unseen.insert(unseen.begin() + 8,
                folder_.write("valid.csv", "x0,x1,x2,x3,colour,kind\n1,1,1,1,red,perhaps\n"));
  expect_error(unseen, 1, {"valid.csv", "perhaps"});
}

TEST_F(Failure, GarbageTables) {
  const std::string model = folder_ / "m.ramet";
  expect_error(train(folder_.write("a.csv", ""), model), 1, {"a.csv", "empty"});
  expect_error(train(folder_.write("b.csv", "x,y\n1,2\n3\n"), model) + Arguments{"--set", "eta=1"}, 2,
               {"b.csv"});
  expect_error({"train", "--data", folder_ / "b.csv", "--target", "y", "--model", model}, 1, {"b.csv:3"});
  const std::string binary = folder_.write("c.csv", std::string("x,y\n\x01\xff\xfe\0,2\n", 12));
  expect_error({"train", "--data", binary, "--target", "y", "--model", model}, 1, {"c.csv"});
  const std::string quote = folder_.write("d.csv", "x,y\n\"1,2\n3,4\n");
  expect_error({"train", "--data", quote, "--target", "y", "--model", model}, 1, {"d.csv"});
  const std::string gzip = folder_.write("e.csv.gz", "this is not gzip");
  expect_error({"train", "--data", gzip, "--target", "y", "--model", model}, 1, {"e.csv.gz"});
  const std::string only_header = folder_.write("f.csv", "x,y\n");
  expect_error({"train", "--data", only_header, "--target", "y", "--model", model}, 1, {"row"});
  EXPECT_FALSE(std::filesystem::exists(model));
}

TEST_F(Failure, DamagedModels) {
  const std::string bytes = read_file(model());
  const auto refused = [&](const std::string& name, const std::string& text) {
    const std::string path = folder_.write(name, text);
    expect_error({"inspect", path}, 1, {name});
    expect_error({"predict", "--model", path, "--data", data_, "--output", "-"}, 1, {name});
    expect_error({"evaluate", "--model", path, "--data", data_}, 1, {name});
  };
  refused("empty.ramet", "");
  refused("text.ramet", "not a model\n");
  refused("half.ramet", bytes.substr(0, bytes.size() / 2));
  refused("short.ramet", bytes.substr(0, bytes.size() - 1));
  std::string altered = bytes;
  altered[bytes.size() / 2] = static_cast<char>(altered[bytes.size() / 2] ^ 1);
  refused("altered.ramet", altered);
}

TEST_F(Failure, OutputsAreTriedBeforeAnythingElse) {
  const std::string absent = folder_ / "absent.csv";
  const std::string nowhere = folder_ / "no/such/folder/out";
  expect_error(train(absent, nowhere), 1, {nowhere, "cannot be created"});
  expect_error(train(absent, folder_.path()), 1, {folder_.path(), "directory"});
  expect_error(train(absent, data_ + "/m.ramet"), 1, {data_ + "/m.ramet"});
  expect_error(train(absent, folder_ / "m.ramet") + Arguments{"--report", nowhere}, 1, {nowhere});
  expect_error(train(absent, folder_ / "m.ramet"), 1, {"m.ramet", "cannot be written"}, {.file_bytes = 1000});
  expect_error({"predict", "--model", "absent.ramet", "--data", absent, "--output", nowhere}, 1, {nowhere});
  expect_only({"train.csv"});
}

TEST_F(Failure, AModelThatDoesNotFitLeavesTheOldOne) {
  const std::string model = folder_.write("m.ramet", "old");
  // Room for the trial before training, not for the model.
  expect_error({"train", "--data", data_file("adult/train.csv.gz"), "--target", "income", "--objective",
                "binary", "--num-round", "50", "--model", model},
               1, {"m.ramet"}, {.file_bytes = 80'000});
  EXPECT_EQ(read_file(model), "old");
  expect_only({"m.ramet", "train.csv"});
}

TEST_F(Failure, OutputsMustNotBeInputs) {
  const std::string before = read_file(data_);
  expect_error(train(data_, data_), 1, {"train.csv", "is an input, too"});
  expect_error(
      train(data_, folder_ / "../" + folder_.path().substr(folder_.path().rfind('/') + 1) + "/train.csv"), 1,
      {"is an input, too"});
  expect_error(train(data_, folder_ / "m.ramet") + Arguments{"--report", data_}, 1, {"is an input, too"});
  expect_error(train(data_, folder_ / "m.ramet") + Arguments{"--report", folder_ / "m.ramet"}, 2,
               {"model's file"});
  expect_error({"predict", "--model", model(), "--data", data_, "--output", data_}, 1, {"is an input, too"});
  EXPECT_EQ(read_file(data_), before);
}

TEST_F(Failure, MoreRanksThanRows) {
  expect_error(train(data_, folder_ / "m.ramet") + Arguments{"--ranks", "61"}, 2, {"--ranks 61", "60 rows"});
}

TEST_F(Failure, OtherDevicesAreRefused) {
  expect_error(train(data_, folder_ / "m.ramet") + Arguments{"--device", "abacus"}, 2, {"abacus"});
  expect_only({"train.csv"});
}

TEST_F(Failure, AnErrorOnOneRankIsTheOneReported) {
  // The label that Poisson refuses stands in the last rank's rows.
  const std::string data = folder_.write("counts.csv", "x,y\n1,1\n2,0\n3,2\n4,1\n5,-1\n");
  expect_error({"train", "--data", data, "--target", "y", "--objective", "count:poisson", "--ranks", "3",
                "--model", folder_ / "m.ramet"},
               1, {"row 4", "-1"});
}

TEST_F(Failure, InterruptsEndTrainingWithoutAModel) {
  for (const std::string ranks : {"1", "3"}) {
    for (const int signal : {SIGINT, SIGTERM}) {
      Process process(Arguments{"train", "--data", data_file("higgs_7k/train.csv.gz"), "--target", "label",
                                "--model", folder_ / "m.ramet", "--report", folder_ / "run.json",
                                "--num-round", "1000000", "--verbose", "--ranks", ranks});
      ASSERT_TRUE(process.wait_for_error_text("/1000000]"));
      process.send(signal);
      const Outcome outcome = process.wait();
      EXPECT_EQ(outcome.exit_code, 128 + signal);
      EXPECT_NE(outcome.err.find("ramet: error: interrupted\n"), std::string::npos);
      EXPECT_EQ(outcome.out, "");
      expect_only({"train.csv"});
    }
  }
}

}  // namespace
}  // namespace ramet::test
