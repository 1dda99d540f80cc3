// cuda/histogram.hpp: every cell as plain loops have it.
#include "cuda/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <random>

#include "cuda/device_values.hpp"
#include "cuda/naive_histogram.hpp"
#include "cuda/thread_order.hpp"

namespace ramet::cuda::test {
namespace {

constexpr std::int64_t poison = 0x5555555555555555;

// A node to build: rows by id, or the first `count`.
struct TestNode {
  std::size_t layout = 0;
  std::size_t gradients = 0;
  std::optional<std::vector<std::uint32_t>> ids;
  std::uint32_t count = 0;

  std::vector<std::uint32_t> rows() const {
    if (ids) return *ids;
    std::vector<std::uint32_t> all(count);
    std::iota(all.begin(), all.end(), 0u);
    return all;
  }
};

// Columns with layouts of some of them, gradients, and nodes.
struct HistogramCase {
  explicit HistogramCase(std::vector<CodedColumn> coded)
      : columns(std::move(coded)),
        data(coded_dataset(columns, 1'000)),
        device(std::make_unique<DeviceColumns>(data, RowSpan{0, data.rows}, nullptr)) {}

  // `slots_for`: the layout is made for so many columns.
  void add_layout(std::vector<std::int32_t> chosen, bool counted, std::int32_t slots_for) {
    layouts.push_back(std::make_unique<HistogramLayout>(*device, slots_for, counted));
    layouts.back()->choose(chosen, nullptr);
  }
  void add_layout(bool counted) {
    std::vector<std::int32_t> all(columns.size());
    std::iota(all.begin(), all.end(), 0);
    add_layout(all, counted, static_cast<std::int32_t>(all.size()));
  }
  void add_node(std::size_t layout, std::size_t gradient, std::vector<std::uint32_t> ids) {
    const auto count = static_cast<std::uint32_t>(ids.size());
    nodes.push_back({layout, gradient, std::move(ids), count});
  }
  void add_first_rows(std::size_t layout, std::size_t gradient, std::uint32_t count) {
    nodes.push_back({layout, gradient, std::nullopt, count});
  }

  HistogramShape shape() const {
    HistogramShape shape;
    for (const auto& layout : layouts) {
      shape.most_codes = std::max(shape.most_codes, layout->most_codes());
      if (layout->host().byte_tiles > 0) shape.slots = layout->tiles()[0].slots;
      shape.wide_tiles |= layout->host().wide_slices > 0;
    }
    return shape;
  }

  std::vector<CodedColumn> columns;
  data::DatasetData data;
  std::unique_ptr<DeviceColumns> device;
  std::vector<std::unique_ptr<HistogramLayout>> layouts;
  std::vector<TestGradients> gradients;
  std::vector<TestNode> nodes;
};

void expect_cells(const HistogramCase& input, const TestNode& node, const std::int64_t* histogram) {
  const HistogramLayout& layout = *input.layouts[node.layout];
  const std::vector<std::int64_t> found =
      from_device(histogram, static_cast<std::size_t>(layout.histogram_size()));
  const NaiveHistogram naive =
      naive_histogram(layout, input.columns, node.rows(), input.gradients[node.gradients]);
  int wrong = 0;
  for (std::size_t cell = 0; cell < found.size(); ++cell) {
    if (!naive.is_cell[cell] || found[cell] == naive.sums[cell] || ++wrong > 5) continue;
    ADD_FAILURE() << "cell " << cell << " of " << layout.host().cells << " a plane: " << found[cell]
                  << " instead of " << naive.sums[cell];
  }
  EXPECT_EQ(wrong, 0);
}

void expect_naive_histograms(const HistogramCase& input) {
  const HistogramBuilder builder(input.shape());
  std::vector<DeviceArray<std::uint32_t>> ids;
  std::vector<DeviceArray<std::int64_t>> histograms;
  std::vector<BuildTask> tasks;
  for (const TestNode& node : input.nodes) {
    const HistogramLayout& layout = *input.layouts[node.layout];
    if (node.ids) ids.push_back(to_device(*node.ids));
    histograms.push_back(
        to_device(std::vector<std::int64_t>(static_cast<std::size_t>(layout.histogram_size()), poison)));
    tasks.push_back({.ids = node.ids ? ids.back().data() : nullptr,
                     .count = node.count,
                     .layout = layout.device(),
                     .gradients = input.gradients[node.gradients].view(),
                     .histogram = histograms.back().data()});
  }
  const DeviceArray<BuildTask> on_device = to_device(tasks);
  builder.build(on_device.data(), static_cast<std::int32_t>(tasks.size()), nullptr);
  for (std::size_t i = 0; i < input.nodes.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "node " << i << " of " << input.nodes[i].count << " rows");
    expect_cells(input, input.nodes[i], histograms[i].data());
  }
}

std::vector<CodedColumn> random_columns(std::initializer_list<std::int32_t> bins, std::int64_t rows,
                                        std::mt19937& random) {
  std::vector<CodedColumn> columns;
  for (const std::int32_t b : bins) columns.push_back(random_column(b, rows, random));
  return columns;
}

std::vector<CodedColumn> equal_columns(int count, std::int32_t bins, std::int64_t rows,
                                       std::mt19937& random) {
  std::vector<CodedColumn> columns;
  for (int c = 0; c < count; ++c) columns.push_back(random_column(bins, rows, random));
  return columns;
}

// `count` different rows in random order.
std::vector<std::uint32_t> random_rows(std::int64_t rows, std::size_t count, std::mt19937& random) {
  std::vector<std::uint32_t> ids(static_cast<std::size_t>(rows));
  std::iota(ids.begin(), ids.end(), 0u);
  std::ranges::shuffle(ids, random);
  ids.resize(count);
  return ids;
}

// Nodes of many sizes, by id and not, empty ones among them.
void add_nodes(HistogramCase& input, std::size_t layout, std::size_t gradients, std::mt19937& random) {
  const std::int64_t rows = input.data.rows;
  for (const std::size_t count : {0u, 1u, 31u, 32u, 33u, 256u, 257u, 700u}) {
    input.add_node(layout, gradients, random_rows(rows, count, random));
  }
  input.add_first_rows(layout, gradients, 0);
  input.add_first_rows(layout, gradients, 513);
  input.add_first_rows(layout, gradients, static_cast<std::uint32_t>(rows));
}

class Histograms : public testing::TestWithParam<int> {};

// Tiles of every width, some with padding: 8, 16 or 32 slots.
TEST_P(Histograms, OfByteColumns) {
  const int count = GetParam();
  for (const std::int32_t bits : {8, 16, 32}) {
    for (const bool counted : {false, true}) {
      SCOPED_TRACE(testing::Message() << bits << " bits, counted " << counted);
      std::mt19937 random(static_cast<std::uint32_t>(count));
      HistogramCase input(equal_columns(count, 40, 1'500, random));
      input.columns[0] = random_column(255, 1'500, random);
      input.data = coded_dataset(input.columns, 600);
      input.device = std::make_unique<DeviceColumns>(input.data, RowSpan{0, input.data.rows}, nullptr);
      input.add_layout(counted);
      input.gradients.push_back(random_gradients(1'500, bits, random));
      add_nodes(input, 0, 0, random);
      for_thread_orders([&] { expect_naive_histograms(input); });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Columns, Histograms, testing::Values(1, 5, 8, 9, 16, 17, 32, 33, 70));

// One slice of codes, several, and a last one that is nearly empty, together with byte columns.
TEST(Histogram, OfWideColumns) {
  for (const std::int32_t bits : {16, 32}) {
    for (const bool counted : {false, true}) {
      SCOPED_TRACE(testing::Message() << bits << " bits, counted " << counted);
      std::mt19937 random(5);
      HistogramCase input(random_columns({9, 300, 8'191, 8'192, 20'000, 65'535}, 2'000, random));
      input.columns[2].codes[3] = 8'191;
      input.columns[5].codes[4] = 65'535;
      input.columns[5].codes[5] = 8'192;
      input.data = coded_dataset(input.columns, 700);
      input.device = std::make_unique<DeviceColumns>(input.data, RowSpan{0, input.data.rows}, nullptr);
      input.add_layout(counted);
      input.gradients.push_back(random_gradients(2'000, bits, random));
      add_nodes(input, 0, 0, random);
      for_thread_orders([&] { expect_naive_histograms(input); });
    }
  }
}

TEST(Histogram, OfWideColumnsAlone) {
  std::mt19937 random(6);
  HistogramCase input(random_columns({256, 1'000}, 900, random));
  input.add_layout(false);
  input.gradients.push_back(random_gradients(900, 16, random));
  add_nodes(input, 0, 0, random);
  expect_naive_histograms(input);
}

// Trees of one batch with their own columns and outputs, some counted.
TEST(Histogram, OfSeveralLayoutsAndOutputs) {
  std::mt19937 random(7);
  HistogramCase input(random_columns({3, 200, 17, 64, 255, 2, 31, 90, 12, 5, 400, 9'000}, 1'200, random));
  input.add_layout({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, true, 10);
  input.add_layout({1, 4, 10, 11}, false, 10);
  input.add_layout({5}, true, 10);
  input.add_layout({11}, false, 10);
  for (const std::int32_t bits : {16, 32, 9}) {
    input.gradients.push_back(random_gradients(1'200, bits, random));
  }
  for (std::size_t layout = 0; layout < 4; ++layout) {
    for (std::size_t gradients = 0; gradients < 3; ++gradients) {
      input.add_node(layout, gradients, random_rows(1'200, 100 * (layout + 1) + gradients, random));
      input.add_first_rows(layout, gradients, gradients == 1 ? 0 : 1'200);
    }
  }
  for_thread_orders([&] { expect_naive_histograms(input); });
}

// Work is cut every 1,024 rows, and a node takes 512 more than it has: cuts fall on its first row, its last
// one, just behind it, and between nodes.
TEST(Histogram, OfNodesThatEndAtACut) {
  std::mt19937 random(10);
  for (const std::vector<std::uint32_t>& counts : {std::vector<std::uint32_t>{1'023},
                                                   {1'024},
                                                   {1'025},
                                                   {2'047},
                                                   {2'048},
                                                   {2'049},
                                                   {512, 2'048},
                                                   {511, 2'048},
                                                   {513, 2'048},
                                                   {512, 1'024, 512},
                                                   {0, 0, 1'536},
                                                   {512, 0, 0, 1'024}}) {
    SCOPED_TRACE(testing::PrintToString(counts));
    HistogramCase input(random_columns({255, 5'000}, 2'100, random));
    input.add_layout(false);
    input.gradients.push_back(random_gradients(2'100, 16, random));
    for (const std::uint32_t count : counts) input.add_first_rows(0, 0, count);
    for_thread_orders([&] { expect_naive_histograms(input); });
  }
}

// More nodes than a block looks at together; all but a few are empty.
TEST(Histogram, OfManyNodes) {
  std::mt19937 random(8);
  HistogramCase input(random_columns({6, 7}, 400, random));
  input.add_layout(false);
  input.gradients.push_back(random_gradients(400, 16, random));
  for (std::size_t i = 0; i < 700; ++i) {
    input.add_node(0, 0, random_rows(400, i % 97 == 5 ? 20 + i / 10 : (i % 7 == 0 ? 1 : 0), random));
  }
  for_thread_orders([&] { expect_naive_histograms(input); });
}

// More nodes than one set of launches takes.
TEST(Histogram, OfVeryManyNodes) {
  std::mt19937 random(9);
  HistogramCase input(random_columns({3}, 40, random));
  input.add_layout(false);
  input.gradients.push_back(random_gradients(40, 16, random));
  for (std::size_t i = 0; i < 8'200; ++i) input.add_first_rows(0, 0, i % 50 == 0 || i > 8'190 ? 30 : 0);
  expect_naive_histograms(input);
}

// All rows in one cell, with the largest and smallest values: sums of 32 bits would overflow just after the
// rows that a block adds up between flushes.
class Extremes : public testing::TestWithParam<std::pair<std::int64_t, std::int64_t>> {};

TEST_P(Extremes, DoNotOverflow) {
  const auto [g, h] = GetParam();
  // Twice what a block of the emulated device's grid takes, so that it has to flush in between.
  constexpr std::int64_t rows = 1'100'000;
  for (const bool wide : {false, true}) {
    SCOPED_TRACE(testing::Message() << "wide " << wide);
    CodedColumn column{wide ? 300 : 3, false, std::vector<std::uint32_t>(rows, 2)};
    HistogramCase input({column});
    input.add_layout(true);
    const bool two_limbs = h > 65'535;
    input.gradients.push_back(make_gradients(std::vector<std::int64_t>(rows, g),
                                             std::vector<std::int64_t>(rows, h), two_limbs ? 32 : 16));
    input.add_first_rows(0, 0, rows);
    expect_naive_histograms(input);
  }
}

INSTANTIATE_TEST_SUITE_P(Values, Extremes,
                         testing::Values(std::pair{-32'768, 65'535}, std::pair{32'767, 65'535},
                                         std::pair{-2'147'483'648, 4'294'967'295},
                                         std::pair{2'147'483'647, 4'294'967'295},
                                         std::pair{-1, 4'294'901'760}));

}  // namespace
}  // namespace ramet::cuda::test
