// Tiles of numbers in shared memory: read along rows or columns, whichever lie side by side in memory.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/ingest_view.hpp"

namespace ramet::cuda {

// By column; a row longer than it need be, so that neither direction has bank conflicts.
using NumberTile = double[tile_columns][tile_rows + 1];

template <class T>
__device__ inline double element(const NumberView& view, std::int64_t row) {
  return static_cast<double>(static_cast<const T*>(view.values)[row * view.stride]);
}

// Row `row` of a column; NaN if missing.
__device__ inline double number_at(const NumberView& view, std::int64_t row) {
  if (view.validity != nullptr) {
    const std::int64_t bit = view.validity_offset + row;
    if ((view.validity[bit / 8] >> (bit % 8) & 1) == 0) return __longlong_as_double(0x7ff8000000000000);
  }
  switch (view.type) {
    case data::NumberType::float32:
      return element<float>(view, row);
    case data::NumberType::float64:
      return element<double>(view, row);
    case data::NumberType::int8:
      return element<std::int8_t>(view, row);
    case data::NumberType::int16:
      return element<std::int16_t>(view, row);
    case data::NumberType::int32:
      return element<std::int32_t>(view, row);
    case data::NumberType::int64:
      return element<std::int64_t>(view, row);
    case data::NumberType::uint8:
      return element<std::uint8_t>(view, row);
    case data::NumberType::uint16:
      return element<std::uint16_t>(view, row);
    case data::NumberType::uint32:
      return element<std::uint32_t>(view, row);
    case data::NumberType::uint64:
      return element<std::uint64_t>(view, row);
  }
  return 0;
}

// Rows of the tile that starts at row `first`.
__device__ inline std::int32_t rows_of_tile(const ReadableRows& rows, std::int64_t first) {
  const std::int64_t left = rows.count - first;
  return left < tile_rows ? static_cast<std::int32_t>(left) : tile_rows;
}

// tile[c][r] = row `first` + r of column c, for c < columns <= tile_columns. `views`: of those columns. By
// all threads of the block; a barrier must follow.
__device__ inline void load_tile(const ReadableRows& rows, const NumberView* views, std::int32_t columns,
                                 std::int64_t first, NumberTile& tile) {
  const std::int32_t present = rows_of_tile(rows, first);
  const auto cells = static_cast<unsigned>(columns * tile_rows);
  for (unsigned i = threadIdx.x; i < cells; i += blockDim.x) {
    const unsigned column = rows.row_major ? i % static_cast<unsigned>(columns) : i / tile_rows;
    const unsigned row = rows.row_major ? i / static_cast<unsigned>(columns) : i % tile_rows;
    if (static_cast<std::int32_t>(row) >= present) continue;
    const std::int64_t at =
        rows.list != nullptr ? rows.list[first + row] : rows.first + first + static_cast<std::int64_t>(row);
    tile[column][row] = number_at(views[column], at);
  }
}

}  // namespace ramet::cuda
