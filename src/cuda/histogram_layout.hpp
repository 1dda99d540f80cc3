// How a node's histogram lies in device memory, and the packed rows that it is built from.
//
// The byte-wide columns of a tree stand in groups of 8, 16 or 32 ("slots"), codes of a row and group side
// by side: with 32, one sector of memory a row and group. A group is a tile; each wider column is a tile of
// its own with one slot, after all byte tiles. Cell of a code: tile.first_cell + code * tile.slots + slot. A
// histogram has `planes` planes of `cells` int64 sums each: of g, of h, and, if something counts rows, of 1.
// Cells of padding slots and between tiles hold garbage.
//
// Where several devices each search a share of the columns, a histogram has as many parts, one after another,
// each with runs of neighbouring tiles and `planes` planes of its own. All parts are of the same size, so
// that one collective call adds up each part on the device that owns it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/columns.hpp"
#include "cuda/memory.hpp"

namespace ramet::cuda {

// Codes of a wide tile whose sums fit a block's shared memory: a slice.
inline constexpr std::int32_t slice_codes = 8'192;

struct Tile {
  const std::uint8_t* rows =
      nullptr;  // slots > 1: packed, `slots` bytes a row; slots == 1: 2-byte codes of the column
  std::int64_t first_cell = 0;   // a multiple of 32
  std::int32_t codes = 0;        // cells of a slot: the largest value_bins + 1 of its columns
  std::int32_t slots = 0;        // 32, 16 or 8; 1: a column of 2-byte codes
  std::int32_t first_slot = 0;   // of LayoutView::slot_columns
  std::int32_t first_slice = 0;  // slots == 1: slices of the wide tiles before it
};

// What kernels see; lies in device memory itself.
struct LayoutView {
  const Tile* tiles = nullptr;
  const std::int32_t* slot_columns = nullptr;  // index of the column in DeviceColumns, or -1: padding
  const DeviceColumn* columns = nullptr;
  std::int64_t cells = 0;           // of one plane of one part; a multiple of 32
  std::int64_t first_own_cell = 0;  // where the part begins that this device searches
  std::int32_t first_own_tile = 0;
  std::int32_t end_own_tile = 0;
  std::int32_t tile_count = 0;
  std::int32_t byte_tiles = 0;   // the first ones
  std::int32_t wide_slices = 0;  // of all wide tiles
  std::int32_t planes = 2;
};

// Into how many parts histograms are divided, and which one this device searches.
struct HistogramParts {
  std::int32_t count = 1;
  std::int32_t own = 0;
};

class HistogramLayout {
 public:
  // Reserves device memory for any `most_columns` of the columns, which must outlive this. `counted`: with a
  // third plane.
  HistogramLayout(const DeviceColumns& columns, std::int32_t most_columns, bool counted,
                  HistogramParts parts = {});
  // The same, and chooses.
  HistogramLayout(const DeviceColumns& columns, std::span<const std::int32_t> chosen, bool counted,
                  cudaStream_t stream, HistogramParts parts = {});

  // Packs these columns (indices, ascending, at least one, at most most_columns). Byte columns are grouped by
  // their number of codes, so that tiles are tight. The first slot of the first tile is always a column.
  // Enqueues; neither waits nor allocates, and what was enqueued before still sees the previous choice.
  void choose(std::span<const std::int32_t> chosen, cudaStream_t stream);

  const LayoutView& host() const { return view_; }  // pointers are the device's
  const LayoutView* device() const { return reinterpret_cast<const LayoutView*>(tables_.data()); }
  std::span<const Tile> tiles() const { return tiles_; }
  std::span<const std::int32_t> slot_columns() const { return slot_columns_; }
  std::int64_t part_size() const { return view_.cells * view_.planes; }  // in int64
  std::int64_t histogram_size() const { return part_size() * parts_.count; }
  // Whether this device searches the tile's columns.
  bool owns(std::int32_t tile) const { return tile >= view_.first_own_tile && tile < view_.end_own_tile; }
  std::int32_t most_codes() const { return most_codes_; }  // of a tile with slots > 1; 0 if there is none

  // Slots of the byte tiles of layouts of at most so many columns: 32, 16 or 8.
  static std::int32_t byte_slots(std::int32_t most_columns);
  // Bytes of device memory that a layout of at most `count` of these columns reserves.
  static std::int64_t bytes(const data::Layout& layout, std::int64_t rows, std::int64_t count);
  // The most cells (of one plane of one part) that a layout made for `count` columns has for any choice, or,
  // with several parts and fewer columns than there are, a bound of that; a multiple of 32.
  static std::int64_t most_cells(const data::Layout& layout, std::int64_t count, std::int32_t parts = 1);

 private:
  void add_byte_columns(std::span<const std::int32_t> sorted);
  void add_wide_column(std::int32_t column);
  void place_tiles();
  void upload(cudaStream_t stream);

  const DeviceColumns* columns_;
  HistogramParts parts_;
  std::int32_t slots_;
  std::int32_t most_codes_ = 0;
  std::vector<Tile> tiles_;
  std::vector<std::int32_t> slot_columns_;
  LayoutView view_;
  DeviceArray<std::uint8_t> packed_;
  DeviceArray<std::uint32_t> tables_;  // the view, tiles, slots: in the order of their alignment
};

}  // namespace ramet::cuda
