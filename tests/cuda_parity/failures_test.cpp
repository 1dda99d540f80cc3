// What goes wrong with a device ends in a ramet::Error that says what to do; nothing leaks, and training goes
// on working afterwards, on the CPU and on the device.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cpu/backend.hpp"
#include "cuda/backend.hpp"
#include "cuda_parity/devices.hpp"
#include "parity/cases.hpp"
#include "ramet/error.hpp"

#if defined(RAMET_EMULATED_CUDA)
#include <emulation/control.hpp>
#endif

namespace ramet {
namespace {

using naive::ToyTable;

TrainParams params_on(const std::string& device) {
  TrainParams params = parity::base_params();
  params.num_round = 2;
  params.device = device;
  return params;
}

Model train_cuda(const TrainParams& params, const Dataset& data) {
  return training::boost(cuda::cuda_backend().open, params, data, {});
}

// The error's code and message; fails if there is none.
std::pair<ErrorCode, std::string> error_of(const TrainParams& params, const Dataset& data) {
  try {
    (void)train_cuda(params, data);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  ADD_FAILURE() << "no error";
  return {ErrorCode::internal, ""};
}

TEST(CudaFailures, NamesOfDevices) {
  const auto handles = cuda::cuda_backend().handles;
  for (const char* name : {"cuda", "cuda:0", "cuda:12", "cuda:0,1", "cuda:3,1,2"})
    EXPECT_TRUE(handles(name)) << name;
  for (const char* name : {"", "cpu", "cud", "cudax", "cuda:", "cuda:,", "cuda:0,", "cuda:-1", "cuda:1x",
                           "cuda:a", "cuda 0", "cuda:99999999999"}) {
    EXPECT_FALSE(handles(name)) << name;
  }
}

TEST(CudaFailures, DevicesThatAreNotThere) {
  const Dataset data = ToyTable({}).dataset();
  const auto [code, text] = error_of(params_on("cuda:77"), data);
  EXPECT_EQ(code, ErrorCode::device);
  EXPECT_NE(text.find("cuda:77"), std::string::npos) << text;
  EXPECT_NE(text.find("ramet devices"), std::string::npos) << text;
  EXPECT_EQ(error_of(params_on("cuda:0,0"), data).first, ErrorCode::invalid_parameter);
}

#if defined(RAMET_EMULATED_CUDA)

Model train_cpu(TrainParams params, const Dataset& data) {
  params.device = "cpu";
  return training::boost(cpu::cpu_backend().open, params, data, {});
}

// A device with so many bytes of memory.
class SmallDevice {
 public:
  explicit SmallDevice(std::size_t bytes) { emulation::configure({.memory_bytes = bytes}); }
  ~SmallDevice() { emulation::configure({}); }
  SmallDevice(const SmallDevice&) = delete;
  SmallDevice& operator=(const SmallDevice&) = delete;
};

// In every amount of memory training either says that there is too little or makes the same model, giving up
// histograms that it would like to keep.
TEST(CudaFailures, LittleMemory) {
  for (const char* policy : {"depthwise", "lossguide", "symmetric"}) {
    const Dataset data = ToyTable({.rows = 300, .labels = naive::ToyLabels::three_classes}).dataset();
    TrainParams params = params_on("cuda");
    params.objective = "multi:softprob";
    params.grow_policy = policy;
    params.max_depth = 6;
    params.max_leaves = params.grow_policy == "lossguide" ? 40 : 0;
    params.num_round = 1;
    const Model expected = train_cpu(params, data);
    bool too_little = false;
    int trained = 0;
    for (std::size_t kib = 17'400; kib < 90'000; kib += 200 + (kib - 17'400)) {
      const SmallDevice device(kib << 10);
      try {
        parity::expect_equal(train_cuda(params, data), expected, std::to_string(kib) + " KiB, " + policy);
        ++trained;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::out_of_memory) << error.what();
        EXPECT_NE(std::string(error.what()).find("max_depth"), std::string::npos) << error.what();
        EXPECT_EQ(trained, 0) << kib;
        too_little = true;
      }
    }
    EXPECT_TRUE(too_little) << policy;
    EXPECT_GE(trained, 2) << policy;
    EXPECT_EQ(emulation::live_allocations(), 0u) << policy;
  }
}

// Whichever call fails, and however: an error, no leak, and the next training is as good as ever. Only where
// nothing is lost (the thread's previous device cannot be chosen again) training may go on, to the same
// model.
TEST(CudaFailures, AnyCall) {
  const Dataset data = ToyTable({.rows = 200}).dataset();
  TrainParams params = params_on("cuda");
  params.max_depth = 3;
  const Model expected = train_cpu(params, data);
  const std::int64_t before = emulation::counted_calls();
  parity::expect_equal(train_cuda(params, data), expected, "at first");
  const std::int64_t calls = emulation::counted_calls() - before;
  ASSERT_GT(calls, 50);
  for (const cudaError_t failure :
       {cudaErrorMemoryAllocation, cudaErrorLaunchFailure, cudaErrorECCUncorrectable}) {
    int errors = 0;
    int tries = 0;
    for (std::int64_t at = 0; at < calls; at += 1 + calls / 15, ++tries) {
      emulation::fail_next(failure, at);
      try {
        parity::expect_equal(train_cuda(params, data), expected, "call " + std::to_string(at));
      } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()), "") << at;
        ++errors;
      }
      emulation::reset();
      EXPECT_EQ(emulation::live_allocations(), 0u) << at;
    }
    EXPECT_GE(errors, failure == cudaErrorMemoryAllocation ? tries - 4 : tries);
    parity::expect_equal(train_cpu(params, data), expected, "cpu afterwards");
    parity::expect_equal(train_cuda(params, data), expected, "cuda afterwards");
  }
}

// The same with a team, whose other members must not wait for the one that failed.
TEST(CudaFailures, AnyCallOfATeam) {
  const test::EmulatedDevices devices(3);
  const Dataset data = ToyTable({.rows = 200}).dataset();
  TrainParams params = params_on("cuda:0,1,2");
  params.max_depth = 3;
  const Model expected = train_cpu(params, data);
  const std::int64_t before = emulation::counted_calls();
  parity::expect_equal(train_cuda(params, data), expected, "at first");
  const std::int64_t calls = emulation::counted_calls() - before;
  for (std::int64_t at = 0; at < calls; at += 1 + calls / 10) {
    // How often members ask whether others are ready differs from run to run, and with it the number of
    // calls.
    const std::int64_t begun = emulation::counted_calls();
    emulation::fail_next(cudaErrorLaunchFailure, at);
    try {
      (void)train_cuda(params, data);
      EXPECT_LE(emulation::counted_calls() - begun, at);
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()), "") << at;
    }
    emulation::reset();
    EXPECT_EQ(emulation::live_allocations(), 0u) << at;
  }
  parity::expect_equal(train_cuda(params, data), expected, "afterwards");
}

#endif

}  // namespace
}  // namespace ramet
