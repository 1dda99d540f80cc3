#include "cpu/histogram.hpp"

#include <algorithm>
#include <span>

namespace ramet::cpu {
namespace {

// Far enough that a row from the third-level cache arrives in time, near enough to stay in the first.
constexpr std::int64_t prefetch_distance = 24;

struct PackedTarget {
  std::int64_t* cells;
  static std::int64_t load(std::uint32_t pair) { return packed_gradient(pair); }
  void add(std::int64_t cell, std::int64_t value) const { cells[cell] += value; }
  void add_counted(std::int64_t cell, std::int64_t value) const {
    *reinterpret_cast<CellPair*>(cells + cell) += CellPair{value, 1};
  }
};

struct WideTarget {
  WideCell* cells;
  static WideCell load(WideGradient pair) { return {pair.g, static_cast<std::int64_t>(pair.h)}; }
  void add(std::int64_t cell, const WideCell& value) const {
    *reinterpret_cast<CellPair*>(cells + cell) += CellPair{value.g, value.h};
  }
  void add_counted(std::int64_t cell, const WideCell& value) const {
    add(cell, value);
    cells[cell + 1].h += 1;
  }
};

struct ColumnOffsets {
  const HistogramColumn* byte_begin;
  const HistogramColumn* byte_end;
  const HistogramColumn* short_end;
  const std::int64_t* bases;       // code bases of the byte columns
  std::int64_t plain_bytes = 0;    // byte columns that are not counted; they come first
  std::int64_t counted_bytes = 0;  // those that are
  std::int64_t first_byte = 0;     // of a packed row
  std::int64_t span = 0;           // bytes of it
  bool consecutive = true;         // the byte columns lie side by side in the packed row, in order
};

ColumnOffsets offsets(const HistogramLayout& layout, std::int32_t begin, std::int32_t end) {
  const HistogramColumn* columns = layout.columns.data();
  const std::int32_t byte_end = std::clamp(layout.byte_columns, begin, end);
  const std::int32_t plain_end = std::clamp(layout.plain_byte_columns, begin, byte_end);
  ColumnOffsets result{columns + begin,   columns + byte_end,
                       columns + end,     layout.code_bases.data() + begin,
                       plain_end - begin, byte_end - plain_end};
  if (byte_end == begin) return result;
  std::int32_t last_byte = result.byte_begin->byte_offset;
  result.first_byte = last_byte;
  for (const HistogramColumn* c = result.byte_begin; c != result.byte_end; ++c) {
    result.consecutive =
        result.consecutive && c->byte_offset == result.byte_begin->byte_offset + (c - result.byte_begin);
    result.first_byte = std::min<std::int64_t>(result.first_byte, c->byte_offset);
    last_byte = std::max(last_byte, c->byte_offset);
  }
  result.span = last_byte - result.first_byte + 1;
  return result;
}

inline std::uint32_t short_code(const std::uint8_t* at) {
  std::uint16_t code;
  __builtin_memcpy(&code, at, sizeof code);
  return code;
}

inline std::uint32_t four_codes(const std::uint8_t* at) {
  std::uint32_t codes;
  __builtin_memcpy(&codes, at, sizeof codes);
  return codes;
}

// Byte columns side by side, of two rows at once. What bounds this loop is accesses to memory: one load gets
// four codes, and a base serves both rows.
template <class Target, class Value>
inline void add_two(const std::int64_t* bases, std::int64_t columns, const std::uint8_t* a,
                    const std::uint8_t* b, const Value& value_a, const Value& value_b, const Target& target) {
  std::int64_t c = 0;
  for (; c + 4 <= columns; c += 4) {
    const std::uint32_t codes_a = four_codes(a + c);
    const std::uint32_t codes_b = four_codes(b + c);
    target.add(bases[c] + (codes_a & 0xff), value_a);
    target.add(bases[c] + (codes_b & 0xff), value_b);
    target.add(bases[c + 1] + (codes_a >> 8 & 0xff), value_a);
    target.add(bases[c + 1] + (codes_b >> 8 & 0xff), value_b);
    target.add(bases[c + 2] + (codes_a >> 16 & 0xff), value_a);
    target.add(bases[c + 2] + (codes_b >> 16 & 0xff), value_b);
    target.add(bases[c + 3] + (codes_a >> 24), value_a);
    target.add(bases[c + 3] + (codes_b >> 24), value_b);
  }
  for (; c < columns; ++c) {
    target.add(bases[c] + a[c], value_a);
    target.add(bases[c] + b[c], value_b);
  }
}

// The same for counted columns.
template <class Target, class Value>
inline void add_two_counted(const std::int64_t* bases, std::int64_t columns, const std::uint8_t* a,
                            const std::uint8_t* b, const Value& value_a, const Value& value_b,
                            const Target& target) {
  for (std::int64_t c = 0; c < columns; ++c) {
    target.add_counted(bases[c] + 2 * std::int64_t{a[c]}, value_a);
    target.add_counted(bases[c] + 2 * std::int64_t{b[c]}, value_b);
  }
}

template <class Target, class Value>
inline void add_code(const HistogramColumn& column, std::int64_t code, const Value& value,
                     const Target& target) {
  if (column.counted) {
    target.add_counted(column.cell(code), value);
  } else {
    target.add(column.cell(code), value);
  }
}

// One row's columns: the bytes if they are not added elsewhere, and two-byte codes.
template <class Target, class Value>
inline void add_one(const ColumnOffsets& columns, const std::uint8_t* row, bool bytes, const Value& value,
                    const Target& target) {
  for (const HistogramColumn* c = columns.byte_begin; bytes && c != columns.byte_end; ++c) {
    add_code(*c, row[c->byte_offset], value, target);
  }
  for (const HistogramColumn* c = columns.byte_end; c != columns.short_end; ++c) {
    add_code(*c, short_code(row + c->byte_offset), value, target);
  }
}

// The hot loop.
template <bool indexed, class Target, class Gradient>
void add_rows(const ColumnOffsets& columns, std::int64_t row_bytes, const RowSlice& rows,
              const Gradient* gradients, const Target& target) {
  const std::uint8_t* packed = rows.page->packed.data();
  const auto row_at = [&](std::int64_t i) -> std::int64_t { return indexed ? rows.ids[i] : rows.first + i; };
  // Always inlined: GCC drops calls of functions that do nothing but prefetch.
  const auto prefetch = [&](std::int64_t i) __attribute__((always_inline)) {
    if (!indexed || i + prefetch_distance >= rows.count) return;
    const std::int64_t ahead = rows.ids[i + prefetch_distance];
    const std::uint8_t* next = packed + ahead * row_bytes + columns.first_byte;
    __builtin_prefetch(next);
    for (std::int64_t b = 64; b < columns.span + 63; b += 64) __builtin_prefetch(next + b);
    __builtin_prefetch(gradients + ahead);
  };
  const bool shorts = columns.byte_end != columns.short_end;
  std::int64_t i = 0;
  for (; columns.consecutive && i + 2 <= rows.count; i += 2) {
    prefetch(i);
    prefetch(i + 1);
    const std::int64_t a = row_at(i);
    const std::int64_t b = row_at(i + 1);
    const std::uint8_t* codes_a = packed + a * row_bytes;
    const std::uint8_t* codes_b = packed + b * row_bytes;
    const auto value_a = Target::load(gradients[a]);
    const auto value_b = Target::load(gradients[b]);
    add_two(columns.bases, columns.plain_bytes, codes_a + columns.first_byte, codes_b + columns.first_byte,
            value_a, value_b, target);
    if (columns.counted_bytes != 0) {
      const std::int64_t counted = columns.first_byte + columns.plain_bytes;
      add_two_counted(columns.bases + columns.plain_bytes, columns.counted_bytes, codes_a + counted,
                      codes_b + counted, value_a, value_b, target);
    }
    if (!shorts) continue;
    add_one(columns, codes_a, false, value_a, target);
    add_one(columns, codes_b, false, value_b, target);
  }
  for (; i < rows.count; ++i) {
    prefetch(i);
    const std::int64_t row = row_at(i);
    add_one(columns, packed + row * row_bytes, true, Target::load(gradients[row]), target);
  }
}

template <class Target, class Gradient>
void add_slice(const HistogramLayout& layout, std::int32_t begin, std::int32_t end, std::int64_t row_bytes,
               const RowSlice& rows, const Gradient* gradients, const Target& target) {
  const ColumnOffsets columns = offsets(layout, begin, end);
  if (rows.ids != nullptr) {
    add_rows<true>(columns, row_bytes, rows, gradients, target);
  } else {
    add_rows<false>(columns, row_bytes, rows, gradients, target);
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
