// Numbers of a table as kernels see them: where each column lies, and which of its rows are meant.
#pragma once

#include <cstdint>

#include "data/device_table.hpp"

namespace ramet::cuda {

// A column in memory that the device can read. As data::TableColumn.
struct NumberView {
  const void* values = nullptr;
  const std::uint8_t* validity = nullptr;
  std::int64_t stride = 1;
  std::int64_t validity_offset = 0;
  data::NumberType type = data::NumberType::float32;
};

// Some rows of some columns. Row i is row list[i] of the views, or first + i without a list.
struct ReadableRows {
  const NumberView* views = nullptr;  // on the device, one per column
  std::int32_t columns = 0;
  bool row_major = false;  // neighbours in memory are columns of one row, not rows of one column
  const std::int64_t* list = nullptr;
  std::int64_t first = 0;
  std::int64_t count = 0;
};

// Kernels read tiles of so many rows and columns through shared memory.
inline constexpr std::int32_t tile_rows = 32;
inline constexpr std::int32_t tile_columns = 32;

}  // namespace ramet::cuda
