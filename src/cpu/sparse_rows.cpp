#include "cpu/sparse_rows.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace ramet::cpu {
namespace {

constexpr std::int64_t chunk_rows = 8'192;
// Rows that decide which bins are frequent, and whether the lists pay.
constexpr std::int64_t surveyed_rows = 16'384;
constexpr std::int64_t prefetch_distance = 24;

// One column as the lists need it.
struct ListedColumn {
  std::int64_t byte_offset = 0;
  std::int32_t code_base = 0;
  std::int32_t frequent_cell = 0;
  bool two_bytes = false;

  std::int32_t cell(const std::uint8_t* row) const {
    std::uint16_t code = row[byte_offset];
    if (two_bytes) __builtin_memcpy(&code, row + byte_offset, sizeof code);
    return code_base + code;
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
      ++counts[static_cast<std::size_t>(column.code_base + codes[r] - column.first_cell)];
    }
  }
  const auto best = std::max_element(counts.begin(), counts.end());
  const double share = seen > 0 ? static_cast<double>(*best) / static_cast<double>(seen) : 0.0;
  return {column.first_cell + static_cast<std::int32_t>(best - counts.begin()), share};
}

std::vector<ListedColumn> listed_columns(const data::DatasetData& data, const HistogramLayout& layout,
                                         const SparseRows& sparse) {
  std::vector<ListedColumn> columns;
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    const HistogramColumn& from = layout.columns[c];
    const data::StoredColumn& stored = data.layout.columns[static_cast<std::size_t>(from.column)];
    columns.push_back({stored.byte_offset, from.code_base, sparse.frequent_cells[c], stored.width == 2});
  }
  return columns;
}

// Fills a page's lists; false if they are too long for their offsets.
bool fill_page(const std::vector<ListedColumn>& columns, std::int64_t row_bytes, const data::Page& page,
               Tasks& tasks, SparsePage& out) {
  const std::int64_t chunks = (page.rows + chunk_rows - 1) / chunk_rows;
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(chunks) + 1);
  out.starts = Buffer<std::uint32_t>(static_cast<std::size_t>(page.rows) + 1);
  const auto for_rows = [&](std::int64_t chunk, const auto& body) {
    const std::int64_t end = std::min<std::int64_t>((chunk + 1) * chunk_rows, page.rows);
    for (std::int64_t r = chunk * chunk_rows; r < end; ++r) body(r, page.packed.data() + r * row_bytes);
  };
  tasks.for_each(chunks, [&](std::int64_t chunk) {
    std::int64_t size = 0;
    for_rows(chunk, [&](std::int64_t, const std::uint8_t* row) {
      for (const ListedColumn& c : columns) size += c.cell(row) != c.frequent_cell ? 1 : 0;
    });
    sizes[static_cast<std::size_t>(chunk) + 1] = size;
  });
  std::partial_sum(sizes.begin(), sizes.end(), sizes.begin());
  if (sizes.back() > std::numeric_limits<std::uint32_t>::max()) return false;
  out.cells = Buffer<std::uint32_t>(static_cast<std::size_t>(sizes.back()));
  tasks.for_each(chunks, [&](std::int64_t chunk) {
    auto at = static_cast<std::uint32_t>(sizes[static_cast<std::size_t>(chunk)]);
    for_rows(chunk, [&](std::int64_t r, const std::uint8_t* row) {
      out.starts[static_cast<std::size_t>(r)] = at;
      for (const ListedColumn& c : columns) {
        const std::int32_t cell = c.cell(row);
        if (cell != c.frequent_cell) out.cells[at++] = static_cast<std::uint32_t>(cell);
      }
    });
  });
  out.starts[static_cast<std::size_t>(page.rows)] = static_cast<std::uint32_t>(sizes.back());
  return true;
}

struct PackedSum {
  std::int64_t value;
  static PackedSum load(std::uint32_t pair) {
    return {(static_cast<std::int64_t>(static_cast<std::int32_t>(pair & 0xffff0000u)) << 16) |
            static_cast<std::int64_t>(pair & 0xffffu)};
  }
  void add_to(std::int64_t& cell) const { cell += value; }
};

struct WideSum {
  WideCell value;
  static WideSum load(WideGradient pair) { return {{pair.g, static_cast<std::int64_t>(pair.h)}}; }
  void add_to(WideCell& cell) const {
    cell.g += value.g;
    cell.h += value.h;
  }
};

// The rows' lists are fetched in two steps, each far enough ahead: first where a list is, then the list.
// Always inlined: GCC drops calls of functions that do nothing but prefetch.
[[gnu::always_inline]] inline void prefetch_row(const SparsePage& page, const std::uint32_t* ids,
                                                std::int64_t i, std::int64_t count) {
  if (i + 2 * prefetch_distance < count)
    __builtin_prefetch(page.starts.data() + ids[i + 2 * prefetch_distance]);
  if (i + prefetch_distance >= count) return;
  const std::uint32_t* start = page.starts.data() + ids[i + prefetch_distance];
  const auto* end = reinterpret_cast<const char*>(page.cells.data() + start[1]);
  for (const auto* at = reinterpret_cast<const char*>(page.cells.data() + start[0]); at < end; at += 64) {
    __builtin_prefetch(at);
  }
}

template <class Sum, bool indexed, class Cell, class Gradient>
void add_rows(const SparsePage& page, const RowSlice& rows, const Gradient* gradients, Cell* cells,
              Cell& total) {
  const std::uint32_t* starts = page.starts.data();
  const std::uint32_t* lists = page.cells.data();
  for (std::int64_t i = 0; i < rows.count; ++i) {
    const std::int64_t row = indexed ? rows.ids[i] : rows.first + i;
    if constexpr (indexed) {
      prefetch_row(page, rows.ids, i, rows.count);
      if (i + prefetch_distance < rows.count) __builtin_prefetch(gradients + rows.ids[i + prefetch_distance]);
    }
    const Sum sum = Sum::load(gradients[row]);
    sum.add_to(total);
    const std::uint32_t* at = lists + starts[row];
    const std::uint32_t* end = lists + starts[row + 1];
    for (; at + 4 <= end; at += 4) {
      sum.add_to(cells[at[0]]);
      sum.add_to(cells[at[1]]);
      sum.add_to(cells[at[2]]);
      sum.add_to(cells[at[3]]);
    }
    for (; at < end; ++at) sum.add_to(cells[*at]);
  }
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
  const std::vector<ListedColumn> to_list = listed_columns(data, layout, *sparse);
  for (const data::Page& page : data.pages) {
    sparse->pages.emplace_back();
    if (!fill_page(to_list, data.layout.row_bytes, page, tasks, sparse->pages.back())) return nullptr;
  }
  return sparse;
}

void add_packed_sparse(const SparsePage& page, const RowSlice& rows, const std::uint32_t* gradients,
                       std::int64_t* cells, std::int64_t& total) {
  if (rows.ids != nullptr) {
    add_rows<PackedSum, true>(page, rows, gradients, cells, total);
  } else {
    add_rows<PackedSum, false>(page, rows, gradients, cells, total);
  }
}

void add_wide_sparse(const SparsePage& page, const RowSlice& rows, const WideGradient* gradients,
                     WideCell* cells, WideCell& total) {
  if (rows.ids != nullptr) {
    add_rows<WideSum, true>(page, rows, gradients, cells, total);
  } else {
    add_rows<WideSum, false>(page, rows, gradients, cells, total);
  }
}

void derive_frequent(const SparseRows& sparse, const HistogramLayout& layout, std::int64_t total,
                     std::int64_t* cells) {
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    const HistogramColumn& column = layout.columns[c];
    std::int64_t rest = total;
    for (std::int32_t i = 0; i < column.cells; ++i) rest -= cells[column.first_cell + i];
    cells[sparse.frequent_cells[c]] += rest;
  }
}

void derive_frequent(const SparseRows& sparse, const HistogramLayout& layout, const WideCell& total,
                     WideCell* cells) {
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    const HistogramColumn& column = layout.columns[c];
    WideCell rest = total;
    for (std::int32_t i = 0; i < column.cells; ++i) {
      rest.g -= cells[column.first_cell + i].g;
      rest.h -= cells[column.first_cell + i].h;
    }
    cells[sparse.frequent_cells[c]].g += rest.g;
    cells[sparse.frequent_cells[c]].h += rest.h;
  }
}

}  // namespace ramet::cpu
