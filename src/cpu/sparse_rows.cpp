#include "cpu/sparse_rows.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "cpu/cell_kernels.hpp"

namespace ramet::cpu {
namespace {

constexpr std::int64_t chunk_rows = 8'192;
// Rows that decide which bins are frequent, and whether the lists pay.
constexpr std::int64_t surveyed_rows = 16'384;
constexpr std::int64_t prefetch_distance = 24;
// Cells that are added to without a look at the list's end.
constexpr std::uint32_t plain_at_once = 4;
constexpr std::uint32_t counted_at_once = 2;

// One column as the lists need it.
struct ListedColumn {
  std::int64_t byte_offset = 0;
  const HistogramColumn* cells = nullptr;
  std::int32_t frequent_cell = 0;
  bool two_bytes = false;

  std::int64_t cell(const std::uint8_t* row) const {
    std::uint16_t code = row[byte_offset];
    if (two_bytes) __builtin_memcpy(&code, row + byte_offset, sizeof code);
    return cells->cell(code);
  }
};

// The most frequent cell of a column among evenly spaced rows, and how often it occurs per row.
template <class Code>
std::pair<std::int32_t, double> survey_column(const data::DatasetData& data, const HistogramColumn& column) {
  const data::StoredColumn& stored = data.layout.columns[static_cast<std::size_t>(column.column)];
  std::vector<std::int64_t> counts(static_cast<std::size_t>(column.cells));
  const std::int64_t step = std::max<std::int64_t>(1, data.rows / surveyed_rows);
  std::int64_t seen = 0;
  for (const data::Page& page : data.pages) {
    const Code* codes = page.column<Code>(stored);
    for (std::int64_t r = 0; r < page.rows; r += step, ++seen) {
      ++counts[static_cast<std::size_t>((column.cell(codes[r]) - column.first_cell) / column.step())];
    }
  }
  const auto best = std::max_element(counts.begin(), counts.end());
  const double share = seen > 0 ? static_cast<double>(*best) / static_cast<double>(seen) : 0.0;
  return {column.first_cell + static_cast<std::int32_t>(best - counts.begin()) * column.step(), share};
}

// Those that are counted last.
std::vector<ListedColumn> listed_columns(const data::DatasetData& data, const HistogramLayout& layout,
                                         const SparseRows& sparse) {
  std::vector<ListedColumn> columns;
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    const HistogramColumn& from = layout.columns[c];
    const data::StoredColumn& stored = data.layout.columns[static_cast<std::size_t>(from.column)];
    columns.push_back({stored.byte_offset, &from, sparse.frequent_cells[c], stored.width == 2});
  }
  std::stable_partition(columns.begin(), columns.end(),
                        [](const ListedColumn& c) { return !c.cells->counted; });
  return columns;
}

// Writes one row's lists from `at` on, or only finds how long they are.
class ListWriter {
 public:
  ListWriter(std::vector<ListedColumn> columns, std::int32_t spare)
      : columns_(std::move(columns)),
        first_counted_(std::find_if(columns_.begin(), columns_.end(),
                                    [](const ListedColumn& c) { return c.cells->counted; })),
        spare_(static_cast<std::uint32_t>(spare)) {}
  ListWriter(const ListWriter&) = delete;  // it points into itself

  std::int64_t size(const std::uint8_t* row) const {
    const auto listed = [&](const ListedColumn& c) { return c.cell(row) != c.frequent_cell; };
    const auto plain = std::count_if(columns_.begin(), first_counted_, listed);
    const auto counted = std::count_if(first_counted_, columns_.end(), listed);
    return (plain + plain_at_once - 1) / plain_at_once * plain_at_once +
           (counted + counted_at_once - 1) / counted_at_once * counted_at_once;
  }

  // Returns where the list ends.
  std::uint32_t write(const std::uint8_t* row, std::uint32_t at, SparseRow& of_row,
                      std::uint32_t* cells) const {
    const auto list = [&](const ListedColumn& c) {
      const std::int64_t cell = c.cell(row);
      if (cell != c.frequent_cell) cells[at++] = static_cast<std::uint32_t>(cell);
    };
    of_row.begin = at;
    std::for_each(columns_.begin(), first_counted_, list);
    for (std::uint32_t spare = spare_; (at - of_row.begin) % plain_at_once != 0;) cells[at++] = spare++;
    of_row.counted = at;
    std::for_each(first_counted_, columns_.end(), list);
    if ((at - of_row.counted) % counted_at_once != 0) cells[at++] = spare_ + plain_at_once;
    return at;
  }

 private:
  std::vector<ListedColumn> columns_;
  std::vector<ListedColumn>::const_iterator first_counted_;
  std::uint32_t spare_;
};

// Fills a page's lists; false if they are too long for their offsets.
bool fill_page(const ListWriter& writer, std::int64_t row_bytes, const data::Page& page, Tasks& tasks,
               SparsePage& out) {
  const std::int64_t chunks = (page.rows + chunk_rows - 1) / chunk_rows;
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(chunks) + 1);
  out.rows = Buffer<SparseRow>(static_cast<std::size_t>(page.rows) + 1);
  const auto for_rows = [&](std::int64_t chunk, const auto& body) {
    const std::int64_t end = std::min<std::int64_t>((chunk + 1) * chunk_rows, page.rows);
    for (std::int64_t r = chunk * chunk_rows; r < end; ++r) body(r, page.packed.data() + r * row_bytes);
  };
  tasks.for_each(chunks, [&](std::int64_t chunk) {
    std::int64_t size = 0;
    for_rows(chunk, [&](std::int64_t, const std::uint8_t* row) { size += writer.size(row); });
    sizes[static_cast<std::size_t>(chunk) + 1] = size;
  });
  std::partial_sum(sizes.begin(), sizes.end(), sizes.begin());
  if (sizes.back() > std::numeric_limits<std::uint32_t>::max()) return false;
  out.cells = Buffer<std::uint32_t>(static_cast<std::size_t>(sizes.back()));
  tasks.for_each(chunks, [&](std::int64_t chunk) {
    auto at = static_cast<std::uint32_t>(sizes[static_cast<std::size_t>(chunk)]);
    for_rows(chunk, [&](std::int64_t r, const std::uint8_t* row) {
      at = writer.write(row, at, out.rows[static_cast<std::size_t>(r)], out.cells.data());
    });
  });
  out.rows[static_cast<std::size_t>(page.rows)].begin = static_cast<std::uint32_t>(sizes.back());
  return true;
}

// One build adds each row to a spare cell at most once, so that it cannot overflow if it begins at 0.
template <class Cell>
void clear_spare(const SparsePage& page, Cell* cells) {
  std::fill_n(cells + page.spare, spare_cells, Cell{});
}

struct PackedSum {
  std::int64_t value;
  static PackedSum load(std::uint32_t pair) { return {packed_gradient(pair)}; }
  void add_to(std::int64_t& cell) const { cell += value; }
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
  total.sums = sums;
  total.rows += rows.count;
}

}  // namespace

std::shared_ptr<const SparseRows> make_sparse_rows(const data::DatasetData& data,
                                                   const HistogramLayout& layout, double most_listed,
                                                   Tasks& tasks) {
  auto sparse = std::make_shared<SparseRows>();
  const std::size_t columns = layout.columns.size();
  sparse->tiles[1] = static_cast<std::int32_t>(columns);
  sparse->frequent_cells.resize(columns);
  std::vector<double> listed(columns);
  tasks.for_each(static_cast<std::int64_t>(columns), [&](std::int64_t c) {
    const auto at = static_cast<std::size_t>(c);
    const HistogramColumn& column = layout.columns[at];
    const bool one_byte = data.layout.columns[static_cast<std::size_t>(column.column)].width == 1;
    const auto [cell, share] =
        one_byte ? survey_column<std::uint8_t>(data, column) : survey_column<std::uint16_t>(data, column);
    sparse->frequent_cells[at] = cell;
    listed[at] = 1 - share;
  });
  const double per_row = std::accumulate(listed.begin(), listed.end(), 0.0);
  if (columns == 0 || per_row > most_listed) return nullptr;
  const ListWriter writer(listed_columns(data, layout, *sparse), layout.total_cells);
  for (const data::Page& page : data.pages) {
    sparse->pages.emplace_back().spare = layout.total_cells;
    if (!fill_page(writer, data.layout.row_bytes, page, tasks, sparse->pages.back())) return nullptr;
  }
  return sparse;
}

void add_packed_sparse(const SparsePage& page, const RowSlice& rows, const std::uint32_t* gradients,
                       std::int64_t* cells, SparseTotal<std::int64_t>& total) {
  clear_spare(page, cells);
  if (rows.ids != nullptr) {
    add_rows<PackedSum, true>(page, rows, gradients, cells, total);
  } else {
    add_rows<PackedSum, false>(page, rows, gradients, cells, total);
  }
}

void add_wide_sparse(const SparsePage& page, const RowSlice& rows, const WideGradient* gradients,
                     WideCell* cells, SparseTotal<WideCell>& total) {
  clear_spare(page, cells);
  if (rows.ids != nullptr) {
    add_rows<WideSum, true>(page, rows, gradients, cells, total);
  } else {
    add_rows<WideSum, false>(page, rows, gradients, cells, total);
  }
}

void derive_frequent(const SparseRows& sparse, const HistogramLayout& layout,
                     const SparseTotal<std::int64_t>& total, std::int64_t* cells) {
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
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

void derive_frequent(const SparseRows& sparse, const HistogramLayout& layout,
                     const SparseTotal<WideCell>& total, WideCell* cells) {
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
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
