#include "cpu/sparse_adder.hpp"

#include <algorithm>
#include <span>

#include "cpu/cell_kernels.hpp"

namespace ramet::cpu {
namespace {

constexpr std::int64_t prefetch_distance = 24;
constexpr std::int64_t plain_at_once = SparseRow::plain_at_once;
constexpr std::int64_t counted_at_once = SparseRow::counted_at_once;

// One build adds each row to a spare cell at most once, so that it cannot overflow if it begins at 0.
template <class Cell>
void clear_spare(const SparsePage& page, Cell* cells) {
  std::fill_n(cells + page.spare, spare_cells, Cell{});
}

struct PackedSum {
  std::int64_t value;
  static PackedSum load(std::uint32_t pair) { return {packed_gradient(pair)}; }
  // Cells of columns that are not wanted may overflow.
  void add_to(std::int64_t& cell) const {
    cell = static_cast<std::int64_t>(static_cast<std::uint64_t>(cell) + static_cast<std::uint64_t>(value));
  }
  void add_counted(std::int64_t* cell) const { *reinterpret_cast<CellPair*>(cell) += CellPair{value, 1}; }
};

struct WideSum {
  WideCell value;
  static WideSum load(WideGradient pair) { return {{pair.g, static_cast<std::int64_t>(pair.h)}}; }
  void add_to(WideCell& cell) const { *reinterpret_cast<CellPair*>(&cell) += CellPair{value.g, value.h}; }
  void add_counted(WideCell* cell) const {
    add_to(cell[0]);
    ++cell[1].h;
  }
};

void add_plainly(std::int64_t from, std::int64_t& to) { to += from; }
void add_plainly(const WideCell& from, WideCell& to) {
  to.g += from.g;
  to.h += from.h;
}

// Of a counted column's cell, the number of rows is in the next one.
void add_count(std::int64_t rows, std::int64_t* cell) { cell[1] += rows; }
void add_count(std::int64_t rows, WideCell* cell) { cell[1].h += rows; }

// Adds several rows' sums to the cells of their list.
template <class Cell>
void add_total(const SparseTotal<Cell>& total, const std::uint32_t* at, const std::uint32_t* counted,
               const std::uint32_t* end, Cell* cells) {
  for (; at < counted; ++at) add_plainly(total.sums, cells[*at]);
  for (; at < end; ++at) {
    add_plainly(total.sums, cells[*at]);
    add_count(total.rows, cells + *at);
  }
}

// Adds to the cells from `at` to `counted`, and from there to `end`.
template <class Sum, class Cell>
[[gnu::always_inline]] inline void add_list(const Sum& sum, const std::uint32_t* at,
                                            const std::uint32_t* counted, const std::uint32_t* end,
                                            Cell* cells) {
  for (; at < counted; at += plain_at_once) {
    sum.add_to(cells[at[0]]);
    sum.add_to(cells[at[1]]);
    sum.add_to(cells[at[2]]);
    sum.add_to(cells[at[3]]);
  }
  for (; at < end; at += counted_at_once) {
    sum.add_counted(cells + at[0]);
    sum.add_counted(cells + at[1]);
  }
}

// The rows' lists are fetched in two steps, each far enough ahead: first where a list is, then the list.
// Always inlined: GCC drops calls of functions that do nothing but prefetch.
[[gnu::always_inline]] inline void prefetch_row(const SparsePage& page, const std::uint32_t* ids,
                                                std::int64_t i, std::int64_t count) {
  if (i + 2 * prefetch_distance < count)
    __builtin_prefetch(page.rows.data() + ids[i + 2 * prefetch_distance]);
  if (i + prefetch_distance >= count) return;
  const SparseRow* row = page.rows.data() + ids[i + prefetch_distance];
  const auto* end = reinterpret_cast<const char*>(page.cells.data() + row[1].begin);
  for (const auto* at = reinterpret_cast<const char*>(page.cells.data() + row[0].begin); at < end; at += 64) {
    __builtin_prefetch(at);
  }
}

template <class Sum, bool indexed, class Cell, class Gradient>
void add_rows(const SparsePage& page, const RowSlice& rows, const Gradient* gradients, Cell* cells,
              SparseTotal<Cell>& total) {
  const std::uint32_t* lists = page.cells.data();
  alignas(16) Cell sums = total.sums;
  for (std::int64_t i = 0; i < rows.count; ++i) {
    const std::int64_t row = indexed ? rows.ids[i] : rows.first + i;
    if constexpr (indexed) {
      prefetch_row(page, rows.ids, i, rows.count);
      if (i + prefetch_distance < rows.count) __builtin_prefetch(gradients + rows.ids[i + prefetch_distance]);
    }
    const Sum sum = Sum::load(gradients[row]);
    sum.add_to(sums);
    const SparseRow* of_row = page.rows.data() + row;
    const std::uint32_t* at = lists + of_row[0].begin;
    const std::uint32_t* counted = lists + of_row[0].counted;
    const std::uint32_t* end = lists + of_row[1].begin;
    add_list(sum, at, counted, end, cells);
  }
  total.sums = sums;
  total.rows += rows.count;
}

// Rows of a block by the kinds of their lists.
class KindBuckets {
 public:
  static constexpr std::uint32_t block_rows = 128;

  // Where each kind's next row goes is kept in one register, a byte a kind: nothing here is foreseen wrongly.
  void fill(const std::uint8_t* kinds, std::uint32_t begin, std::uint32_t end) {
    std::uint64_t sizes = 0;
    for (std::uint32_t row = begin; row < end; ++row) {
      const std::uint32_t shift = 8u * kinds[row];
      rows_[kinds[row]][sizes >> shift & 0xff] = row;
      sizes += std::uint64_t{1} << shift;
    }
    sizes_ = sizes;
  }
  std::span<const std::uint32_t> rows(std::size_t kind) const {
    return {rows_[kind], static_cast<std::size_t>(sizes_ >> (8 * kind) & 0xff)};
  }

 private:
  std::uint32_t rows_[SparsePage::most_kinds + 1][block_rows];  // not initialised
  std::uint64_t sizes_ = 0;
};

// Adds rows whose lists have one shape.
template <class Sum, class Cell, class Gradient>
void add_shape(const SparsePage& page, ListShape shape, std::span<const std::uint32_t> rows,
               const Gradient* gradients, Cell* cells, Cell& total) {
  const std::uint32_t* lists = page.cells.data();
  const SparseRow* of_rows = page.rows.data();
  Cell sums = total;
  for (const std::uint32_t row : rows) {
    const Sum sum = Sum::load(gradients[row]);
    add_plainly(sum.value, sums);
    const std::uint32_t* at = lists + of_rows[row].begin;
    add_list(sum, at, at + shape.plain, at + shape.all, cells);
  }
  total = sums;
}

// Fetches the lists of a block of rows, which the processor does not foresee, since it sees them out of
// order. Always inlined, as above.
[[gnu::always_inline]] inline void prefetch_lists(const SparsePage& page, std::uint32_t begin,
                                                  std::uint32_t end) {
  const SparseRow* last = page.rows.data() + end;
  for (const SparseRow* row = page.rows.data() + begin; row < last; row += 8) __builtin_prefetch(row);
  for (std::uint32_t at = page.rows[begin].begin; at < last->begin; at += 16)
    __builtin_prefetch(page.cells.data() + at);
}

// Rows without ids whose lists are of few kinds, block by block and kind by kind: where lists are short, it
// takes longest to learn that one ends elsewhere than the one before it. Lists that many rows have are added
// to once. Rows with ids are too far apart for this to gain anything.
template <class Sum, class Cell, class Gradient>
void add_by_kind(const SparsePage& page, const RowSlice& rows, const Gradient* gradients, Cell* cells,
                 SparseTotal<Cell>& total) {
  constexpr std::uint32_t block_rows = KindBuckets::block_rows;
  const std::size_t lists = page.frequent_lists.size();
  KindBuckets buckets;
  SparseTotal<Cell> of_list[SparsePage::most_kinds];
  const std::uint32_t end = rows.first + static_cast<std::uint32_t>(rows.count);
  for (std::uint32_t begin = rows.first; begin < end; begin += block_rows) {
    const std::uint32_t next = std::min(begin + block_rows, end);
    prefetch_lists(page, next, std::min(next + block_rows, end));
    buckets.fill(page.kinds.data(), begin, next);
    for (std::size_t n = 0; n < lists; ++n) {
      Cell sum = of_list[n].sums;
      for (const std::uint32_t row : buckets.rows(n)) add_plainly(Sum::load(gradients[row]).value, sum);
      of_list[n].sums = sum;
      of_list[n].rows += static_cast<std::int64_t>(buckets.rows(n).size());
    }
    for (std::size_t n = 0; n < page.frequent_shapes.size(); ++n) {
      add_shape<Sum>(page, page.frequent_shapes[n], buckets.rows(lists + n), gradients, cells, total.sums);
      total.rows += static_cast<std::int64_t>(buckets.rows(lists + n).size());
    }
    const std::span<const std::uint32_t> others = buckets.rows(SparsePage::most_kinds);
    add_rows<Sum, true>(page, {rows.page, others.data(), 0, static_cast<std::int64_t>(others.size())},
                        gradients, cells, total);
  }
  for (std::size_t n = 0; n < lists; ++n) {
    const SparseRow* row = page.rows.data() + page.frequent_lists[n];
    const std::uint32_t* first = page.cells.data();
    add_total(of_list[n], first + row[0].begin, first + row[0].counted, first + row[1].begin, cells);
    add_plainly(of_list[n].sums, total.sums);
    total.rows += of_list[n].rows;
  }
}

template <class Sum, class Cell, class Gradient>
void add_sparse(const SparsePage& page, const RowSlice& rows, const Gradient* gradients, Cell* cells,
                SparseTotal<Cell>& total) {
  clear_spare(page, cells);
  if (rows.ids != nullptr) {
    add_rows<Sum, true>(page, rows, gradients, cells, total);
  } else if (page.kinds.size() > 0) {
    add_by_kind<Sum>(page, rows, gradients, cells, total);
  } else {
    add_rows<Sum, false>(page, rows, gradients, cells, total);
  }
}

}  // namespace

void add_packed_sparse(const SparsePage& page, const RowSlice& rows, const std::uint32_t* gradients,
                       std::int64_t* cells, SparseTotal<std::int64_t>& total) {
  add_sparse<PackedSum>(page, rows, gradients, cells, total);
}

void add_wide_sparse(const SparsePage& page, const RowSlice& rows, const WideGradient* gradients,
                     WideCell* cells, SparseTotal<WideCell>& total) {
  add_sparse<WideSum>(page, rows, gradients, cells, total);
}

void derive_frequent(const SparseRows& sparse, const HistogramLayout& layout, const std::uint8_t* alive,
                     const SparseTotal<std::int64_t>& total, std::int64_t* cells) {
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    if (alive != nullptr && alive[c] == 0) continue;
    const HistogramColumn& column = layout.columns[c];
    std::int64_t* frequent = cells + sparse.frequent_cells[c];
    if (!column.counted) {
      frequent[0] += total.sums - sum_cells(cells + column.first_cell, padded_cells(column.cells));
      continue;
    }
    const auto* first = reinterpret_cast<const CellPair*>(cells + column.first_cell);
    CellPair rest{total.sums, total.rows};
    for (std::int32_t i = 0; i < column.cells; ++i) rest -= first[i];
    *reinterpret_cast<CellPair*>(frequent) += rest;
  }
}

void derive_frequent(const SparseRows& sparse, const HistogramLayout& layout, const std::uint8_t* alive,
                     const SparseTotal<WideCell>& total, WideCell* cells) {
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    if (alive != nullptr && alive[c] == 0) continue;
    const HistogramColumn& column = layout.columns[c];
    const WideCell* first = cells + column.first_cell;
    WideCell rest = total.sums;
    std::int64_t rows = total.rows;
    for (std::int32_t i = 0; i < column.cells * column.step(); i += column.step()) {
      rest.g -= first[i].g;
      rest.h -= first[i].h;
      if (column.counted) rows -= first[i + 1].h;
    }
    WideCell* frequent = cells + sparse.frequent_cells[c];
    frequent[0].g += rest.g;
    frequent[0].h += rest.h;
    if (column.counted) frequent[1].h += rows;
  }
}

}  // namespace ramet::cpu
