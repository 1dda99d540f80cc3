// cuda/histogram_layout.hpp: where cells lie, and the packed rows.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "cuda/coded_data.hpp"
#include "cuda/device_values.hpp"
#include "cuda/histogram_layout.hpp"
#include "cuda/thread_order.hpp"

namespace ramet::cuda::test {
namespace {

struct LayoutCase {
  explicit LayoutCase(std::vector<CodedColumn> coded)
      : columns(std::move(coded)),
        data(coded_dataset(columns, 333)),
        device(data, RowSpan{0, data.rows}, nullptr) {}

  const CodedColumn& column(std::int32_t c) const { return columns[static_cast<std::size_t>(c)]; }

  std::vector<CodedColumn> columns;
  data::DatasetData data;
  DeviceColumns device;
};

std::vector<CodedColumn> mixed_columns(int narrow, int wide, std::int64_t rows, std::mt19937& random) {
  std::vector<CodedColumn> columns;
  for (int c = 0; c < narrow; ++c) {
    columns.push_back(random_column(1 + static_cast<std::int32_t>(random() % 255), rows, random));
  }
  for (int c = 0; c < wide; ++c) {
    columns.push_back(random_column(256 + static_cast<std::int32_t>(random() % 20'000), rows, random));
  }
  return columns;
}

// The packed rows on the device are the columns' codes.
void expect_rows(const LayoutCase& input, const HistogramLayout& layout, const Tile& tile) {
  const std::int64_t width = tile.slots == 1 ? 2 : tile.slots;
  const std::vector<std::uint8_t> rows =
      from_device(tile.rows, static_cast<std::size_t>(input.data.rows * width));
  for (std::int64_t slot = 0; slot < tile.slots; ++slot) {
    const std::int32_t column = layout.slot_columns()[static_cast<std::size_t>(tile.first_slot + slot)];
    std::int64_t wrong = 0;
    for (std::int64_t r = 0; r < input.data.rows; ++r) {
      const std::uint32_t code = column < 0 ? 0 : input.column(column).codes[static_cast<std::size_t>(r)];
      const auto at = static_cast<std::size_t>(r * width + (tile.slots == 1 ? 0 : slot));
      const std::uint32_t high = tile.slots == 1 ? rows[at + 1] : 0u;
      if ((rows[at] | high << 8) != code) ++wrong;
    }
    EXPECT_EQ(wrong, 0) << "slot " << slot << ", column " << column;
  }
}

// Each chosen column has one slot of a fitting tile; cells do not overlap; the device has the same tables.
void expect_layout(const LayoutCase& input, const HistogramLayout& layout,
                   std::span<const std::int32_t> chosen, std::int32_t slots, bool counted) {
  std::multiset<std::int32_t> placed;
  std::int64_t cells = 0;
  std::int32_t slices = 0;
  std::int32_t most_codes = 0;
  bool wide_before = false;
  for (const Tile& tile : layout.tiles()) {
    EXPECT_EQ(tile.first_cell, cells);
    EXPECT_EQ(tile.first_cell % 32, 0);
    cells = tile.first_cell + (std::int64_t{tile.codes} * tile.slots + 31) / 32 * 32;
    std::int32_t largest = 0;
    for (std::int32_t slot = 0; slot < tile.slots; ++slot) {
      const std::int32_t column = layout.slot_columns()[static_cast<std::size_t>(tile.first_slot + slot)];
      if (column < 0) continue;
      placed.insert(column);
      largest = std::max(largest, input.column(column).value_bins + 1);
      EXPECT_EQ(tile.slots == 1, input.column(column).value_bins > 255);
    }
    EXPECT_EQ(tile.codes, largest);
    if (tile.slots == 1) {
      EXPECT_EQ(tile.first_slice, slices);
      slices += (tile.codes + slice_codes - 1) / slice_codes;
      wide_before = true;
    } else {
      EXPECT_EQ(tile.slots, slots);
      EXPECT_FALSE(wide_before);
      most_codes = std::max(most_codes, tile.codes);
    }
    expect_rows(input, layout, tile);
  }
  EXPECT_EQ(placed, std::multiset<std::int32_t>(chosen.begin(), chosen.end()));
  EXPECT_GE(layout.slot_columns()[0], 0);
  EXPECT_EQ(layout.host().cells, cells);
  EXPECT_EQ(layout.host().wide_slices, slices);
  EXPECT_EQ(layout.histogram_size(), cells * (counted ? 3 : 2));
  EXPECT_EQ(layout.most_codes(), most_codes);
  const LayoutView view = from_device(layout.device(), 1)[0];
  EXPECT_EQ(view.cells, cells);
  EXPECT_EQ(view.planes, counted ? 3 : 2);
  EXPECT_EQ(view.tile_count, static_cast<std::int32_t>(layout.tiles().size()));
  EXPECT_EQ(view.byte_tiles, layout.host().byte_tiles);
  EXPECT_EQ(view.wide_slices, slices);
  EXPECT_EQ(view.columns, input.device.device());
  const std::vector<std::int32_t> slot_columns = from_device(view.slot_columns, layout.slot_columns().size());
  EXPECT_TRUE(std::ranges::equal(slot_columns, layout.slot_columns()));
  const std::vector<Tile> tiles = from_device(view.tiles, layout.tiles().size());
  for (std::size_t t = 0; t < tiles.size(); ++t) {
    EXPECT_EQ(tiles[t].rows, layout.tiles()[t].rows);
    EXPECT_EQ(tiles[t].first_cell, layout.tiles()[t].first_cell);
    EXPECT_EQ(tiles[t].codes, layout.tiles()[t].codes);
  }
}

std::vector<std::int32_t> all_of(const LayoutCase& input) {
  std::vector<std::int32_t> all(input.columns.size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

class Layouts : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(Layouts, OfAllColumns) {
  const auto [narrow, wide] = GetParam();
  for (const std::int64_t rows : {1, 2, 3, 4, 127, 128, 129, 255, 256, 511, 513, 1'030, 4'099}) {
    SCOPED_TRACE(testing::Message() << rows << " rows");
    std::mt19937 random(static_cast<std::uint32_t>(narrow + wide + rows));
    const LayoutCase input(mixed_columns(narrow, wide, rows, random));
    const std::vector<std::int32_t> all = all_of(input);
    const std::int32_t slots = HistogramLayout::byte_slots(narrow + wide);
    for_thread_orders([&] {
      const HistogramLayout layout(input.device, all, rows % 2 == 0, nullptr);
      expect_layout(input, layout, all, slots, rows % 2 == 0);
      EXPECT_LE(layout.host().cells, HistogramLayout::most_cells(input.data.layout, narrow + wide));
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Columns, Layouts,
                         testing::Values(std::pair{1, 0}, std::pair{0, 1}, std::pair{8, 0}, std::pair{9, 0},
                                         std::pair{5, 4}, std::pair{16, 0}, std::pair{17, 0},
                                         std::pair{31, 2}, std::pair{65, 0}, std::pair{0, 20}));

// Sampled columns: the memory of one layout serves every choice, and the bounds hold for each.
TEST(Layout, AreChosenAnew) {
  std::mt19937 random(11);
  const LayoutCase input(mixed_columns(40, 6, 300, random));
  for (const std::int32_t most : {1, 7, 12, 20, 46}) {
    HistogramLayout layout(input.device, most, true);
    const std::int64_t most_cells = HistogramLayout::most_cells(input.data.layout, most);
    EXPECT_EQ(most_cells % 32, 0);
    for (int repeat = 0; repeat < 8; ++repeat) {
      std::vector<std::int32_t> chosen = all_of(input);
      std::ranges::shuffle(chosen, random);
      chosen.resize(1 + random() % static_cast<std::uint32_t>(most));
      std::ranges::sort(chosen);
      layout.choose(chosen, nullptr);
      expect_layout(input, layout, chosen, HistogramLayout::byte_slots(most), true);
      EXPECT_LE(layout.host().cells, most_cells);
    }
  }
}

// The bound is the largest of all choices.
TEST(Layout, MostCellsIsReached) {
  std::mt19937 random(12);
  const LayoutCase input(mixed_columns(5, 3, 10, random));
  for (std::int32_t most = 1; most <= 8; ++most) {
    HistogramLayout layout(input.device, most, false);
    std::int64_t largest = 0;
    for (unsigned set = 1; set < 256; ++set) {
      if (__builtin_popcount(set) > most) continue;
      std::vector<std::int32_t> chosen;
      for (std::int32_t c = 0; c < 8; ++c) {
        if ((set >> c & 1u) != 0) chosen.push_back(c);
      }
      layout.choose(chosen, nullptr);
      largest = std::max(largest, layout.host().cells);
    }
    EXPECT_EQ(HistogramLayout::most_cells(input.data.layout, most), largest) << most;
  }
}

TEST(Layout, TablesOfManyColumns) {
  std::mt19937 random(13);
  const LayoutCase input(mixed_columns(1'500, 100, 5, random));
  const std::vector<std::int32_t> all = all_of(input);
  expect_layout(input, HistogramLayout(input.device, all, false, nullptr), all, 32, false);
}

// Parts lie one after another, all of the same size, with neighbouring tiles each; together they are the
// layout.
void expect_parts(const HistogramLayout& whole, const HistogramLayout& layout, HistogramParts parts,
                  std::int64_t most_cells) {
  ASSERT_EQ(layout.tiles().size(), whole.tiles().size());
  EXPECT_LE(layout.host().cells, most_cells);
  EXPECT_EQ(layout.host().cells % 32, 0);
  EXPECT_EQ(layout.histogram_size(), layout.part_size() * parts.count);
  const LayoutView view = from_device(layout.device(), 1)[0];
  EXPECT_EQ(view.first_own_cell, layout.part_size() * parts.own);
  std::int64_t end = 0;
  for (std::int32_t t = 0; t < view.tile_count; ++t) {
    const Tile& tile = layout.tiles()[static_cast<std::size_t>(t)];
    const std::int64_t part = tile.first_cell / layout.part_size();
    const std::int64_t within = tile.first_cell % layout.part_size();
    EXPECT_GE(tile.first_cell, end);
    end = tile.first_cell + (std::int64_t{tile.codes} * tile.slots + 31) / 32 * 32;
    EXPECT_LE(within + end - tile.first_cell, layout.host().cells);
    EXPECT_LT(part, parts.count);
    EXPECT_EQ(layout.owns(t), part == parts.own);
    EXPECT_EQ(t >= view.first_own_tile && t < view.end_own_tile, part == parts.own);
    EXPECT_EQ(tile.first_slot, whole.tiles()[static_cast<std::size_t>(t)].first_slot);
    EXPECT_EQ(tile.codes, whole.tiles()[static_cast<std::size_t>(t)].codes);
  }
}

TEST(Layout, PartsOfAllColumns) {
  std::mt19937 random(15);
  for (const auto& [narrow, wide] : {std::pair{3, 0}, {70, 0}, {0, 5}, {100, 7}}) {
    const LayoutCase input(mixed_columns(narrow, wide, 50, random));
    const std::vector<std::int32_t> all = all_of(input);
    const HistogramLayout whole(input.device, all, true, nullptr);
    for (const std::int32_t count : {2, 3, 8}) {
      const std::int64_t most = HistogramLayout::most_cells(input.data.layout, narrow + wide, count);
      for (std::int32_t own = 0; own < count; ++own) {
        const HistogramLayout layout(input.device, all, true, nullptr, {count, own});
        EXPECT_EQ(layout.host().cells, most);
        expect_parts(whole, layout, {count, own}, most);
      }
    }
  }
}

TEST(Layout, PartsOfSomeColumns) {
  std::mt19937 random(16);
  const LayoutCase input(mixed_columns(90, 8, 20, random));
  for (const std::int32_t most : {5, 30, 80, 97}) {
    const HistogramParts parts{.count = 3, .own = 1};
    HistogramLayout layout(input.device, most, false, parts);
    HistogramLayout whole(input.device, most, false);
    for (int repeat = 0; repeat < 8; ++repeat) {
      std::vector<std::int32_t> chosen = all_of(input);
      std::ranges::shuffle(chosen, random);
      chosen.resize(1 + random() % static_cast<std::uint32_t>(most));
      std::ranges::sort(chosen);
      layout.choose(chosen, nullptr);
      whole.choose(chosen, nullptr);
      expect_parts(whole, layout, parts, HistogramLayout::most_cells(input.data.layout, most, parts.count));
    }
  }
}

#if __has_include("emulation/control.hpp")
TEST(Layout, BytesIsWhatTheyReserve) {
  std::mt19937 random(14);
  const LayoutCase input(mixed_columns(20, 3, 1'000, random));
  for (const std::int32_t most : {1, 8, 9, 17, 23}) {
    const std::size_t before = emulation::live_bytes(0);
    const HistogramLayout layout(input.device, most, false);
    EXPECT_EQ(static_cast<std::int64_t>(emulation::live_bytes(0) - before),
              HistogramLayout::bytes(input.data.layout, 1'000, most));
  }
}
#endif

}  // namespace
}  // namespace ramet::cuda::test
