// Cutting tiles into parts, beside trying all cuts.
#include "cuda/tile_parts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

namespace ramet::cuda {
namespace {

using Cells = std::vector<std::int64_t>;

// The largest part of the best cut.
std::int64_t smallest_largest(const Cells& cells, std::size_t first, int parts) {
  std::int64_t here =
      std::accumulate(cells.begin() + static_cast<std::ptrdiff_t>(first), cells.end(), std::int64_t{0});
  if (parts == 1) return here;
  std::int64_t best = here;
  here = 0;
  for (std::size_t end = first; end <= cells.size(); ++end) {
    best = std::min(best, std::max(here, smallest_largest(cells, end, parts - 1)));
    if (end < cells.size()) here += cells[end];
  }
  return best;
}

void expect_best(const Cells& cells, int parts) {
  const TileParts cut = cut_tiles(cells, parts);
  ASSERT_EQ(cut.ends.size(), static_cast<std::size_t>(parts));
  EXPECT_EQ(cut.ends.back(), static_cast<std::int32_t>(cells.size()));
  std::int64_t largest = 0;
  std::int32_t begin = 0;
  for (const std::int32_t end : cut.ends) {
    ASSERT_GE(end, begin);
    largest = std::max(largest, std::accumulate(cells.begin() + begin, cells.begin() + end, std::int64_t{0}));
    begin = end;
  }
  EXPECT_EQ(cut.largest, largest);
  EXPECT_EQ(largest, smallest_largest(cells, 0, parts));
  EXPECT_EQ(cut.ends[0] == 0, cells.empty());  // the first part is empty only if all are
}

TEST(CutTiles, IsTheBestOfAllCuts) {
  std::mt19937 random(3);
  for (int repeat = 0; repeat < 200; ++repeat) {
    Cells cells(random() % 9);
    for (std::int64_t& c : cells) c = 32 * (1 + static_cast<std::int64_t>(random() % 20));
    for (const int parts : {1, 2, 3, 4}) expect_best(cells, parts);
  }
}

TEST(CutTiles, MoreDevicesThanTilesLeavesSomeWithNone) {
  EXPECT_EQ(cut_tiles(Cells{64, 32}, 4).ends, (std::vector<std::int32_t>{1, 2, 2, 2}));
  EXPECT_EQ(cut_tiles(Cells{}, 2).ends, (std::vector<std::int32_t>{0, 0}));
}

// What a plan for the largest tiles is good for.
TEST(CutTiles, SmallerOrFewerTilesNeedNoMore) {
  std::mt19937 random(4);
  for (int repeat = 0; repeat < 200; ++repeat) {
    Cells cells(1 + random() % 12);
    for (std::int64_t& c : cells) c = 32 * (1 + static_cast<std::int64_t>(random() % 20));
    const int parts = 1 + static_cast<int>(random() % 5);
    const std::int64_t before = cut_tiles(cells, parts).largest;
    for (std::int64_t& c : cells) c -= 32 * static_cast<std::int64_t>(random() % 2);
    cells.resize(cells.size() - random() % 2);
    EXPECT_LE(cut_tiles(cells, parts).largest, before);
  }
}

}  // namespace
}  // namespace ramet::cuda
