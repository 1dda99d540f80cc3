#include "cpu/histogram.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <vector>

namespace ramet::cpu {
namespace {

// Far enough that a row from the third-level cache arrives in time, near enough to stay in the first.
constexpr std::int64_t prefetch_distance = 24;
// Rows in order are fetched into the second-level cache, as far ahead as the rows that are given their
// gradients next.
constexpr std::int64_t rows_ahead = rows_at_once - prefetch_distance;

// Cells from one column of 255 values and a missing one to the next.
constexpr std::int64_t even_cells = 256;

struct PackedTarget {
  static constexpr std::int64_t step = 1;  // a cell, in 64-bit integers
  static std::int64_t load(const std::uint8_t* pair) { return packed_gradient_at(pair); }
  static void add(std::int64_t* cell, std::int64_t value) { *cell += value; }
  static void add_counted(std::int64_t* cell, std::int64_t value) {
    *reinterpret_cast<CellPair*>(cell) += CellPair{value, 1};
  }
};

struct WideTarget {
  static constexpr std::int64_t step = 2;
  static WideCell load(const std::uint8_t* at) {
    WideGradient pair;
    __builtin_memcpy(&pair, at, sizeof pair);
    return {pair.g, static_cast<std::int64_t>(pair.h)};
  }
  static void add(std::int64_t* cell, const WideCell& value) {
    *reinterpret_cast<CellPair*>(cell) += CellPair{value.g, value.h};
  }
  static void add_counted(std::int64_t* cell, const WideCell& value) {
    add(cell, value);
    cell[3] += 1;
  }
};

// Layout columns by width, and of each width those first that are not counted.
struct ColumnRuns {
  std::span<const HistogramColumn> columns;
  std::int64_t plain_bytes = 0;
  std::int64_t counted_bytes = 0;
  std::int64_t plain_shorts = 0;
  std::int64_t counted_shorts = 0;
  std::int64_t bytes_at = 0;   // where the first one-byte code is in a packed row
  std::int64_t shorts_at = 0;  // and the first two-byte code
  std::int64_t first_byte = 0;
  std::int64_t span = 0;    // bytes from the first code to the last
  bool consecutive = true;  // codes of a width lie side by side, in order
  bool even = false;        // plain one-byte columns are even_cells apart, and there are some

  std::int64_t bytes() const { return plain_bytes + counted_bytes; }
};

ColumnRuns runs_of(const HistogramLayout& layout, std::int32_t begin, std::int32_t end) {
  ColumnRuns runs;
  runs.columns = std::span(layout.columns)
                     .subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  if (runs.columns.empty()) return runs;
  runs.even = true;
  const std::int64_t bytes = std::clamp(layout.byte_columns, begin, end) - begin;
  std::int32_t first = runs.columns[0].byte_offset;
  std::int32_t last = first;
  for (std::int64_t c = 0; c < end - begin; ++c) {
    const HistogramColumn& column = runs.columns[static_cast<std::size_t>(c)];
    const bool is_byte = c < bytes;
    std::int64_t& at = is_byte ? runs.bytes_at : runs.shorts_at;
    if (c == 0 || c == bytes) at = column.byte_offset;
    runs.consecutive = runs.consecutive && column.byte_offset == at + (is_byte ? c : 2 * (c - bytes));
    std::int64_t& of_bytes = column.counted ? runs.counted_bytes : runs.plain_bytes;
    std::int64_t& of_shorts = column.counted ? runs.counted_shorts : runs.plain_shorts;
    ++(is_byte ? of_bytes : of_shorts);
    if (is_byte && !column.counted)
      runs.even = runs.even && column.code_base == runs.columns[0].code_base + even_cells * c;
    first = std::min(first, column.byte_offset);
    last = std::max(last, column.byte_offset + (is_byte ? 0 : 1));
  }
  runs.even = runs.even && runs.plain_bytes > 0;
  runs.first_byte = first;
  runs.span = last - first + 1;
  return runs;
}

template <class Codes>
inline Codes codes_at(const std::uint8_t* at) {
  Codes codes;
  __builtin_memcpy(&codes, at, sizeof codes);
  return codes;
}

// Where code 0 of each column has its cell, or would have it.
class CellTable {
 public:
  CellTable(std::span<const HistogramColumn> columns, std::int64_t step, std::int64_t* cells) {
    if (columns.size() > few_.size()) {
      many_.resize(columns.size());
      first_ = many_.data();
    }
    for (std::size_t c = 0; c < columns.size(); ++c) first_[c] = cells + columns[c].code_base * step;
  }
  CellTable(const CellTable&) = delete;
  CellTable& operator=(const CellTable&) = delete;
  std::int64_t* const* begin() const { return first_; }

 private:
  std::array<std::int64_t*, 64> few_;  // not initialised
  std::vector<std::int64_t*> many_;
  std::int64_t** first_ = few_.data();
};

// The cell's address in a register of its own: an addition to memory that also adds an index takes the
// processor more steps, and what bounds the loops below is the number of steps.
inline std::int64_t* in_register(std::int64_t* cell) {
  asm("" : "+r"(cell));
  return cell;
}

// Byte columns side by side, of two rows at once: one load gets four codes, and an entry of the table serves
// both rows.
template <class Target, class Value>
inline void add_two(std::int64_t* const* first_cells, std::int64_t columns, const std::uint8_t* a,
                    const std::uint8_t* b, const Value& value_a, const Value& value_b) {
  const auto add_both = [&](std::int64_t * first, std::uint32_t code_a, std::uint32_t code_b)
      __attribute__((always_inline)) {
    Target::add(in_register(first + std::int64_t{code_a} * Target::step), value_a);
    Target::add(in_register(first + std::int64_t{code_b} * Target::step), value_b);
  };
  std::int64_t c = 0;
  for (; c + 4 <= columns; c += 4) {
    std::uint32_t codes_a = codes_at<std::uint32_t>(a + c);
    std::uint32_t codes_b = codes_at<std::uint32_t>(b + c);
    add_both(first_cells[c], codes_a & 0xff, codes_b & 0xff);
    add_both(first_cells[c + 1], codes_a >> 8 & 0xff, codes_b >> 8 & 0xff);
    codes_a >>= 16;
    codes_b >>= 16;
    add_both(first_cells[c + 2], codes_a & 0xff, codes_b & 0xff);
    add_both(first_cells[c + 3], codes_a >> 8, codes_b >> 8);
  }
  for (; c < columns; ++c) add_both(first_cells[c], a[c], b[c]);
}

// The same where columns are even_cells apart: no table, and eight codes a load, since loads are what
// additions to memory compete with.
template <class Target, class Value>
inline void add_two_even(std::int64_t* first, std::int64_t columns, const std::uint8_t* a,
                         const std::uint8_t* b, const Value& value_a, const Value& value_b) {
  const auto add_both = [&](std::int64_t column, std::uint64_t code_a, std::uint64_t code_b)
      __attribute__((always_inline)) {
    std::int64_t* cells = first + column * (even_cells * Target::step);
    Target::add(in_register(cells + static_cast<std::int64_t>(code_a) * Target::step), value_a);
    Target::add(in_register(cells + static_cast<std::int64_t>(code_b) * Target::step), value_b);
  };
  const auto add_columns = [&]<class Codes>(Codes codes_a, Codes codes_b) __attribute__((always_inline)) {
    constexpr std::int64_t count = sizeof(Codes);
    for (std::int64_t k = 0; k < count; k += 2) {
      add_both(k, codes_a & 0xff, codes_b & 0xff);
      add_both(k + 1, codes_a >> 8 & 0xff, codes_b >> 8 & 0xff);
      codes_a >>= 16;
      codes_b >>= 16;
    }
    first += count * (even_cells * Target::step);
  };
  std::int64_t c = 0;
  for (; c + 8 <= columns; c += 8)
    add_columns(codes_at<std::uint64_t>(a + c), codes_at<std::uint64_t>(b + c));
  for (; c + 4 <= columns; c += 4)
    add_columns(codes_at<std::uint32_t>(a + c), codes_at<std::uint32_t>(b + c));
  for (std::int64_t k = 0; c < columns; ++c, ++k) add_both(k, a[c], b[c]);
}

// The same for counted columns, whose codes are read one by one.
template <class Target, class Value>
inline void add_two_counted(std::int64_t* const* first_cells, std::int64_t columns, const std::uint8_t* a,
                            const std::uint8_t* b, const Value& value_a, const Value& value_b) {
  const auto add_both = [&](std::int64_t * first, std::uint32_t code_a, std::uint32_t code_b)
      __attribute__((always_inline)) {
    Target::add_counted(in_register(first + std::int64_t{code_a} * (2 * Target::step)), value_a);
    Target::add_counted(in_register(first + std::int64_t{code_b} * (2 * Target::step)), value_b);
  };
  std::int64_t c = 0;
  for (; c + 2 <= columns; c += 2) {
    add_both(in_register(first_cells[c]), a[c], b[c]);
    add_both(in_register(first_cells[c + 1]), a[c + 1], b[c + 1]);
  }
  if (c < columns) add_both(in_register(first_cells[c]), a[c], b[c]);
}

// One row's two-byte codes side by side.
template <class Target, class Value>
inline void add_shorts(std::int64_t* const* first_cells, std::int64_t plain, std::int64_t counted,
                       const std::uint8_t* codes, const Value& value) {
  std::int64_t c = 0;
  for (; c < plain; ++c)
    Target::add(first_cells[c] + Target::step * codes_at<std::uint16_t>(codes + 2 * c), value);
  for (; c < plain + counted; ++c)
    Target::add_counted(first_cells[c] + 2 * Target::step * codes_at<std::uint16_t>(codes + 2 * c), value);
}

// One row's columns, wherever they are.
template <class Target, class Value>
inline void add_one(const ColumnRuns& runs, const std::uint8_t* row, const Value& value,
                    std::int64_t* cells) {
  const auto bytes = static_cast<std::size_t>(runs.bytes());
  for (std::size_t c = 0; c < runs.columns.size(); ++c) {
    const HistogramColumn& column = runs.columns[c];
    const std::uint8_t* at = row + column.byte_offset;
    std::int64_t* cell = cells + column.cell(c < bytes ? *at : codes_at<std::uint16_t>(at)) * Target::step;
    if (column.counted) {
      Target::add_counted(cell, value);
    } else {
      Target::add(cell, value);
    }
  }
}

// Rows of a slice, with ids or without, and their gradients, inside of the rows or elsewhere.
template <bool indexed, bool inside, class Gradient>
class Rows {
 public:
  Rows(const ColumnRuns& runs, const RowSource<Gradient>& source, const RowSlice& slice)
      : codes_(source.codes),
        row_bytes_(source.row_bytes),
        gradients_(inside ? source.codes + source.gradient_at
                          : reinterpret_cast<const std::uint8_t*>(source.gradients)),
        ids_(slice.ids),
        first_(slice.first),
        first_byte_(inside ? 0 : runs.first_byte),
        last_byte_(inside ? source.gradient_at : runs.first_byte + runs.span - 1),
        crossing_(!inside || !std::has_single_bit(static_cast<std::uint64_t>(row_bytes_))) {}
  std::int64_t row(std::int64_t i) const { return indexed ? ids_[i] : first_ + i; }
  const std::uint8_t* codes(std::int64_t row) const { return codes_ + row * row_bytes_; }
  const std::uint8_t* gradient(std::int64_t row) const {
    return gradients_ + row * (inside ? row_bytes_ : std::int64_t{sizeof(Gradient)});
  }
  // Row i and its gradient. Always inlined: GCC drops calls of functions that do nothing but prefetch.
  __attribute__((always_inline)) void prefetch(std::int64_t i) const {
    if constexpr (!indexed) {
      __builtin_prefetch(codes(first_ + i + rows_ahead), 0, 2);
      return;
    }
    const std::int64_t row = ids_[i];
    const std::uint8_t* first = codes(row) + first_byte_;
    const std::uint8_t* last = codes(row) + last_byte_;
    __builtin_prefetch(first);
    while ((first += 64) <= last) __builtin_prefetch(first);
    if (crossing_) __builtin_prefetch(last);
    if constexpr (!inside) __builtin_prefetch(gradient(row));
  }

 private:
  const std::uint8_t* codes_;
  std::int64_t row_bytes_;
  const std::uint8_t* gradients_;
  const std::uint32_t* ids_;
  std::int64_t first_;
  std::int64_t first_byte_;
  std::int64_t last_byte_;
  bool crossing_;  // a row may lie across cache lines
};

// The hot loop. `runs` is a copy, of which the compiler knows that no addition changes it.
template <class Target, bool indexed, bool inside, bool even, class Gradient>
void add_rows_of(const ColumnRuns runs, const RowSource<Gradient>& source, const RowSlice& slice,
                 std::int64_t* cells) {
  const Rows<indexed, inside, Gradient> rows(runs, source, slice);
  const CellTable table(runs.columns, Target::step, cells);
  std::int64_t* const* const of_bytes = table.begin();
  std::int64_t* const* const of_shorts = table.begin() + runs.bytes();
  const bool shorts = runs.plain_shorts + runs.counted_shorts != 0;
  const auto add_pair = [&](std::int64_t i) __attribute__((always_inline)) {
    const std::int64_t a = rows.row(i);
    const std::int64_t b = rows.row(i + 1);
    const std::uint8_t* codes_a = rows.codes(a);
    const std::uint8_t* codes_b = rows.codes(b);
    const auto value_a = Target::load(rows.gradient(a));
    const auto value_b = Target::load(rows.gradient(b));
    if constexpr (even) {
      add_two_even<Target>(*of_bytes, runs.plain_bytes, codes_a + runs.bytes_at, codes_b + runs.bytes_at,
                           value_a, value_b);
    } else {
      add_two<Target>(of_bytes, runs.plain_bytes, codes_a + runs.bytes_at, codes_b + runs.bytes_at, value_a,
                      value_b);
    }
    if (runs.counted_bytes != 0) {
      const std::int64_t at = runs.bytes_at + runs.plain_bytes;
      add_two_counted<Target>(of_bytes + runs.plain_bytes, runs.counted_bytes, codes_a + at, codes_b + at,
                              value_a, value_b);
    }
    if (!shorts) return;
    add_shorts<Target>(of_shorts, runs.plain_shorts, runs.counted_shorts, codes_a + runs.shorts_at, value_a);
    add_shorts<Target>(of_shorts, runs.plain_shorts, runs.counted_shorts, codes_b + runs.shorts_at, value_b);
  };
  std::int64_t i = 0;
  if (runs.consecutive) {
    for (; i + 1 + prefetch_distance < slice.count; i += 2) {
      rows.prefetch(i + prefetch_distance);
      rows.prefetch(i + 1 + prefetch_distance);
      add_pair(i);
    }
    for (; i + 2 <= slice.count; i += 2) add_pair(i);
  }
  for (; i < slice.count; ++i) {
    if (i + prefetch_distance < slice.count) rows.prefetch(i + prefetch_distance);
    const std::int64_t row = rows.row(i);
    add_one<Target>(runs, rows.codes(row), Target::load(rows.gradient(row)), cells);
  }
}

template <class Target, bool indexed, bool inside, class Gradient>
void add_rows(const ColumnRuns& runs, const RowSource<Gradient>& source, const RowSlice& slice,
              std::int64_t* cells) {
  if (runs.even) {
    add_rows_of<Target, indexed, inside, true>(runs, source, slice, cells);
  } else {
    add_rows_of<Target, indexed, inside, false>(runs, source, slice, cells);
  }
}

}  // namespace

void add_packed(const HistogramLayout& layout, std::int32_t column_begin, std::int32_t column_end,
                const RowSource<std::uint32_t>& source, const RowSlice& rows, std::int64_t* cells) {
  const ColumnRuns runs = runs_of(layout, column_begin, column_end);
  if (source.gradients == nullptr && rows.ids != nullptr) {
    add_rows<PackedTarget, true, true>(runs, source, rows, cells);
  } else if (source.gradients == nullptr) {
    add_rows<PackedTarget, false, true>(runs, source, rows, cells);
  } else if (rows.ids != nullptr) {
    add_rows<PackedTarget, true, false>(runs, source, rows, cells);
  } else {
    add_rows<PackedTarget, false, false>(runs, source, rows, cells);
  }
}

void add_wide(const HistogramLayout& layout, std::int32_t column_begin, std::int32_t column_end,
              const RowSource<WideGradient>& source, const RowSlice& rows, WideCell* cells) {
  const ColumnRuns runs = runs_of(layout, column_begin, column_end);
  auto* first = reinterpret_cast<std::int64_t*>(cells);
  if (rows.ids != nullptr) {
    add_rows<WideTarget, true, false>(runs, source, rows, first);
  } else {
    add_rows<WideTarget, false, false>(runs, source, rows, first);
  }
}

void flush_packed(std::int64_t* packed, WideCell* wide, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    wide[i].g += packed_g(packed[i]);
    wide[i].h += packed_h(packed[i]);
    packed[i] = 0;
  }
}

}  // namespace ramet::cpu
