#include "cpu/cells.hpp"

namespace ramet::cpu {
namespace {

// Cells of one tile: 128 KB packed, a quarter of a small second-level cache.
constexpr std::int32_t tile_cells = 16'384;

}  // namespace

void HistogramLayout::add(const HistogramColumn& column) {
  if (column.count_base != -1) counted.push_back(static_cast<std::int32_t>(columns.size()));
  code_bases.push_back(column.code_base);
  columns.push_back(column);
}

HistogramLayout make_histogram_layout(const data::Layout& layout, const std::vector<std::int32_t>& columns,
                                      const std::vector<bool>& counted) {
  HistogramLayout result;
  result.tiles.push_back(0);
  std::int32_t tile_start = 0;
  for (const std::int32_t c : columns) {
    const data::StoredColumn& stored = layout.columns[static_cast<std::size_t>(c)];
    HistogramColumn column;
    column.column = c;
    column.byte_offset = static_cast<std::int32_t>(stored.byte_offset);
    column.first_cell = result.total_cells;
    column.cells = stored.cells();
    column.code_base = column.first_cell - (stored.has_missing ? 0 : 1);
    result.total_cells += padded_cells(column.cells);
    if (counted[static_cast<std::size_t>(c)]) {
      column.count_base = result.total_cells - (stored.has_missing ? 0 : 1);
      result.total_cells += padded_cells(column.cells);
    }
    if (stored.width == 1) ++result.byte_columns;
    if (result.total_cells - tile_start > tile_cells && column.first_cell > tile_start) {
      result.tiles.push_back(static_cast<std::int32_t>(result.columns.size()));
      tile_start = column.first_cell;
    }
    result.add(column);
  }
  result.tiles.push_back(static_cast<std::int32_t>(result.columns.size()));
  return result;
}

}  // namespace ramet::cpu
