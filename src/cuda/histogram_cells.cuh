// The cells of units: byte tiles, and slices of the codes of wide tiles.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/histogram_layout.hpp"

namespace ramet::cuda {

// Cells [first, first + count) of each plane, those between tiles included: both are multiples of 32.
struct UnitCells {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

__device__ inline std::uint32_t whole_warps(std::uint32_t cells) { return (cells + 31) / 32 * 32; }

__device__ inline UnitCells tile_cells(const Tile& tile) {
  return {tile.first_cell, whole_warps(static_cast<std::uint32_t>(tile.codes * tile.slots))};
}

struct Slice {
  const std::uint16_t* codes = nullptr;  // of all rows
  std::uint32_t first_code = 0;
  std::uint32_t code_count = 0;
  UnitCells cells;  // of the slice's codes, in their order
};

// Slice `number` of the layout's wide tiles.
__device__ inline Slice find_slice(const LayoutView& layout, std::int32_t number) {
  std::int32_t low = layout.byte_tiles;
  std::int32_t high = layout.tile_count - 1;
  while (low < high) {
    const std::int32_t middle = (low + high + 1) / 2;
    if (layout.tiles[middle].first_slice <= number) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const Tile& tile = layout.tiles[low];
  const std::int32_t first = (number - tile.first_slice) * slice_codes;
  const auto count = static_cast<std::uint32_t>(min(tile.codes - first, slice_codes));
  return {reinterpret_cast<const std::uint16_t*>(tile.rows),
          static_cast<std::uint32_t>(first),
          count,
          {tile.first_cell + first, whole_warps(count)}};
}

}  // namespace ramet::cuda
