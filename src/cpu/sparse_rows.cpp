#include "cpu/sparse_rows.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <span>

#include "cpu/list_writer.hpp"

namespace ramet::cpu {
namespace {

constexpr std::int64_t chunk_rows = 8'192;
// Rows that decide which bins are frequent, and whether the lists pay.
constexpr std::int64_t surveyed_rows = 4'096;

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
    ListWriter::Listed listed;
    for_rows(chunk, [&](std::int64_t, const std::uint8_t* row) { size += writer.size(row, listed); });
    sizes[static_cast<std::size_t>(chunk) + 1] = size;
  });
  std::partial_sum(sizes.begin(), sizes.end(), sizes.begin());
  if (sizes.back() > std::numeric_limits<std::uint32_t>::max()) return false;
  out.cells = Buffer<std::uint32_t>(static_cast<std::size_t>(sizes.back()));
  tasks.for_each(chunks, [&](std::int64_t chunk) {
    auto at = static_cast<std::uint32_t>(sizes[static_cast<std::size_t>(chunk)]);
    ListWriter::Listed listed;
    for_rows(chunk, [&](std::int64_t r, const std::uint8_t* row) {
      at = writer.write(row, at, out.rows[static_cast<std::size_t>(r)], out.cells.data(), listed);
    });
  });
  out.rows[static_cast<std::size_t>(page.rows)].begin = static_cast<std::uint32_t>(sizes.back());
  return true;
}

// Counts how often each key occurs; the most frequent ones first.
template <class Key>
std::vector<std::pair<std::int64_t, Key>> by_frequency(const std::map<Key, std::int64_t>& counts) {
  std::vector<std::pair<std::int64_t, Key>> keys;
  for (const auto& [key, count] : counts) keys.emplace_back(count, key);
  std::stable_sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  return keys;
}

// Chooses the page's kinds of lists by evenly spaced rows; whether they are those of nearly all rows.
bool choose_kinds(std::int64_t rows, SparsePage& page) {
  constexpr std::int64_t most_surveyed = 2'048;
  constexpr double share_of_list = 0.03;
  constexpr double worthwhile_share = 0.8;
  std::map<std::vector<std::uint32_t>, std::uint32_t> row_of;
  std::map<std::uint32_t, std::int64_t> lists;  // by their first row
  std::int64_t surveyed = 0;
  const std::int64_t step = std::max<std::int64_t>(1, rows / most_surveyed);
  for (std::int64_t r = 0; r < rows; r += step, ++surveyed) {
    const std::span<const std::uint32_t> list = page.list(r);
    const auto first = row_of.try_emplace({list.begin(), list.end()}, static_cast<std::uint32_t>(r)).first;
    ++lists[first->second];
  }
  double covered = 0;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> shapes;
  for (const auto& [count, row] : by_frequency(lists)) {
    const double share = static_cast<double>(count) / static_cast<double>(surveyed);
    if (share >= share_of_list && page.frequent_lists.size() < SparsePage::most_kinds / 2) {
      page.frequent_lists.push_back(row);
      covered += share;
      continue;
    }
    const ListShape shape = page.shape(row);
    shapes[{shape.plain, shape.all}] += count;
  }
  for (const auto& [count, shape] : by_frequency(shapes)) {
    if (page.frequent_lists.size() + page.frequent_shapes.size() == SparsePage::most_kinds) break;
    page.frequent_shapes.push_back({shape.first, shape.second});
    covered += static_cast<double>(count) / static_cast<double>(surveyed);
  }
  return covered >= worthwhile_share;
}

std::size_t kind_of(const SparsePage& page, std::int64_t row) {
  const std::span<const std::uint32_t> list = page.list(row);
  const std::size_t lists = page.frequent_lists.size();
  for (std::size_t n = 0; n < lists; ++n) {
    if (std::ranges::equal(list, page.list(page.frequent_lists[n]))) return n;
  }
  const ListShape shape = page.shape(row);
  for (std::size_t n = 0; n < page.frequent_shapes.size(); ++n) {
    if (page.frequent_shapes[n] == shape) return lists + n;
  }
  return SparsePage::most_kinds;
}

void number_kinds(std::int64_t rows, Tasks& tasks, SparsePage& page) {
  if (!choose_kinds(rows, page)) return;
  page.kinds = Buffer<std::uint8_t>(static_cast<std::size_t>(rows));
  tasks.for_ranges(rows, chunk_rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r)
      page.kinds[static_cast<std::size_t>(r)] = static_cast<std::uint8_t>(kind_of(page, r));
  });
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
  const ListWriter writer(data, layout, *sparse);
  for (const data::Page& page : data.pages) {
    SparsePage& lists = sparse->pages.emplace_back();
    lists.spare = layout.total_cells;
    if (!fill_page(writer, data.layout.row_bytes, page, tasks, lists)) return nullptr;
    number_kinds(page.rows, tasks, lists);
  }
  return sparse;
}

}  // namespace ramet::cpu
