// Builds node histograms: adds every row's gradient pair to one cell per column.
// Cost: one 8-byte add in the first-level cache per (row, column), which is what the method is bound by.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "cpu/cells.hpp"

namespace ramet::cpu {

// Rows that stay in the first-level cache from when they get their gradients until they are added.
inline constexpr std::int64_t rows_at_once = 1'024;

// Rows of one page: ids[0..count), or first, first + 1, ... if ids is null.
struct RowSlice {
  const data::Page* page = nullptr;
  const std::uint32_t* ids = nullptr;
  std::uint32_t first = 0;
  std::int64_t count = 0;
};

// Takes the first `count` rows off a slice.
inline RowSlice take_rows(RowSlice& rows, std::int64_t count) {
  RowSlice taken = rows;
  taken.count = count;
  rows.count -= count;
  if (rows.ids != nullptr) {
    rows.ids += count;
  } else {
    rows.first += static_cast<std::uint32_t>(count);
  }
  return taken;
}

struct WideGradient {
  std::int32_t g = 0;
  std::uint32_t h = 0;
};

// A narrow gradient pair, as stored per row: g in the high 16 bits (signed), h in the low 16.
inline std::uint32_t narrow_gradient(std::int32_t g, std::int32_t h) {
  return (static_cast<std::uint32_t>(g) << 16) | static_cast<std::uint32_t>(h);
}
// What it adds to a packed cell.
inline std::int64_t packed_gradient(std::uint32_t pair) {
  return (static_cast<std::int64_t>(static_cast<std::int32_t>(pair & 0xffff0000u)) << 16) |
         static_cast<std::int64_t>(pair & 0xffffu);
}
// The same of the pair at `at`: two loads take fewer steps than taking one apart.
inline std::int64_t packed_gradient_at(const void* at) {
  static_assert(std::endian::native == std::endian::little);
  std::uint16_t h;
  std::int16_t g;
  std::memcpy(&h, at, sizeof h);
  std::memcpy(&g, static_cast<const char*>(at) + sizeof h, sizeof g);
  return (std::int64_t{g} << 32) | std::int64_t{h};
}
inline std::int64_t narrow_g(std::uint32_t pair) { return static_cast<std::int32_t>(pair) >> 16; }
inline std::int64_t narrow_h(std::uint32_t pair) { return pair & 0xffffu; }

// Where the codes and gradients of a page's rows are.
template <class Gradient>
struct RowSource {
  const std::uint8_t* codes = nullptr;  // of row r at codes + r * row_bytes
  std::int64_t row_bytes = 0;
  const Gradient* gradients = nullptr;  // one per row of the page; null: each in its row
  std::int64_t gradient_at = 0;         // there: its offset
};

// Adds the slice's rows to packed cells, for layout columns [column_begin, column_end). The caller keeps a
// cell below max_packed_rows rows.
void add_packed(const HistogramLayout& layout, std::int32_t column_begin, std::int32_t column_end,
                const RowSource<std::uint32_t>& source, const RowSlice& rows, std::int64_t* cells);

// The same for gradients of up to 32 bits, into wide cells.
void add_wide(const HistogramLayout& layout, std::int32_t column_begin, std::int32_t column_end,
              const RowSource<WideGradient>& source, const RowSlice& rows, WideCell* cells);

// wide += packed, and packed = 0, for `count` cells.
void flush_packed(std::int64_t* packed, WideCell* wide, std::int64_t count);

}  // namespace ramet::cpu
