#include "cpu/histogram.hpp"

#include <algorithm>

namespace ramet::cpu {
namespace {

// Far enough that a row from the third-level cache arrives in time, near enough to stay in the first.
constexpr std::int64_t prefetch_distance = 24;

struct PackedTarget {
  std::int64_t* cells;
  static std::int64_t load(std::uint32_t pair) {
    return (static_cast<std::int64_t>(static_cast<std::int32_t>(pair & 0xffff0000u)) << 16) |
           static_cast<std::int64_t>(pair & 0xffffu);
  }
  void add(std::int64_t cell, std::int64_t value) const { cells[cell] += value; }
  void count(std::int64_t cell) const { cells[cell] += 1; }
};

struct WideTarget {
  WideCell* cells;
  static WideCell load(WideGradient pair) { return {pair.g, static_cast<std::int64_t>(pair.h)}; }
  void add(std::int64_t cell, const WideCell& value) const {
    cells[cell].g += value.g;
    cells[cell].h += value.h;
  }
  void count(std::int64_t cell) const { cells[cell].h += 1; }
};

struct ColumnOffsets {
  const HistogramColumn* byte_begin;
  const HistogramColumn* byte_end;
  const HistogramColumn* short_end;
  bool counted;
  bool consecutive;  // the byte columns lie side by side in the packed row
};

ColumnOffsets offsets(const HistogramLayout& layout, std::int32_t begin, std::int32_t end) {
  const HistogramColumn* columns = layout.columns.data();
  const std::int32_t byte_end = std::clamp(layout.byte_columns, begin, end);
  ColumnOffsets result{columns + begin, columns + byte_end, columns + end, false, true};
  for (const HistogramColumn* c = columns + begin; c != columns + end; ++c)
    result.counted |= c->count_base != -1;
  for (const HistogramColumn* c = columns + begin; c != columns + byte_end; ++c) {
    result.consecutive &= c->byte_offset == columns[begin].byte_offset + (c - result.byte_begin);
  }
  return result;
}

inline std::uint32_t short_code(const std::uint8_t* at) {
  std::uint16_t code;
  __builtin_memcpy(&code, at, sizeof code);
  return code;
}

template <class Target>
void count_row(const ColumnOffsets& columns, const std::uint8_t* row, const Target& target) {
  for (const HistogramColumn* c = columns.byte_begin; c != columns.byte_end; ++c) {
    if (c->count_base != -1) target.count(c->count_base + row[c->byte_offset]);
  }
  for (const HistogramColumn* c = columns.byte_end; c != columns.short_end; ++c) {
    if (c->count_base != -1)
      target.count(c->count_base + static_cast<std::int32_t>(short_code(row + c->byte_offset)));
  }
}

// The hot loop. `bases` are the byte columns' code bases, contiguous for the sake of one load per column.
template <bool indexed, class Target, class Gradient>
void add_rows(const ColumnOffsets& columns, const std::int64_t* bases, std::int64_t row_bytes,
              const RowSlice& rows, const Gradient* gradients, const Target& target) {
  const std::uint8_t* packed = rows.page->packed.data();
  const std::int64_t byte_columns = columns.byte_end - columns.byte_begin;
  const std::int64_t first_byte = byte_columns > 0 ? columns.byte_begin->byte_offset : 0;
  const std::int64_t span = byte_columns > 0 ? (columns.byte_end - 1)->byte_offset - first_byte + 1 : 0;
  for (std::int64_t i = 0; i < rows.count; ++i) {
    const std::int64_t row = indexed ? rows.ids[i] : rows.first + i;
    if (indexed && i + prefetch_distance < rows.count) {
      const std::int64_t ahead = rows.ids[i + prefetch_distance];
      const std::uint8_t* next = packed + ahead * row_bytes + first_byte;
      __builtin_prefetch(next);
      for (std::int64_t b = 64; b < span + 63; b += 64) __builtin_prefetch(next + b);
      __builtin_prefetch(gradients + ahead);
    }
    const auto value = Target::load(gradients[row]);
    const std::uint8_t* codes = packed + row * row_bytes;
    if (columns.consecutive) {
      const std::uint8_t* first = codes + first_byte;
      std::int64_t c = 0;
      for (; c + 4 <= byte_columns; c += 4) {
        target.add(bases[c] + first[c], value);
        target.add(bases[c + 1] + first[c + 1], value);
        target.add(bases[c + 2] + first[c + 2], value);
        target.add(bases[c + 3] + first[c + 3], value);
      }
      for (; c < byte_columns; ++c) target.add(bases[c] + first[c], value);
    } else {
      for (const HistogramColumn* c = columns.byte_begin; c != columns.byte_end; ++c) {
        target.add(c->code_base + codes[c->byte_offset], value);
      }
    }
    for (const HistogramColumn* c = columns.byte_end; c != columns.short_end; ++c) {
      target.add(c->code_base + static_cast<std::int64_t>(short_code(codes + c->byte_offset)), value);
    }
    if (columns.counted) count_row(columns, codes, target);
  }
}

template <class Target, class Gradient>
void add_slice(const HistogramLayout& layout, std::int32_t begin, std::int32_t end, std::int64_t row_bytes,
               const RowSlice& rows, const Gradient* gradients, const Target& target) {
  const ColumnOffsets columns = offsets(layout, begin, end);
  std::vector<std::int64_t> bases;
  for (const HistogramColumn* c = columns.byte_begin; c != columns.byte_end; ++c)
    bases.push_back(c->code_base);
  if (rows.ids != nullptr) {
    add_rows<true>(columns, bases.data(), row_bytes, rows, gradients, target);
  } else {
    add_rows<false>(columns, bases.data(), row_bytes, rows, gradients, target);
  }
}

}  // namespace

void add_packed(const HistogramLayout& layout, std::int32_t column_begin, std::int32_t column_end,
                std::int64_t row_bytes, const RowSlice& rows, const std::uint32_t* gradients,
                std::int64_t* cells) {
  add_slice(layout, column_begin, column_end, row_bytes, rows, gradients, PackedTarget{cells});
}

void add_wide(const HistogramLayout& layout, std::int32_t column_begin, std::int32_t column_end,
              std::int64_t row_bytes, const RowSlice& rows, const WideGradient* gradients, WideCell* cells) {
  add_slice(layout, column_begin, column_end, row_bytes, rows, gradients, WideTarget{cells});
}

void flush_packed(std::int64_t* packed, WideCell* wide, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    wide[i].g += packed_g(packed[i]);
    wide[i].h += packed_h(packed[i]);
    packed[i] = 0;
  }
}

}  // namespace ramet::cpu
