// What the histogram, packing and partition kernels move, per row: nothing beyond what their design says.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>
#include <string>

#include "cuda/coded_data.hpp"
#include "cuda/device_values.hpp"
#include "cuda/histogram.hpp"
#include "cuda/naive_histogram.hpp"
#include "cuda/partition.hpp"
#include "emulation/control.hpp"
#include "emulation/traffic.hpp"

namespace ramet::cuda::test {
namespace {

constexpr std::int64_t rows = 8'192;
constexpr std::int64_t warp = 32;

emulation::Traffic traffic_of(const std::string& kernel) {
  emulation::Traffic sum;
  int found = 0;
  for (const auto& [name, traffic] : emulation::traffic()) {
    if (name.find(kernel) == std::string::npos) continue;
    sum = traffic;
    ++found;
  }
  EXPECT_EQ(found, 1) << kernel;
  return sum;
}

// Codes of a column: random, all the same, or ascending with the row.
enum class Codes { random, same, ascending };

struct TrafficCase {
  std::int32_t slots = 32;
  Codes codes = Codes::random;
  std::int32_t bits = 16;
  bool by_id = true;
};

CodedColumn column_of(Codes codes, std::int32_t bins, std::mt19937& random) {
  if (codes == Codes::random) return random_column(bins, rows, random);
  CodedColumn column{bins, false, std::vector<std::uint32_t>(rows, 5)};
  for (std::size_t r = 0; codes == Codes::ascending && r < rows; ++r) {
    column.codes[r] = 1 + static_cast<std::uint32_t>(r) % static_cast<std::uint32_t>(bins);
  }
  return column;
}

std::vector<std::uint32_t> shuffled_rows(std::mt19937& random) {
  std::vector<std::uint32_t> ids(rows);
  std::iota(ids.begin(), ids.end(), 0u);
  std::ranges::shuffle(ids, random);
  return ids;
}

// Builds one node of all rows on `count` columns of this kind.
void build(std::int32_t count, std::int32_t bins, const TrafficCase& input) {
  std::mt19937 random(3);
  std::vector<CodedColumn> columns;
  for (std::int32_t c = 0; c < count; ++c) columns.push_back(column_of(input.codes, bins, random));
  const data::DatasetData data = coded_dataset(columns, rows);
  const DeviceColumns device(data, {0, rows}, nullptr);
  std::vector<std::int32_t> all(columns.size());
  std::iota(all.begin(), all.end(), 0);
  const HistogramLayout layout(device, all, false, nullptr);
  const TestGradients gradients = random_gradients(rows, input.bits, random);
  const DeviceArray<std::uint32_t> ids = to_device(shuffled_rows(random));
  const DeviceArray<std::int64_t> histogram(static_cast<std::size_t>(layout.histogram_size()));
  const HistogramBuilder builder({.most_codes = layout.most_codes(),
                                  .slots = HistogramLayout::byte_slots(count),
                                  .wide_tiles = layout.host().wide_slices > 0});
  const DeviceArray<BuildTask> tasks =
      to_device(std::vector<BuildTask>{{.ids = input.by_id ? ids.data() : nullptr,
                                        .count = rows,
                                        .layout = layout.device(),
                                        .gradients = gradients.view(),
                                        .histogram = histogram.data()}});
  emulation::reset_traffic();
  builder.build(tasks.data(), 1, nullptr);
}

class ByteHistogramTraffic : public testing::TestWithParam<TrafficCase> {};

// Whatever the codes are, no lane waits for another, and there are two additions a row and slot for each
// limb.
TEST_P(ByteHistogramTraffic, IsFreeOfConflicts) {
  const TrafficCase input = GetParam();
  build(input.slots, 200, input);
  const emulation::Traffic traffic = traffic_of("byte_histogram_kernel");
  const std::int64_t limbs = input.bits > 16 ? 2 : 1;
  EXPECT_EQ(traffic.shared_atomics, 2 * rows * input.slots * limbs);
  EXPECT_EQ(traffic.shared_atomic_instructions, traffic.shared_atomics / warp);
  EXPECT_EQ(traffic.shared_atomic_conflicts, 0);
  EXPECT_EQ(traffic.shared_conflicts, 0);
}

// Sectors that a warp of rows takes to read, of each limb: by id a row is one, loaded by one or two
// instructions that both touch it, and so is its gradient; ids and rows in their order come side by side.
std::int64_t sectors_of_warp(const TrafficCase& input) {
  if (input.by_id) return 4 + (input.slots == 32 ? 2 : 1) * warp + warp;
  return (input.slots == 32 ? 2 * warp : input.slots) + 4;
}

TEST_P(ByteHistogramTraffic, ReadsASectorARow) {
  const TrafficCase input = GetParam();
  build(input.slots, 200, input);
  const emulation::Traffic traffic = traffic_of("byte_histogram_kernel");
  const std::int64_t limbs = input.bits > 16 ? 2 : 1;
  const std::int64_t expected = limbs * rows / warp * sectors_of_warp(input);
  // Rows whose gradients share a sector meet in a warp now and then; beside the rows there are the tasks, and
  // what is loaded ahead at the end.
  EXPECT_GE(traffic.global_read_sectors, expected * 98 / 100);
  EXPECT_LE(traffic.global_read_sectors, expected + 250 * traffic.blocks * limbs);
  EXPECT_EQ(traffic.global_write_sectors, 0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ByteHistogramTraffic,
                         testing::Values(TrafficCase{32, Codes::random}, TrafficCase{32, Codes::same},
                                         TrafficCase{32, Codes::ascending}, TrafficCase{16, Codes::random},
                                         TrafficCase{16, Codes::same}, TrafficCase{8, Codes::random},
                                         TrafficCase{8, Codes::same},
                                         TrafficCase{32, Codes::random, 32, true},
                                         TrafficCase{32, Codes::random, 16, false},
                                         TrafficCase{8, Codes::ascending, 32, false}));

// Frequent low codes: rows of a warp that all have the same one do not wait for each other.
TEST(WideHistogramTraffic, FrequentCodesDoNotConflict) {
  build(1, 20'000, {.codes = Codes::same});
  const emulation::Traffic traffic = traffic_of("wide_histogram_kernel");
  EXPECT_EQ(traffic.shared_atomics, 2 * rows);
  EXPECT_EQ(traffic.shared_atomic_conflicts, 0);
  EXPECT_EQ(traffic.shared_conflicts, 0);
}

// One node over all blocks: each of its cells is zeroed once, by whole sectors.
TEST(PrepareTraffic, ZeroesCutUnitsOnce) {
  build(32, 200, {});
  const emulation::Traffic traffic = traffic_of("zero_kernel");
  const std::int64_t cells = 2 * 201 * 32;
  const std::int64_t starts = 2 * 2;
  EXPECT_EQ(traffic.global_write_bytes, 8 * (cells + starts));
  // The host compiler makes two stores of each of 16 bytes.
  EXPECT_LE(traffic.global_write_sectors, 2 * (cells / 4 + starts));
}

// A node of one block: nothing is zeroed, nothing added, every cell stored once.
TEST(PrepareTraffic, StoresWholeUnits) {
  std::mt19937 random(4);
  std::vector<CodedColumn> columns;
  for (int c = 0; c < 32; ++c) columns.push_back(random_column(99, 300, random));
  const data::DatasetData data = coded_dataset(columns, 300);
  const DeviceColumns device(data, {0, 300}, nullptr);
  std::vector<std::int32_t> all(columns.size());
  std::iota(all.begin(), all.end(), 0);
  const HistogramLayout layout(device, all, false, nullptr);
  const TestGradients gradients = random_gradients(300, 16, random);
  const DeviceArray<std::int64_t> histogram(static_cast<std::size_t>(layout.histogram_size()));
  const HistogramBuilder builder({.most_codes = 100, .slots = 32});
  const DeviceArray<BuildTask> tasks = to_device(std::vector<BuildTask>{{.count = 300,
                                                                         .layout = layout.device(),
                                                                         .gradients = gradients.view(),
                                                                         .histogram = histogram.data()}});
  emulation::reset_traffic();
  builder.build(tasks.data(), 1, nullptr);
  const emulation::Traffic traffic = traffic_of("byte_histogram_kernel");
  EXPECT_EQ(traffic.global_atomics, 0);
  EXPECT_EQ(traffic.global_write_bytes, 8 * layout.histogram_size());
  EXPECT_EQ(traffic.global_write_sectors, layout.histogram_size() / 4);
  EXPECT_EQ(traffic_of("zero_kernel").global_write_bytes, 8 * 2 * 2);
}

class PackTraffic : public testing::TestWithParam<std::int32_t> {};

// Each code is read once and written once, by whole sectors.
TEST_P(PackTraffic, MovesEachSectorOnce) {
  const std::int32_t slots = GetParam();
  std::mt19937 random(5);
  std::vector<CodedColumn> columns;
  for (std::int32_t c = 0; c < slots; ++c) columns.push_back(random_column(9, rows, random));
  const data::DatasetData data = coded_dataset(columns, rows);
  const DeviceColumns device(data, {0, rows}, nullptr);
  std::vector<std::int32_t> all(columns.size());
  std::iota(all.begin(), all.end(), 0);
  emulation::reset_traffic();
  const HistogramLayout layout(device, all, false, nullptr);
  const emulation::Traffic traffic = traffic_of("pack_rows_kernel");
  EXPECT_EQ(traffic.global_write_sectors, rows * slots / warp);
  EXPECT_GE(traffic.global_read_sectors, rows * slots / warp);
  EXPECT_LE(traffic.global_read_sectors, rows * slots / warp + 300 * traffic.blocks);
  EXPECT_EQ(traffic.shared_conflicts, 0);
}

INSTANTIATE_TEST_SUITE_P(Slots, PackTraffic, testing::Values(8, 16, 32));

class PartitionTraffic : public testing::TestWithParam<bool> {};

// A row is read as an id, a quarter of a word's sector, and a code, which by id is a sector of its own; ids
// are written in runs. Two atomic additions a block.
TEST_P(PartitionTraffic, IsWhatARowTakes) {
  const bool by_id = GetParam();
  std::mt19937 random(6);
  const std::vector<CodedColumn> columns{random_column(200, rows, random)};
  const data::DatasetData data = coded_dataset(columns, rows);
  const DeviceColumns device(data, {0, rows}, nullptr);
  const DeviceArray<std::uint32_t> ids = to_device(shuffled_rows(random));
  const DeviceArray<std::uint32_t> target(rows);
  const DeviceArray<std::uint32_t> sides(2);
  PartitionTask task{.source = by_id ? ids.data() : nullptr, .target = target.data(), .count = rows};
  task.rule = {.codes = device.columns()[0].codes, .bin = 80};
  const DeviceArray<PartitionTask> tasks = to_device(std::vector<PartitionTask>{task});
  const std::int64_t blocks = partition_blocks(rows);
  emulation::reset_traffic();
  partition_rows(tasks.data(), 1, blocks, sides.data(), nullptr);
  const emulation::Traffic traffic = traffic_of("partition_kernel");
  const std::int64_t expected = rows / warp * (by_id ? 4 + warp : 1);
  EXPECT_GE(traffic.global_read_sectors, expected * 9 / 10);
  EXPECT_LE(traffic.global_read_sectors, expected + 150 * blocks);
  // A run begins and ends anywhere: a sector more for each warp's part of it.
  EXPECT_EQ(traffic.global_write_bytes, 4 * rows);
  EXPECT_LE(traffic.global_write_sectors, rows / 8 + 2 * (rows / warp + 2 * blocks));
  EXPECT_EQ(traffic.global_atomics, 2 * blocks);
}

INSTANTIATE_TEST_SUITE_P(ById, PartitionTraffic, testing::Bool());

}  // namespace
}  // namespace ramet::cuda::test
