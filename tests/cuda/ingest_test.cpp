// Data sets binned on the device are, byte by byte, those that the host makes of the same values.
#include "cuda/ingest.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "comm/ranks.hpp"
#include "cuda/check.hpp"
#include "cuda/ingest_cases.hpp"
#include "cuda/stream.hpp"
#include "cuda/thread_order.hpp"
#include "data/dataset_data.hpp"
#include "data/matrices.hpp"
#include "ramet/communicator.hpp"

#if __has_include("emulation/control.hpp")
#include "emulation/control.hpp"
#endif

namespace ramet::cuda::test {
namespace {

using ramet::test::odd_matrix;
using ramet::test::run_ranks;

TEST(Ingest, FormsTypesAndMemories) {
  for_thread_orders([] { expect_as_on_host(odd_matrix(300, 21, 7), {.bins = {.max_bin = 40}}); });
}

TEST(Ingest, BinsAndSamples) {
  const Matrix x = odd_matrix(700, 21, 8);
  const Upload floats = upload<float>(x, Form::rows);
  const Upload doubles = upload<double>(x, Form::columns);
  for (const int max_bin : {2, 3, 16, 255, 256, 65535}) {
    for (const std::int64_t bin_sample : {0, 1, 100, 262'144}) {
      SCOPED_TRACE(testing::Message() << "max_bin " << max_bin << " bin_sample " << bin_sample);
      const DatasetOptions options{.bins = {.max_bin = max_bin, .bin_sample = bin_sample, .seed = 5}};
      const Dataset expected = bin_on_host(x, options);
      expect_same_bytes(expected, bin_on_device(floats.matrix, options));
      expect_same_bytes(expected, bin_on_device(doubles.matrix, options));
    }
  }
}

TEST(Ingest, SmallSizes) {
  for (const std::int64_t rows : {1, 2, 7, 31, 32, 33})
    expect_as_on_host(odd_matrix(rows, 10, static_cast<std::uint32_t>(rows)), {.threads = 1});
  expect_as_on_host(odd_matrix(33, 1, 3), {.threads = 1});
}

// Doubles that no float is near to, and whose differences are in the last bits.
TEST(Ingest, DoublesAreExact) {
  std::mt19937_64 random(3);
  Matrix x{.rows = 900, .cols = 3, .values = {}};
  for (std::int64_t r = 0; r < x.rows; ++r) {
    x.values.push_back(1.0 + static_cast<double>(random() % 600) * 0x1p-52);
    x.values.push_back(static_cast<double>(random() % 700) * 0x1p-1074 * (r % 2 == 0 ? 1 : -1));
    x.values.push_back(static_cast<double>(static_cast<std::int64_t>(random())));
  }
  for (const int max_bin : {16, 255, 1000}) {
    const DatasetOptions options{.bins = {.max_bin = max_bin}};
    const Dataset expected = bin_on_host(x, options);
    for (const Form form : all_forms)
      expect_same_bytes(expected, bin_on_device(upload<double>(x, form).matrix, options));
  }
}

// More columns than a block codes together, with trees of all sizes.
TEST(Ingest, ManyColumns) {
  const Matrix x = odd_matrix(70, 137, 9);
  for (const int max_bin : {5, 255}) expect_as_on_host(x, {.bins = {.max_bin = max_bin}});
}

// Trees beyond shared memory beside small ones, in two-byte codes beside one-byte ones.
TEST(Ingest, LargeTrees) {
  Matrix x{.rows = 6000, .cols = 4, .values = {}};
  std::mt19937 random(5);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    x.values.push_back(static_cast<double>(random() % 100'000));
    x.values.push_back(static_cast<double>(random() % 3));
    x.values.push_back(static_cast<double>(random() % 1000));
    x.values.push_back(static_cast<double>(random() >> 8));
  }
  const DatasetOptions options{.bins = {.max_bin = 65535}};
  const Dataset expected = bin_on_host(x, options);
  ASSERT_GT(expected.data().bins->features[0].cuts.size(), 4096u);
  for_thread_orders([&] {
    for (const auto& limits : {std::optional<IngestLimits>{}, std::optional(tiny_limits)})
      expect_same_bytes(expected, bin_on_device(upload<float>(x, Form::rows).matrix, options, limits));
  });
}

TEST(Ingest, Weights) {
  const Matrix x = odd_matrix(800, 10, 3);
  std::vector<double> labels;
  for (std::int64_t r = 0; r < x.rows; ++r) labels.push_back(static_cast<double>(r % 7));
  for (const double share : {0.5, 0.01, 0.99}) {
    std::mt19937 random(1);
    std::vector<double> weights;
    for (std::int64_t r = 0; r < x.rows; ++r)
      weights.push_back(static_cast<double>(random()) * 0x1p-32 < share ? 0.0 : 0.5);
    for (const std::int64_t bin_sample : {0, 50, 700}) {
      const DatasetOptions options{
          .labels = labels, .weights = weights, .bins = {.max_bin = 16, .bin_sample = bin_sample}};
      expect_same_bytes(bin_on_host(x, options), bin_on_device(upload<float>(x, Form::rows).matrix, options));
    }
  }
}

TEST(Ingest, PagesAndThreads) {
  const Matrix x = odd_matrix(2000, 11, 17);
  const Upload on_device = upload<float>(x, Form::rows);
  for (const std::int64_t page_rows : {0, 37, 999, 2000, 1'000'000}) {
    for (const int threads : {1, 4}) {
      const DatasetOptions options{.bins = {.max_bin = 300}, .page_rows = page_rows, .threads = threads};
      expect_same_bytes(bin_on_host(x, options), bin_on_device(on_device.matrix, options));
    }
  }
}

// Rows, columns and cuts in pieces.
TEST(Ingest, LittleMemory) {
  const Matrix x = odd_matrix(2100, 21, 23);
  expect_as_on_host(x, {.bins = {.max_bin = 255}, .page_rows = 1111}, tiny_limits);
  const IngestLimits none{.device_bytes = 1, .pinned_bytes = 1};
  expect_as_on_host(odd_matrix(40, 12, 24), {.categorical = {1, 3}, .threads = 1}, none);
  // Samples in pieces whose values overlap.
  const DatasetOptions all_rows{.bins = {.max_bin = 30, .bin_sample = 0}, .threads = 1};
  expect_same_bytes(bin_on_host(x, all_rows),
                    bin_on_device(upload<float>(x, Form::rows).matrix, all_rows,
                                  IngestLimits{.device_bytes = 30'000, .pinned_bytes = 1'000'000}));
}

TEST(Ingest, Categories) {
  const Matrix x = odd_matrix(400, 21, 29);
  std::vector<std::string> names;
  for (std::int64_t c = 0; c < x.cols; ++c) names.push_back("column " + std::to_string(c));
  for (const std::vector<int>& categorical : {std::vector<int>{1, 3, 8, 9}, {4}, {0, 20}}) {
    expect_as_on_host(x, {.feature_names = names, .categorical = categorical, .bins = {.max_bin = 100}});
    expect_as_on_host(x, {.categorical = categorical}, tiny_limits);
  }
  const Matrix few = odd_matrix(300, 2, 30);
  expect_as_on_host(few, {.categorical = {0, 1}});
}

TEST(Ingest, ReferenceDataSets) {
  const Matrix x = odd_matrix(900, 20, 31);
  const Matrix other = odd_matrix(500, 20, 32);
  const Dataset reference = bin_on_host(x, {.categorical = {1, 8}, .bins = {.max_bin = 20}});
  expect_as_on_host(other, {.reference = &reference});
  const Dataset on_device =
      bin_on_device(upload<float>(x, Form::rows).matrix, {.categorical = {1, 8}, .bins = {.max_bin = 20}});
  expect_same_bytes(bin_on_host(other, {.reference = &reference}),
                    bin_on_device(upload<double>(other, Form::columns).matrix, {.reference = &on_device}));
}

// Ranks are shards on one device; one of them has no rows.
TEST(Ingest, Ranks) {
  const Matrix x = odd_matrix(1000, 20, 37);
  const std::int64_t begins[] = {0, 300, 300, 1000};
  std::vector<std::optional<Dataset>> expected(3);
  std::vector<std::optional<Dataset>> found(3);
  for (const bool on_device : {false, true}) {
    run_ranks(3, [&](const std::shared_ptr<Communicator>& communicator) {
      const int rank = communicator->rank();
      const std::int64_t rows = begins[rank + 1] - begins[rank];
      Matrix shard{.rows = rows, .cols = x.cols, .values = {}};
      shard.values.assign(x.values.begin() + begins[rank] * x.cols,
                          x.values.begin() + begins[rank + 1] * x.cols);
      const DatasetOptions options{.categorical = {1},
                                   .bins = {.max_bin = 30, .bin_sample = 400},
                                   .communicator = communicator,
                                   .threads = 1};
      if (!on_device) {
        expected[rank] = bin_on_host(shard, options);
      } else if (rows == 0) {
        found[rank] = bin_on_device({.rows = 0, .cols = x.cols}, options);
      } else {
        found[rank] = bin_on_device(upload<float>(shard, Form::rows).matrix, options);
      }
    });
  }
  for (int r = 0; r < 3; ++r) expect_same_bytes(*expected[r], *found[r]);
}

RC_GTEST_PROP(Ingest, RandomMatrices, ()) {
  const auto rows = *rc::gen::inRange<std::int64_t>(1, 400);
  const auto cols = *rc::gen::inRange<std::int64_t>(1, 45);
  const Matrix x = odd_matrix(rows, cols, *rc::gen::arbitrary<std::uint32_t>());
  DatasetOptions options{.bins = {.max_bin = *rc::gen::inRange(2, 400),
                                  .bin_sample = *rc::gen::inRange<std::int64_t>(0, 500),
                                  .seed = *rc::gen::arbitrary<std::uint64_t>()},
                         .page_rows = *rc::gen::inRange<std::int64_t>(0, 300)};
  const IngestLimits limits{.device_bytes = *rc::gen::inRange<std::size_t>(1, 300'000),
                            .pinned_bytes = *rc::gen::inRange<std::size_t>(1, 100'000)};
  const Form form = *rc::gen::elementOf(std::vector<Form>{Form::rows, Form::columns, Form::spread});
  const Upload values = upload<float>(x, form, *rc::gen::arbitrary<bool>());
  expect_same_bytes(bin_on_host(x, options), bin_on_device(values.matrix, options, limits));
  RC_ASSERT(!testing::Test::HasFailure());
}

#if __has_include("emulation/control.hpp")

// Without limits of its own it takes a part of what is free.
TEST(Ingest, SmallDevice) {
  const emulation::Config before = emulation::configuration();
  const Matrix x = odd_matrix(4000, 10, 41);
  const DatasetOptions options{.bins = {.bin_sample = 0}};
  const Dataset expected = bin_on_host(x, options);
  const Upload host = upload<float>(x, Form::rows, true);
  emulation::Config small = before;
  small.memory_bytes = 400'000;
  emulation::configure(small);
  expect_same_bytes(expected, bin_on_device(host.matrix, options));
  const Upload on_device = upload<float>(x, Form::rows);
  expect_same_bytes(expected, bin_on_device(on_device.matrix, options));
  emulation::configure(before);
}

TEST(Ingest, KeepsToItsLimits) {
  const Matrix x = odd_matrix(3000, 10, 42);
  const DatasetOptions options{.categorical = {1}, .bins = {.bin_sample = 0}};
  const Dataset expected = bin_on_host(x, options);
  const Upload host = upload<float>(x, Form::rows, true);
  for (const std::size_t bytes : {60'000, 150'000}) {
    emulation::reset_peak_bytes();
    const std::size_t before = emulation::peak_bytes(0);
    expect_same_bytes(expected, bin_on_device(host.matrix, options, IngestLimits{.device_bytes = bytes}));
    // Descriptions of columns come on top.
    EXPECT_LE(emulation::peak_bytes(0) - before, bytes + 4096);
    EXPECT_GT(emulation::peak_bytes(0) - before, bytes / 4);
  }
}

TEST(Ingest, LeavesNothingBehind) {
  const Matrix x = odd_matrix(300, 12, 43);
  const std::size_t allocations = emulation::live_allocations();
  const std::size_t streams = emulation::live_streams();
  const std::size_t events = emulation::live_events();
  expect_as_on_host(x, {.categorical = {1}});
  EXPECT_EQ(emulation::live_allocations(), allocations) << emulation::describe_live_allocations();
  EXPECT_EQ(emulation::live_streams(), streams);
  EXPECT_EQ(emulation::live_events(), events);
}

TEST(Ingest, RunsOnTheDeviceOfTheData) {
  const emulation::Config before = emulation::configuration();
  emulation::Config two = before;
  two.devices = 2;
  emulation::configure(two);
  const Matrix x = odd_matrix(400, 12, 47);
  const Dataset expected = bin_on_host(x, {.categorical = {1}});
  {
    std::optional<Upload> values;
    {
      const CurrentDevice second(1);
      values.emplace(upload<float>(x, Form::rows));
    }
    for (const int device : {1, -1}) {
      values->matrix.device = device;
      expect_same_bytes(expected, bin_on_device(values->matrix, {.categorical = {1}}));
    }
    Upload host = upload<double>(x, Form::columns, true);
    host.matrix.device = 1;
    expect_same_bytes(expected, bin_on_device(host.matrix, {.categorical = {1}}));
    int current = -1;
    check(cudaGetDevice(&current), "asking");
    EXPECT_EQ(current, 0);
  }
  emulation::configure(before);
}

#endif

}  // namespace
}  // namespace ramet::cuda::test
