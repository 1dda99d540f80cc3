// What is wrong with memory shows as an error that names the field; failures of the device come through.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "comm/ranks.hpp"
#include "cuda/device_values.hpp"
#include "cuda/ingest.hpp"
#include "cuda/ingest_cases.hpp"
#include "cuda/stream.hpp"
#include "data/matrices.hpp"
#include "ramet/error.hpp"

#if __has_include("emulation/control.hpp")
#include "emulation/control.hpp"
#endif

namespace ramet::cuda::test {
namespace {

using ramet::test::odd_matrix;
using ramet::test::run_ranks;

void expect_error(const std::function<void()>& run, std::string_view text,
                  ErrorCode code = ErrorCode::invalid_data) {
  try {
    run();
    FAIL() << "no error; expected: " << text;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    EXPECT_NE(std::string_view(e.what()).find(text), std::string_view::npos) << e.what();
  }
}

TEST(IngestErrors, HostMemoryThatIsNotCalledSo) {
  Upload host = upload<float>(odd_matrix(20, 4, 1), Form::rows, true);
  host.matrix.on_host = false;
  expect_error([&] { bin_on_device(host.matrix); }, "data is not in the memory of a CUDA device");
}

TEST(IngestErrors, NoSuchDevice) {
  const Upload values = upload<float>(odd_matrix(20, 4, 1), Form::rows);
  DeviceMatrix matrix = values.matrix;
  matrix.device = 77;
  expect_error([&] { bin_on_device(matrix); }, "device = 77: there ", ErrorCode::device);
}

TEST(IngestErrors, ErrorsOfDataSets) {
  const Matrix x = odd_matrix(20, 4, 1);
  const Upload values = upload<float>(x, Form::rows);
  expect_error([&] { bin_on_device({.rows = 0, .cols = 3}); }, "the data set has no rows");
  const std::vector<double> labels(3);
  expect_error([&] { bin_on_device(values.matrix, {.labels = labels}); },
               "labels has 3 entries but the data has 20 rows");
  expect_error([&] { bin_on_device(values.matrix, {.categorical = {9}}); }, "categorical names column 9");
  expect_error([&] { bin_on_device(values.matrix, {.bins = {.max_bin = 1}}); }, "max_bin = 1",
               ErrorCode::invalid_parameter);
  const Dataset reference = bin_on_host(odd_matrix(20, 5, 1));
  expect_error([&] { bin_on_device(values.matrix, {.reference = &reference}); },
               "the data has 4 columns, but the reference data set has 5");
}

#if __has_include("emulation/control.hpp")

TEST(IngestErrors, AShapeBeyondTheMemory) {
  const Upload values = upload<float>(odd_matrix(20, 4, 1), Form::rows);
  DeviceMatrix matrix = values.matrix;
  matrix.rows = 21;
  expect_error([&] { bin_on_device(matrix); }, "data is not in the memory");
}

TEST(IngestErrors, AnotherDevicesMemory) {
  const emulation::Config before = emulation::configuration();
  emulation::Config two = before;
  two.devices = 2;
  emulation::configure(two);
  {
    const Upload values = upload<float>(odd_matrix(20, 4, 1), Form::rows);
    DeviceMatrix matrix = values.matrix;
    matrix.device = 1;
    expect_error([&] { bin_on_device(matrix); }, "data is in the memory of device 0, not of device = 1");
  }
  emulation::configure(before);
}

// Wherever the device fails, the caller gets an error, and nothing stays allocated. (Failures while something
// is put back or released change nothing.)
TEST(IngestErrors, EveryCallMayFail) {
  const Upload values = upload<float>(odd_matrix(40, 4, 2), Form::rows);
  const DatasetOptions options{.categorical = {1}, .threads = 1};
  const std::int64_t before = emulation::counted_calls();
  const Dataset expected = bin_on_device(values.matrix, options);
  const std::int64_t calls = emulation::counted_calls() - before;
  ASSERT_GT(calls, 20);
  const std::size_t allocations = emulation::live_allocations();
  const std::size_t streams = emulation::live_streams();
  const std::size_t events = emulation::live_events();
  std::int64_t unharmed = 0;
  for (const cudaError_t status : {cudaErrorMemoryAllocation, cudaErrorUnknown}) {
    for (std::int64_t call = 0; call < calls; call += status == cudaErrorMemoryAllocation ? 1 : 5) {
      SCOPED_TRACE(testing::Message() << "call " << call);
      emulation::fail_next(status, call);
      try {
        expect_same_bytes(expected, bin_on_device(values.matrix, options));
        ++unharmed;
      } catch (const Error& e) {
        const bool memory = e.code() == ErrorCode::out_of_memory;
        EXPECT_TRUE(status == cudaErrorMemoryAllocation ? memory : e.code() == ErrorCode::device) << e.what();
      }
      emulation::reset();
      EXPECT_EQ(emulation::live_allocations(), allocations) << emulation::describe_live_allocations();
    }
  }
  EXPECT_LT(unharmed, calls / 10);
  EXPECT_EQ(emulation::live_streams(), streams);
  EXPECT_EQ(emulation::live_events(), events);
}

TEST(IngestErrors, OneRanksFailureIsAllRanks) {
  const Upload values = upload<float>(odd_matrix(60, 4, 2), Form::rows);
  const auto outcomes = run_ranks(2, [&](const std::shared_ptr<Communicator>& communicator) {
    DeviceMatrix matrix = values.matrix;
    if (communicator->rank() == 1) matrix.device = 5;
    bin_on_device(matrix, {.communicator = communicator, .threads = 1});
  });
  for (const auto& outcome : outcomes) {
    EXPECT_TRUE(outcome.failed);
    EXPECT_EQ(outcome.code, ErrorCode::device);
    EXPECT_NE(outcome.message.find("device = 5"), std::string::npos) << outcome.message;
  }
}

#endif

}  // namespace
}  // namespace ramet::cuda::test
