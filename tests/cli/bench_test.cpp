// ramet bench: what it prints and writes, on which devices, and the data it makes; ramet devices with
// modules.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/bench.hpp"
#include "cli/command.hpp"
#include "cli/generated_data.hpp"
#include "cli/process.hpp"
#include "cli/report.hpp"
#include "cli/tables.hpp"
#include "ramet/error.hpp"

namespace ramet::test {
namespace {

using cli::BenchRun;
using cli::GeneratedData;
using cli::split_devices;
using cli::UsageError;

const Arguments small{"bench", "--generate", "300x6", "--num-round", "3", "--max-depth", "3", "--quiet"};

bool emulated() { return std::string(RAMET_TEST_CUDA) == "EMULATED"; }

nlohmann::json report_of(const Arguments& arguments) {
  return nlohmann::json::parse(succeed(arguments + Arguments{"--report", "-"}));
}

TEST(Bench, PrintsATableWithAColumnForEachDevice) {
  const std::string text = succeed(small + Arguments{"--devices", "cpu,cpu"});
  for (const char* row :
       {"data      generated 300x6, seed 0: 300 rows, 6 features", "binary:logistic, depthwise, 3 trees",
        "\nset-up s", "\nhistogram s", "\ntotal s", "\nspeed-up", "\nms a tree", "\nhost MiB", "\ndevice MiB",
        "reference  identical"}) {
    EXPECT_NE(text.find(row), std::string::npos) << row << " is not in:\n" << text;
  }
}

TEST(Bench, ReportsWhatItMeasured) {
  const nlohmann::json report =
      report_of(small + Arguments{"--devices", "cpu,cpu", "--repeats", "2", "--seed", "5"});
  EXPECT_EQ(report["data"], "generated 300x6, seed 5");
  EXPECT_EQ(report["rows"], 300);
  EXPECT_EQ(report["features"], 6);
  EXPECT_EQ(report["identical"], true);
  EXPECT_EQ(report["parameters"]["num_round"], 3);
  ASSERT_EQ(report["runs"].size(), 2u);
  for (const nlohmann::json& run : report["runs"]) {
    EXPECT_EQ(run["device"], "cpu");
    EXPECT_EQ(run["trees"], 3);
    EXPECT_EQ(run["identical"], true);
    EXPECT_EQ(run["repeats_total_s"].size(), 2u);
    EXPECT_GE(run["total_s"].get<double>(), run["train_s"].get<double>());
    EXPECT_GT(run["ms_per_tree"].get<double>(), 0);
    EXPECT_GT(run["speed_up"].get<double>(), 0);
    EXPECT_GT(run["peak_memory_bytes"].get<std::int64_t>(), 1 << 20);
    EXPECT_TRUE(run["phases"].contains("histogram"));
  }
  EXPECT_EQ(report["runs"][0]["speed_up"], 1.0);
}

TEST(Bench, TheEmulatedDeviceGrowsTheSameModel) {
  if (!emulated()) GTEST_SKIP() << "built without the emulated device";
  const nlohmann::json report = report_of(small + Arguments{"--devices", "cpu,cuda:0"});
  EXPECT_EQ(report["identical"], true);
  EXPECT_EQ(report["runs"][1]["device"], "cuda:0");
}

TEST(Bench, ReadsFilesAsTrainDoes) {
  const Folder folder;
  const std::string data = folder.write("d.csv", table_text(80));
  const nlohmann::json report = report_of(Arguments{"bench", "--data", data, "--devices", "cpu", "--rounds",
                                                    "2", "--objective", "binary:logistic", "--quiet"} +
                                          learn("kind"));
  EXPECT_EQ(report["data"], data);
  EXPECT_EQ(report["rows"], 80);
  EXPECT_EQ(report["runs"][0]["trees"], 2);
}

TEST(Bench, MistakesAreExplained) {
  expect_error({"bench"}, 2, {"--data or --generate"});
  expect_error({"bench", "--data", "d.csv"}, 2, {"--target is missing"});
  expect_error({"bench", "--generate", "10x6", "--data", "d.csv"}, 2, {"--data or --generate"});
  expect_error({"bench", "--generate", "10x5"}, 2, {"--generate 10x5", "ROWSxCOLUMNS"});
  expect_error(small + Arguments{"--devices", "cpu,,cpu"}, 2, {"--devices cpu,,cpu"});
  expect_error(small + Arguments{"--devices", "0,cpu"}, 2, {"--devices 0,cpu"});
  expect_error(small + Arguments{"--devices", "cpu,tpu"}, 2, {"device = tpu", "cuda:N"});
  expect_error(small + Arguments{"--device", "cpu"}, 2, {"--device", "--devices"});
  expect_error(small + Arguments{"--rounds", "3"}, 2, {"--rounds and --num-round"});
  expect_error(small + Arguments{"--repeats", "0"}, 2, {"--repeats 0"});
  expect_error(small + Arguments{"--early-stopping-rounds", "2"}, 2, {"early_stopping_rounds = 2"});
  expect_error(small + Arguments{"--report", "/absent/r.json"}, 1, {"/absent/r.json"});
}

TEST(SplitDevices, NumbersBelongToTheDeviceBefore) {
  using List = std::vector<std::string>;
  EXPECT_EQ(split_devices("cpu"), List{"cpu"});
  EXPECT_EQ(split_devices("cpu,cuda"), (List{"cpu", "cuda"}));
  EXPECT_EQ(split_devices("cuda:0,1,cpu,cuda:2"), (List{"cuda:0,1", "cpu", "cuda:2"}));
  for (const char* wrong : {"", "1", "cpu,", ",cpu"}) EXPECT_THROW(split_devices(wrong), UsageError) << wrong;
}

std::vector<BenchRun> two_runs(bool identical) {
  BenchRun slow{.device = "cpu", .total_s = 3, .train_s = 2, .tree_ms = 20, .phases = {{"search", 1.5}}};
  BenchRun fast{
      .device = "cuda:0", .total_s = 0.5, .train_s = 0.25, .tree_ms = 2.5, .phases = {{"copy", 0.1}}};
  fast.device_bytes = std::int64_t{300} << 20;
  fast.identical = identical;
  return {slow, fast};
}

TEST(BenchText, ComparesWithTheFirstDevice) {
  const std::string text = bench_text({}, {}, two_runs(true));
  for (const char* row : {"set-up s            1.000      0.250", "search s            1.500          -",
                          "copy s                  -      0.100", "speed-up             1.00       6.00",
                          "device MiB              -        300", "model           reference  identical"}) {
    EXPECT_NE(text.find(row), std::string::npos) << row << " is not in:\n" << text;
  }
}

TEST(BenchText, SaysThatModelsDiffer) {
  EXPECT_NE(bench_text({}, {}, two_runs(false)).find("DIFFERS"), std::string::npos);
  EXPECT_EQ(bench_report({}, {}, two_runs(false))["identical"], false);
  EXPECT_EQ(bench_report({}, {}, two_runs(false))["runs"][1]["identical"], false);
  EXPECT_EQ(bench_report({}, {}, two_runs(true))["identical"], true);
}

TEST(Generate, ShapesAreParsed) {
  EXPECT_EQ(cli::parse_shape("11000000x28").rows, 11'000'000);
  EXPECT_EQ(cli::parse_shape("11000000x28").columns, 28);
  for (const char* wrong : {"", "10", "x28", "10x", "10x5", "0x28", "-1x28", "10x28x", "10X28", "10x28 "}) {
    EXPECT_THROW(cli::parse_shape(wrong), UsageError) << wrong;
  }
}

TEST(Generate, IsTheSameForAnyNumberOfThreadsAndAnyNumberOfRows) {
  const GeneratedData one = cli::generate({.rows = 70'000, .columns = 7}, 3, 1);
  const GeneratedData three = cli::generate({.rows = 70'000, .columns = 7}, 3, 3);
  EXPECT_EQ(one.x, three.x);
  EXPECT_EQ(one.labels, three.labels);
  const GeneratedData longer = cli::generate({.rows = 70'001, .columns = 7}, 3, 2);
  EXPECT_TRUE(std::equal(one.x.begin(), one.x.end(), longer.x.begin()));
  EXPECT_NE(one.x, cli::generate({.rows = 70'000, .columns = 7}, 4, 2).x);
}

// The bytes are part of what published timings mean.
TEST(Generate, BytesAreFixed) {
  const GeneratedData data = cli::generate({.rows = 1'000, .columns = 28}, 0, 0);
  std::uint64_t digest = 0;
  for (const float x : data.x) digest = (digest ^ std::bit_cast<std::uint32_t>(x)) * 0x100000001b3u;
  for (const double y : data.labels) digest = (digest ^ static_cast<std::uint64_t>(y)) * 0x100000001b3u;
  EXPECT_EQ(digest, 9557548994667446637u);
}

TEST(Generate, HasBellsASkewedColumnHypotenusesAndBothClasses) {
  const std::int64_t rows = 50'000;
  const int columns = 9;
  const GeneratedData data = cli::generate({.rows = rows, .columns = columns}, 1, 0);
  std::vector<double> mean(9);
  std::vector<double> square(9);
  std::vector<float> least(9, 1e9F);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < 9; ++c) {
      const float x = data.x[static_cast<std::size_t>(r) * 9 + c];
      mean[c] += static_cast<double>(x) / rows;
      square[c] += static_cast<double>(x) * static_cast<double>(x) / rows;
      least[c] = std::min(least[c], x);
    }
  }
  EXPECT_GT(least[0], 0);  // exp
  for (std::size_t c = 1; c < 6; ++c) {
    EXPECT_NEAR(mean[c], 0, 0.03) << c;
    EXPECT_NEAR(square[c], 1, 0.03) << c;
  }
  for (std::size_t c = 6; c < 9; ++c) EXPECT_NEAR(mean[c], 1.2533, 0.03) << c;  // Rayleigh: sqrt(pi / 2)
  double positive = 0;
  for (const double y : data.labels) positive += y / rows;
  EXPECT_NEAR(positive, 0.5, 0.05);
}

TEST(Generate, IsSavedAsNumPyFile) {
  const Folder folder;
  const GeneratedData data = cli::generate({.rows = 3, .columns = 6}, 0, 1);
  cli::save_npy(data, folder / "d.npy");
  const std::string bytes = read_file(folder / "d.npy");
  ASSERT_EQ(bytes.size(), 128u + 3 * 7 * 4);
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_EQ(bytes.substr(10, 62), "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 7), }   ");
  EXPECT_EQ(bytes[127], '\n');
  std::vector<float> values(21);
  std::memcpy(values.data(), bytes.data() + 128, 84);
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t c = 0; c < 6; ++c) EXPECT_EQ(values[r * 7 + c], data.x[r * 6 + c]);
    EXPECT_EQ(values[r * 7 + 6], static_cast<float>(data.labels[r]));
  }
}

TEST(Bench, SavesTheDataThatItGenerated) {
  const Folder folder;
  succeed(small + Arguments{"--devices", "cpu", "--save-data", folder / "d.npy"});
  EXPECT_EQ(read_file(folder / "d.npy").size(), 128u + 300 * 7 * 4);
  expect_error({"bench", "--data", "d.csv", "--target", "y", "--save-data", "d.npy"}, 2,
               {"--save-data", "--generate"});
}

TEST(Generate, CanBeLearned) {
  const GeneratedData data = cli::generate({.rows = 4'000, .columns = 12}, 2, 0);
  DatasetOptions options;
  options.labels = data.labels;
  const Dataset dataset = Dataset::from_dense(data.x.data(), 4'000, 12, options);
  TrainParams params;
  params.objective = "binary:logistic";
  params.metric = {"auc"};
  params.num_round = 20;
  TrainReport report;
  train(params, dataset, {.evaluate_train = true, .report = &report});
  EXPECT_GT(report.rounds.back().back().value, 0.8);
}

// Pages of the system's own: an allocator, a sanitizer's above all, may keep what is given back to it.
TEST(PeakMemory, CanBeStartedAgain) {
  constexpr std::size_t bytes = std::size_t{64} << 20;
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  std::memset(pages, 1, bytes);
  EXPECT_GT(cli::peak_memory_bytes(), std::int64_t{bytes});
  munmap(pages, bytes);
  const std::int64_t before = cli::peak_memory_bytes();
  if (!cli::reset_peak_memory()) GTEST_SKIP() << "the system does not let it";
  EXPECT_LT(cli::peak_memory_bytes(), before);
}

// The environment of the commands that a test starts.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

const std::string modules = RAMET_TEST_MODULES;

TEST(Devices, SaysWhyCudaCannotBeUsed) {
  if (emulated()) GTEST_SKIP() << "the backend is part of the program";
  const Variable variable("RAMET_CUDA_MODULE", "/absent.so");
  const std::string text = succeed({"devices"});
  EXPECT_NE(text.find("cuda  unusable  RAMET_CUDA_MODULE = /absent.so"), std::string::npos) << text;
  const Variable other("RAMET_CUDA_MODULE", modules + "/libsample_other_interface.so");
  EXPECT_NE(succeed({"devices"}).find("was built for Ramet 0.0.9"), std::string::npos);
}

TEST(Devices, ACudaDeviceThatCannotBeUsedIsRefusedWithTheReason) {
  if (emulated()) GTEST_SKIP() << "the backend is part of the program";
  const Variable variable("RAMET_CUDA_MODULE", "/absent.so");
  const Arguments train{"train", "--data", "d.csv", "--target", "y", "--model", "m", "--device"};
  for (const char* device : {"cuda", "cuda:1", "cuda:0,1"}) {
    expect_error(train + Arguments{device}, 1,
                 {std::string("device = ") + device, "RAMET_CUDA_MODULE = /absent.so", "device = cpu works"});
  }
  expect_error(train + Arguments{"tpu"}, 2, {"device = tpu: must be one of cpu, cuda, cuda:N"});
}

TEST(Devices, AModuleIsLoadedFromTheVariablesFile) {
  if (emulated()) GTEST_SKIP() << "the backend is part of the program";
  const Variable variable("RAMET_CUDA_MODULE", modules + "/libsample_failing.so");
  EXPECT_NE(succeed({"devices"}).find("cuda:0  usable    a sample"), std::string::npos);
  expect_error(small + Arguments{"--devices", "cuda:0"}, 1, {"device = cuda:0: this one is a sample"});
  expect_error(small + Arguments{"--devices", "cuda:1"}, 1, {"out of memory"});
}

}  // namespace
}  // namespace ramet::test
