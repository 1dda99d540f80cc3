#include "cpu/cells.hpp"

#include <algorithm>

namespace ramet::cpu {
namespace {

// Cells of one tile: 128 KB packed, a quarter of a small second-level cache.
constexpr std::int32_t tile_cells = 16'384;

// By width, and columns that are not counted first.
std::vector<std::int32_t> in_order(const data::Layout& layout, std::vector<std::int32_t> columns,
                                   const std::vector<bool>& counted) {
  const auto rank = [&](std::int32_t c) {
    const auto at = static_cast<std::size_t>(c);
    return 2 * layout.columns[at].width + (counted[at] ? 1 : 0);
  };
  std::stable_sort(columns.begin(), columns.end(),
                   [&](std::int32_t a, std::int32_t b) { return rank(a) < rank(b); });
  return columns;
}

}  // namespace

std::pair<std::int32_t, std::int32_t> alive_run(const std::uint8_t* alive, std::int32_t begin,
                                                std::int32_t end) {
  if (alive == nullptr) return {begin, end};
  const std::uint8_t* first = std::find(alive + begin, alive + end, 1);
  const std::uint8_t* last = std::find(first, alive + end, 0);
  return {static_cast<std::int32_t>(first - alive), static_cast<std::int32_t>(last - alive)};
}

HistogramLayout make_histogram_layout(const data::Layout& layout, const std::vector<std::int32_t>& columns,
                                      const std::vector<bool>& counted) {
  HistogramLayout result;
  result.tiles.push_back(0);
  std::int32_t tile_start = 0;
  for (const std::int32_t c : in_order(layout, columns, counted)) {
    const data::StoredColumn& stored = layout.columns[static_cast<std::size_t>(c)];
    HistogramColumn column;
    column.column = c;
    column.byte_offset = static_cast<std::int32_t>(stored.byte_offset);
    column.first_cell = result.total_cells;
    column.cells = stored.cells();
    column.counted = counted[static_cast<std::size_t>(c)];
    column.code_base = column.first_cell - (stored.has_missing ? 0 : column.step());
    result.total_cells += padded_cells(column.cells * column.step());
    if (stored.width == 1) ++result.byte_columns;
    if (result.total_cells - tile_start > tile_cells && column.first_cell > tile_start) {
      result.tiles.push_back(static_cast<std::int32_t>(result.columns.size()));
      tile_start = column.first_cell;
    }
    result.columns.push_back(column);
  }
  result.tiles.push_back(static_cast<std::int32_t>(result.columns.size()));
  return result;
}

}  // namespace ramet::cpu
