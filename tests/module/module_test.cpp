// Backends in modules: what is found where, what is refused, and that errors and callbacks cross the border.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <string>

#include "naive/toy_data.hpp"
#include "ramet/version.hpp"
#include "train/backend_module.hpp"
#include "train/boosting.hpp"
#include "train/expect_error.hpp"

namespace ramet::training {
namespace {

namespace fs = std::filesystem;
using naive::ToyTable;

const fs::path modules = RAMET_TEST_MODULES;

// Sets RAMET_CUDA_MODULE for a test.
class ModuleVariable {
 public:
  explicit ModuleVariable(const std::string& value) { setenv("RAMET_CUDA_MODULE", value.c_str(), 1); }
  ~ModuleVariable() { unsetenv("RAMET_CUDA_MODULE"); }
  ModuleVariable(const ModuleVariable&) = delete;
  ModuleVariable& operator=(const ModuleVariable&) = delete;
};

void expect_problem(const FoundModule& found, const std::vector<std::string>& texts) {
  EXPECT_EQ(found.backend, nullptr);
  for (const std::string& text : texts) {
    EXPECT_NE(found.problem.find(text), std::string::npos) << "`" << found.problem << "` lacks " << text;
  }
}

TEST(LoadModule, OneThatFitsIsUsable) {
  const FoundModule found = load_module(modules / "libsample_failing.so");
  ASSERT_NE(found.backend, nullptr) << found.problem;
  EXPECT_EQ(found.problem, "");
  EXPECT_EQ(found.backend->name, "cuda");
  EXPECT_TRUE(found.backend->handles("cuda:1"));
  EXPECT_FALSE(found.backend->handles("cpu"));
  ASSERT_EQ(found.backend->devices().size(), 1u);
  EXPECT_EQ(found.backend->devices()[0].detail, "a sample");
}

TEST(LoadModule, OtherBuildsAreRefusedUntouched) {
  expect_problem(load_module(modules / "libsample_other_interface.so"),
                 {"libsample_other_interface.so", "Ramet 0.0.9", "0123456789abcdef", version_string,
                  "build and install both together"});
  expect_problem(load_module(modules / "libsample_other_layout.so"), {"Ramet 0.0.9", version_string});
}

TEST(LoadModule, WhatIsNoModuleIsRefused) {
  expect_problem(load_module(modules / "libsample_no_backend.so"),
                 {"libsample_no_backend.so", "no backend of Ramet"});
  const fs::path text = modules / "text.so";
  std::ofstream(text) << "no library\n";
  expect_problem(load_module(text), {"text.so", "cannot be loaded"});
  fs::remove(text);
  expect_problem(load_module(modules / "absent.so"), {"absent.so", "cannot be loaded"});
}

TEST(FindModule, TheVariableCountsAndSaysSo) {
  {
    const ModuleVariable variable((modules / "libsample_failing.so").string());
    EXPECT_NE(find_module("cuda").backend, nullptr);
  }
  const ModuleVariable variable("/absent/libramet_cuda.so");
  expect_problem(find_module("cuda"),
                 {"RAMET_CUDA_MODULE = /absent/libramet_cuda.so", "there is no such file"});
}

TEST(FindModule, AMissingOneIsLookedForBesideTheProgramAndWhereItIsInstalled) {
  const FoundModule found = find_module("nonesuch");
  expect_problem(found, {"libramet_nonesuch.so", "-DRAMET_NONESUCH=ON", "RAMET_NONESUCH_MODULE"});
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
  std::vector<fs::path> folders;
  for (const fs::path& file : module_files("nonesuch")) {
    folders.push_back(file.parent_path());
    EXPECT_TRUE(file.is_absolute()) << file;
    EXPECT_NE(found.problem.find(folders.back().string()), std::string::npos) << file;
  }
  const auto has = [&](const fs::path& folder) {
    return std::find(folders.begin(), folders.end(), folder) != folders.end();
  };
  EXPECT_TRUE(has(program));
  EXPECT_TRUE(has(program.parent_path() / "lib" / "ramet"));
}

TEST(FindModule, OneBesideTheProgramIsFound) {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
  const fs::path beside = program / "libramet_beside.so";
  fs::remove(beside);
  fs::create_symlink(modules / "libsample_failing.so", beside);
  EXPECT_NE(find_module("beside").backend, nullptr) << find_module("beside").problem;
  fs::remove(beside);
}

// Thrown in the module, by code of its own; caught here by type.
TEST(Border, ErrorsOfAModuleAreCaughtHere) {
  const FoundModule found = load_module(modules / "libsample_failing.so");
  ASSERT_NE(found.backend, nullptr);
  const Dataset data = ToyTable({}).dataset();
  expect_error(ErrorCode::device, "device = cpu: this one is a sample",
               [&] { boost(found.backend->open, {}, data, {}); });
}

// Thrown here, in a callback, on its way through the module.
TEST(Border, ErrorsOfACallbackPassThroughAModule) {
  const FoundModule found = load_module(modules / "libsample_failing.so");
  ASSERT_NE(found.backend, nullptr);
  struct Mine {
    int number;
  };
  TrainOptions options;
  options.cancelled = []() -> bool { throw Mine{7}; };
  try {
    boost(found.backend->open, {}, ToyTable({}).dataset(), options);
    FAIL() << "nothing was thrown";
  } catch (const Mine& mine) {
    EXPECT_EQ(mine.number, 7);
  }
}

#ifdef RAMET_TEST_CUDA_MODULE
// The CUDA backend itself, as a module: the emulated one here, a real one where there is a device.
const backend::Backend* cuda_module() {
  const FoundModule found = load_module(RAMET_TEST_CUDA_MODULE);
  EXPECT_NE(found.backend, nullptr) << found.problem;
  return found.backend;
}

bool has_device(const backend::Backend& cuda) { return cuda.devices().front().usable; }

TEST(CudaModule, HandlesItsDevicesAndListsThem) {
  const backend::Backend* cuda = cuda_module();
  ASSERT_NE(cuda, nullptr);
  for (const char* device : {"cuda", "cuda:0", "cuda:1", "cuda:0,1"}) EXPECT_TRUE(cuda->handles(device));
  for (const char* device : {"cpu", "cuda:", "cuda:x", "cuda:0,", "cudas"}) {
    EXPECT_FALSE(cuda->handles(device)) << device;
  }
  ASSERT_FALSE(cuda->devices().empty());
  if (!has_device(*cuda)) {
    EXPECT_NE(cuda->devices().front().detail, "");
  }
}

TEST(CudaModule, GrowsTheSameModelAsTheLibrary) {
  const backend::Backend* cuda = cuda_module();
  ASSERT_NE(cuda, nullptr);
  if (!has_device(*cuda)) GTEST_SKIP() << cuda->devices().front().detail;
  TrainParams params;
  params.objective = "binary:logistic";
  params.num_round = 3;
  params.max_depth = 4;
  params.subsample = 0.7;
  const Dataset data = ToyTable({.labels = naive::ToyLabels::binary}).dataset();
  TrainReport report;
  const Model model = boost(cuda->open, params, data, {.evaluate_train = true, .report = &report});
  const Model reference = train(params, data);
  EXPECT_EQ(model.serialize(), reference.serialize());
  EXPECT_FALSE(report.phases.empty());
}

TEST(CudaModule, ItsErrorsAreCaughtHere) {
  const backend::Backend* cuda = cuda_module();
  ASSERT_NE(cuda, nullptr);
  if (!has_device(*cuda)) GTEST_SKIP() << cuda->devices().front().detail;
  std::vector<double> labels(100, 1.0);
  labels[17] = 1e308;
  DatasetOptions options;
  std::vector<float> x(100);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  options.labels = labels;
  const Dataset data = Dataset::from_dense(x.data(), 100, 1, options);
  TrainParams params;
  params.base_score = 0.5;
  expect_error(ErrorCode::invalid_data, "row 17", [&] { boost(cuda->open, params, data, {}); });
  TrainOptions cancelling;
  cancelling.cancelled = [] { return true; };
  expect_error(ErrorCode::cancelled, "", [&] { boost(cuda->open, {}, ToyTable({}).dataset(), cancelling); });
}
#endif

}  // namespace
}  // namespace ramet::training
