// Sums of histograms over devices, in pieces, whole or each device's part.
#include "cuda/histogram_reducer.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "cuda/comm_kinds.hpp"
#include "cuda/memory.hpp"

namespace ramet::cuda {
namespace {

using Values = std::vector<std::int64_t>;

std::int64_t value_of(int rank, std::size_t i) {
  return (rank + 1) * 1'000 + static_cast<std::int64_t>(i % 97);
}

// What the histograms are, one after another in memory, and in which order and pieces they are added up.
struct Slots {
  std::int64_t size = 0;
  std::vector<std::int64_t> part_sizes;  // of each slot
  std::vector<std::size_t> order;
  std::vector<std::size_t> piece_ends;
};

// The sums that this device must have: its own part's, or all.
void expect_sums(const DeviceComm& comm, const Slots& slots, std::int32_t parts, const Values& found) {
  for (std::size_t slot = 0; slot < slots.part_sizes.size(); ++slot) {
    const auto part_size = static_cast<std::size_t>(slots.part_sizes[slot]);
    const std::size_t begin = parts > 1 ? static_cast<std::size_t>(comm.rank()) * part_size : 0;
    const std::size_t end = parts > 1 ? begin + part_size : static_cast<std::size_t>(slots.size);
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t at = slot * static_cast<std::size_t>(slots.size) + i;
      std::int64_t expected = 0;
      for (int r = 0; r < comm.size(); ++r) expected += value_of(r, at);
      ASSERT_EQ(found[at], expected) << "slot " << slot << ", value " << i << ", " << parts << " parts";
    }
  }
}

void reduce(DeviceComm& comm, const Slots& slots, std::int32_t parts) {
  const Stream stream;
  HistogramReducer reducer(comm, parts, slots.size);
  Values values(slots.part_sizes.size() * static_cast<std::size_t>(slots.size));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = value_of(comm.rank(), i);
  const DeviceArray<std::int64_t> device(values.size());
  std::vector<BuiltHistogram> all;
  for (const std::size_t slot : slots.order) {
    all.push_back({device.data() + static_cast<std::int64_t>(slot) * slots.size, slots.part_sizes[slot]});
  }
  copy(device.data(), values.data(), values.size(), stream.get());
  std::size_t begin = 0;
  for (std::size_t p = 0; p < slots.piece_ends.size(); ++p) {
    reducer.built(static_cast<std::int32_t>(p), stream.get());
  }
  for (std::size_t p = 0; p < slots.piece_ends.size(); ++p) {
    const auto piece = static_cast<std::int32_t>(p);
    reducer.reduce(piece, std::span(all).subspan(begin, slots.piece_ends[p] - begin));
    reducer.wait(piece, stream.get());
    begin = slots.piece_ends[p];
  }
  Values found(values.size());
  copy(found.data(), device.data(), found.size(), stream.get());
  comm.synchronize(stream.get());
  expect_sums(comm, slots, parts, found);
}

class Reducers : public testing::TestWithParam<test::CommKind> {};

TEST_P(Reducers, AddUpWholeHistogramsAndParts) {
  const test::CommKind& kind = GetParam();
  const test::Devices devices(kind.size());
  if (kind.needs_distinct_devices && !devices.distinct()) GTEST_SKIP() << "too few devices";
  const auto members = kind.size();
  const Slots one{.size = 12 * members, .part_sizes = {12}, .order = {0}, .piece_ends = {1}};
  const Slots many{
      .size = 6 * members, .part_sizes = {6, 4, 6, 6, 4}, .order = {3, 4, 0, 2, 1}, .piece_ends = {2, 2, 5}};
  for (const Slots& slots : {one, many}) {
    for (const std::int32_t parts : {1, members}) {
      const auto outcomes = test::run_members(kind.make(devices.numbers(), 60.0),
                                              [&](DeviceComm& comm) { reduce(comm, slots, parts); });
      for (const auto& outcome : outcomes) EXPECT_FALSE(outcome.failed) << outcome.message;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, Reducers, testing::ValuesIn(test::comm_kinds()),
                         [](const auto& instance) { return instance.param.name; });

TEST(Reducer, ManyBytesAreDividedIntoPieces) {
  const auto kinds = test::comm_kinds_of_several();
  const test::Devices devices(kinds[0].size());
  test::run_members(kinds[0].make(devices.numbers(), 60.0), [](DeviceComm& comm) {
    const HistogramReducer small(comm, 1, 100);
    EXPECT_EQ(small.pieces(0), 1);
    EXPECT_EQ(small.pieces(500), 1);
    const HistogramReducer large(comm, 1, std::int64_t{1} << 18);  // 2 MiB
    EXPECT_EQ(large.pieces(1), 1);
    EXPECT_EQ(large.pieces(3), 3);
    EXPECT_EQ(large.pieces(100), HistogramReducer::most_pieces);
  });
}

}  // namespace
}  // namespace ramet::cuda
