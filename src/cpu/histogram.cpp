#include "cpu/histogram.hpp"

#include <algorithm>
#include <span>

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
  const std::int64_t* bases;  // code bases of the byte columns
  const HistogramColumn* columns;
  std::span<const std::int32_t> counted;  // indices into `columns`
  std::int64_t first_byte = 0;            // of a packed row
  std::int64_t span = 0;                  // bytes of it
  bool consecutive = true;                // the byte columns lie side by side in the packed row
};

ColumnOffsets offsets(const HistogramLayout& layout, std::int32_t begin, std::int32_t end) {
  const HistogramColumn* columns = layout.columns.data();
  const std::int32_t byte_end = std::clamp(layout.byte_columns, begin, end);
  const auto counted_begin = std::lower_bound(layout.counted.begin(), layout.counted.end(), begin);
  const auto counted_end = std::lower_bound(counted_begin, layout.counted.end(), end);
  ColumnOffsets result{columns + begin, columns + byte_end,
                       columns + end,   layout.code_bases.data() + begin,
                       columns,         {counted_begin, counted_end}};
  if (byte_end == begin) return result;
  // Columns are in the order of their bytes.
  result.first_byte = columns[begin].byte_offset;
  result.span = columns[byte_end - 1].byte_offset - result.first_byte + 1;
  result.consecutive = result.span == byte_end - begin;
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

// One row's columns: the bytes if they are not added elsewhere, two-byte codes, counts.
template <class Target, class Value>
inline void add_one(const ColumnOffsets& columns, const std::uint8_t* row, bool bytes, const Value& value,
                    const Target& target) {
  for (const HistogramColumn* c = columns.byte_begin; bytes && c != columns.byte_end; ++c) {
    target.add(c->code_base + row[c->byte_offset], value);
  }
  for (const HistogramColumn* c = columns.byte_end; c != columns.short_end; ++c) {
    target.add(c->code_base + static_cast<std::int64_t>(short_code(row + c->byte_offset)), value);
  }
  for (const std::int32_t index : columns.counted) {
    const HistogramColumn* c = columns.columns + index;
    const std::uint32_t code = c < columns.byte_end ? row[c->byte_offset] : short_code(row + c->byte_offset);
    target.count(c->count_base + static_cast<std::int64_t>(code));
  }
}

// The hot loop.
template <bool indexed, class Target, class Gradient>
void add_rows(const ColumnOffsets& columns, std::int64_t row_bytes, const RowSlice& rows,
              const Gradient* gradients, const Target& target) {
  const std::uint8_t* packed = rows.page->packed.data();
  const std::int64_t byte_columns = columns.byte_end - columns.byte_begin;
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
  const bool more = columns.byte_end != columns.short_end || !columns.counted.empty();
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
    add_two(columns.bases, byte_columns, codes_a + columns.first_byte, codes_b + columns.first_byte, value_a,
            value_b, target);
    if (!more) continue;
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
