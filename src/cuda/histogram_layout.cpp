#include "cuda/histogram_layout.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/error.hpp"
#include "cuda/pack.hpp"
#include "cuda/tile_parts.hpp"

namespace ramet::cuda {
namespace {

constexpr std::int64_t cell_alignment = 32;

std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

std::int64_t tile_cells(std::int64_t codes, std::int64_t slots) {
  return round_up(codes * slots, cell_alignment);
}

std::int64_t tiles_of(std::int64_t byte_columns, std::int64_t slots) {
  return (byte_columns + slots - 1) / slots;
}

// Words of the tables of a layout of `count` columns at most.
std::int64_t table_words(std::int64_t count, std::int64_t slots) {
  const std::int64_t bytes = static_cast<std::int64_t>(sizeof(LayoutView)) +
                             count * static_cast<std::int64_t>(sizeof(Tile)) + (count + slots) * 4;
  return bytes / 4;
}

// Numbers of codes of the columns of this width, largest first.
std::vector<std::int64_t> sorted_codes(const data::Layout& layout, std::int32_t width) {
  std::vector<std::int64_t> codes;
  for (const data::StoredColumn& column : layout.columns) {
    if (column.width == width) codes.push_back(column.value_bins + 1);
  }
  std::sort(codes.begin(), codes.end(), std::greater<>());
  return codes;
}

// Of one part, whatever is chosen.
std::int64_t most_plane_cells(const std::vector<std::int64_t>& narrow, const std::vector<std::int64_t>& wide,
                              std::int64_t count, std::int64_t slots) {
  const auto narrow_count = static_cast<std::int64_t>(narrow.size());
  const auto wide_count = static_cast<std::int64_t>(wide.size());
  // The columns with the most codes of each width are the worst of any choice with as many of that width.
  std::int64_t wide_cells = 0;
  std::int64_t wide_chosen = 0;
  for (; wide_chosen < std::min(wide_count, count); ++wide_chosen) {
    wide_cells += tile_cells(wide[static_cast<std::size_t>(wide_chosen)], 1);
  }
  std::int64_t most = 0;
  std::int64_t narrow_cells = 0;
  for (std::int64_t chosen = 0; chosen <= std::min(narrow_count, count); ++chosen) {
    if (chosen > 0 && (chosen - 1) % slots == 0) {
      narrow_cells += tile_cells(narrow[static_cast<std::size_t>(chosen - 1)], slots);
    }
    for (; wide_chosen > count - chosen; --wide_chosen) {
      wide_cells -= tile_cells(wide[static_cast<std::size_t>(wide_chosen - 1)], 1);
    }
    most = std::max(most, narrow_cells + wide_cells);
  }
  return most;
}

// Cells of the tiles of a layout of all columns.
std::vector<std::int64_t> all_tiles(const std::vector<std::int64_t>& narrow,
                                    const std::vector<std::int64_t>& wide, std::int64_t slots) {
  std::vector<std::int64_t> tiles;
  for (std::size_t first = 0; first < narrow.size(); first += static_cast<std::size_t>(slots)) {
    tiles.push_back(tile_cells(narrow[first], slots));
  }
  for (const std::int64_t codes : wide) tiles.push_back(tile_cells(codes, 1));
  return tiles;
}

}  // namespace

std::int32_t HistogramLayout::byte_slots(std::int32_t most_columns) {
  if (most_columns > 16) return 32;
  return most_columns > 8 ? 16 : 8;
}

std::int64_t HistogramLayout::bytes(const data::Layout& layout, std::int64_t rows, std::int64_t count) {
  const std::int64_t slots = byte_slots(static_cast<std::int32_t>(count));
  const std::int64_t byte_columns = std::min<std::int64_t>(layout.byte_columns, count);
  return tiles_of(byte_columns, slots) * packed_tile_bytes(rows, static_cast<std::int32_t>(slots)) +
         4 * table_words(count, slots);
}

std::int64_t HistogramLayout::most_cells(const data::Layout& layout, std::int64_t count, std::int32_t parts) {
  const std::int64_t slots = byte_slots(static_cast<std::int32_t>(count));
  const std::vector<std::int64_t> narrow = sorted_codes(layout, 1);
  const std::vector<std::int64_t> wide = sorted_codes(layout, 2);
  if (parts == 1) return most_plane_cells(narrow, wide, count, slots);
  const std::vector<std::int64_t> tiles = all_tiles(narrow, wide, slots);
  if (count >= static_cast<std::int64_t>(narrow.size() + wide.size())) return cut_tiles(tiles, parts).largest;
  // No cut into parts need be worse than even parts and one tile more.
  const std::int64_t largest_tile = tiles.empty() ? 0 : *std::max_element(tiles.begin(), tiles.end());
  const std::int64_t even = (most_plane_cells(narrow, wide, count, slots) + parts - 1) / parts;
  return round_up(even, cell_alignment) + largest_tile;
}

HistogramLayout::HistogramLayout(const DeviceColumns& columns, std::int32_t most_columns, bool counted,
                                 HistogramParts parts)
    : columns_(&columns), parts_(parts), slots_(byte_slots(most_columns)) {
  const std::span<const DeviceColumn> all = columns.columns();
  const std::int64_t byte_columns = std::min<std::int64_t>(
      most_columns,
      std::count_if(all.begin(), all.end(), [](const DeviceColumn& c) { return c.width == 1; }));
  view_.columns = columns.device();
  view_.planes = counted ? 3 : 2;
  packed_ = DeviceArray<std::uint8_t>(
      static_cast<std::size_t>(tiles_of(byte_columns, slots_) * packed_tile_bytes(columns.rows(), slots_)));
  tables_ = DeviceArray<std::uint32_t>(static_cast<std::size_t>(table_words(most_columns, slots_)));
}

HistogramLayout::HistogramLayout(const DeviceColumns& columns, std::span<const std::int32_t> chosen,
                                 bool counted, cudaStream_t stream, HistogramParts parts)
    : HistogramLayout(columns, static_cast<std::int32_t>(chosen.size()), counted, parts) {
  choose(chosen, stream);
}

void HistogramLayout::choose(std::span<const std::int32_t> chosen, cudaStream_t stream) {
  const std::span<const DeviceColumn> all = columns_->columns();
  std::vector<std::int32_t> narrow;
  std::vector<std::int32_t> wide;
  for (const std::int32_t c : chosen)
    (all[static_cast<std::size_t>(c)].width == 1 ? narrow : wide).push_back(c);
  for (std::vector<std::int32_t>* columns : {&narrow, &wide}) {
    std::stable_sort(columns->begin(), columns->end(), [&](std::int32_t a, std::int32_t b) {
      return all[static_cast<std::size_t>(a)].value_bins > all[static_cast<std::size_t>(b)].value_bins;
    });
  }
  tiles_.clear();
  slot_columns_.clear();
  most_codes_ = 0;
  view_.wide_slices = 0;
  add_byte_columns(narrow);
  view_.byte_tiles = static_cast<std::int32_t>(tiles_.size());
  for (const std::int32_t c : wide) add_wide_column(c);
  view_.tile_count = static_cast<std::int32_t>(tiles_.size());
  place_tiles();
  upload(stream);
  pack_rows(device(), view_.byte_tiles, slots_, columns_->rows(), packed_.data(), stream);
}

void HistogramLayout::add_byte_columns(std::span<const std::int32_t> sorted) {
  const std::span<const DeviceColumn> all = columns_->columns();
  const std::int64_t tile_bytes = packed_tile_bytes(columns_->rows(), slots_);
  const auto count = static_cast<std::int32_t>(sorted.size());
  for (std::int32_t first = 0; first < count; first += slots_) {
    Tile tile;
    tile.rows = packed_.data() + static_cast<std::int64_t>(tiles_.size()) * tile_bytes;
    tile.codes = all[static_cast<std::size_t>(sorted[static_cast<std::size_t>(first)])].value_bins + 1;
    tile.slots = slots_;
    tile.first_slot = static_cast<std::int32_t>(slot_columns_.size());
    for (std::int32_t slot = first; slot < first + slots_; ++slot) {
      slot_columns_.push_back(slot < count ? sorted[static_cast<std::size_t>(slot)] : -1);
    }
    most_codes_ = std::max(most_codes_, tile.codes);
    tiles_.push_back(tile);
  }
}

void HistogramLayout::add_wide_column(std::int32_t column) {
  const DeviceColumn& from = columns_->columns()[static_cast<std::size_t>(column)];
  Tile tile;
  tile.rows = from.codes;
  tile.codes = from.value_bins + 1;
  tile.slots = 1;
  tile.first_slot = static_cast<std::int32_t>(slot_columns_.size());
  tile.first_slice = view_.wide_slices;
  slot_columns_.push_back(column);
  view_.wide_slices += (tile.codes + slice_codes - 1) / slice_codes;
  tiles_.push_back(tile);
}

// Divides the tiles into parts, and lines up each part's.
void HistogramLayout::place_tiles() {
  std::vector<std::int64_t> cells;
  for (const Tile& tile : tiles_) cells.push_back(tile_cells(tile.codes, tile.slots));
  const TileParts cut = cut_tiles(cells, parts_.count);
  view_.cells = cut.largest;
  std::int32_t tile = 0;
  for (std::int32_t part = 0; part < parts_.count; ++part) {
    std::int64_t cell = part_size() * part;
    if (part == parts_.own) {
      view_.first_own_cell = cell;
      view_.first_own_tile = tile;
      view_.end_own_tile = cut.ends[static_cast<std::size_t>(part)];
    }
    for (; tile < cut.ends[static_cast<std::size_t>(part)]; ++tile) {
      tiles_[static_cast<std::size_t>(tile)].first_cell = cell;
      cell += cells[static_cast<std::size_t>(tile)];
    }
  }
}

void HistogramLayout::upload(cudaStream_t stream) {
  const std::size_t tile_bytes = tiles_.size() * sizeof(Tile);
  const std::size_t slot_bytes = slot_columns_.size() * sizeof(std::int32_t);
  std::vector<std::uint32_t> tables((sizeof(LayoutView) + tile_bytes + slot_bytes) / 4);
  check_internal(tables.size() <= tables_.size(), "a layout of {} columns, for which no memory is reserved",
                 slot_columns_.size());
  auto* host = reinterpret_cast<std::byte*>(tables.data());
  const auto* on_device = reinterpret_cast<const std::byte*>(tables_.data());
  view_.tiles = reinterpret_cast<const Tile*>(on_device + sizeof(LayoutView));
  view_.slot_columns = reinterpret_cast<const std::int32_t*>(on_device + sizeof(LayoutView) + tile_bytes);
  std::memcpy(host, &view_, sizeof(LayoutView));
  std::memcpy(host + sizeof(LayoutView), tiles_.data(), tile_bytes);
  std::memcpy(host + sizeof(LayoutView) + tile_bytes, slot_columns_.data(), slot_bytes);
  store_words(tables_.data(), tables, stream);
}

}  // namespace ramet::cuda
