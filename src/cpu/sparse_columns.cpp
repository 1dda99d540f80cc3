#include "cpu/sparse_columns.hpp"

#include <algorithm>
#include <numeric>

#include "cpu/column_entries.hpp"
#include "cpu/partition.hpp"

namespace ramet::cpu {
namespace {

constexpr std::int64_t row_chunk = 4'096;

// Calls visit(rows, words, how many are frequent) for the page's rows in chunks; a bit of `words` is set
// where a row is in the frequent cell.
template <class Visit>
void for_each_chunk(const data::Page& page, const CodeTest& is_frequent, const Visit& visit) {
  std::uint64_t words[partition_chunk_rows / 64];
  for (std::int64_t begin = 0; begin < page.rows; begin += partition_chunk_rows) {
    const RowSlice rows{&page, nullptr, static_cast<std::uint32_t>(begin),
                        std::min<std::int64_t>(partition_chunk_rows, page.rows - begin)};
    visit(rows, words, mark_left(is_frequent, rows, words));
  }
}

template <class Code>
void fetch_codes(const Code* codes, std::span<const std::uint32_t> rows, std::uint16_t* out) {
  for (std::size_t i = 0; i < rows.size(); ++i) out[i] = codes[rows[i]];
}

void fill_page(const data::Page& page, std::span<const CodeTest> tests, Tasks& tasks,
               SparseColumns::Page& out) {
  const auto columns = static_cast<std::int64_t>(tests.size());
  out.begins.assign(tests.size() + 1, 0);
  tasks.for_each(columns, [&](std::int64_t c) {
    std::int64_t entries = 0;
    for_each_chunk(page, tests[static_cast<std::size_t>(c)],
                   [&](const RowSlice& rows, const std::uint64_t*, std::int64_t frequent) {
                     entries += rows.count - frequent;
                   });
    out.begins[static_cast<std::size_t>(c) + 1] = entries;
  });
  std::partial_sum(out.begins.begin(), out.begins.end(), out.begins.begin());
  out.rows = Buffer<std::uint32_t>(static_cast<std::size_t>(out.begins.back()));
  out.codes = Buffer<std::uint16_t>(static_cast<std::size_t>(out.begins.back()));
  tasks.for_each(columns, [&](std::int64_t c) {
    const CodeTest& test = tests[static_cast<std::size_t>(c)];
    std::vector<std::uint32_t> frequent_rows(static_cast<std::size_t>(partition_chunk_rows));
    std::int64_t at = out.begins[static_cast<std::size_t>(c)];
    for_each_chunk(page, test, [&](const RowSlice& rows, const std::uint64_t* words, std::int64_t frequent) {
      scatter_rows(rows, words, frequent, frequent_rows.data(), out.rows.data() + at);
      const std::span<const std::uint32_t> others(out.rows.data() + at,
                                                  static_cast<std::size_t>(rows.count - frequent));
      if (test.width == 1) {
        fetch_codes(test.column, others, out.codes.data() + at);
      } else {
        fetch_codes(reinterpret_cast<const std::uint16_t*>(test.column), others, out.codes.data() + at);
      }
      at += static_cast<std::int64_t>(others.size());
    });
  });
}

// What the outputs of one pass share.
class RootPass {
 public:
  RootPass(std::span<const BuildJob> jobs, const SparseColumns& columns, Tasks& tasks)
      : jobs_(jobs), columns_(columns), gradients_(static_cast<std::size_t>(jobs[0].data->rows)) {
    std::vector<EntrySums> totals(static_cast<std::size_t>(tasks.threads()));
    tasks.for_each_by_worker(
        (jobs[0].data->rows + row_chunk - 1) / row_chunk, [&](std::int64_t i, int worker) {
          const std::int64_t end = std::min((i + 1) * row_chunk, jobs_[0].data->rows);
          for (std::int64_t r = i * row_chunk; r < end; ++r)
            take_row(static_cast<std::size_t>(r), totals[static_cast<std::size_t>(worker)]);
        });
    for (const EntrySums& of_worker : totals) total_.add(of_worker);
  }

  void build_column(std::size_t c, EntryCells& cells) const {
    const HistogramColumn& column = jobs_[0].layout->columns[c];
    std::vector<EntrySums> sums(static_cast<std::size_t>(column.cells));
    const std::uint32_t first_code = static_cast<std::uint32_t>(column.first_code());
    for (std::size_t p = 0; p < columns_.pages.size(); ++p) {
      const SparseColumns::Page& page = columns_.pages[p];
      const EntryGradients* gradients = gradients_.data() + jobs_[0].data->pages[p].first_row;
      for (std::int64_t begin = page.begins[c]; begin < page.begins[c + 1]; begin += max_packed_rows) {
        const std::int64_t count = std::min(max_packed_rows, page.begins[c + 1] - begin);
        cells.clear(column.cells);
        add_entries({page.rows.data() + begin, static_cast<std::size_t>(count)}, page.codes.data() + begin,
                    first_code, gradients, cells);
        for (std::size_t cell = 0; cell < sums.size(); ++cell) sums[cell].add(cells.cell(cell));
      }
    }
    EntrySums rest = total_;
    for (const EntrySums& of_cell : sums) rest.subtract(of_cell);
    const std::int64_t frequent = jobs_[0].sparse->frequent_cells[c] - column.first_cell;
    sums[static_cast<std::size_t>(frequent / column.step())] = rest;
    write(column, sums);
  }

 private:
  void take_row(std::size_t row, EntrySums& total) {
    EntryGradients& of_row = gradients_[row];
    for (std::size_t k = 0; k < most_side_by_side; ++k) {
      of_row.pairs[k] = k < jobs_.size() ? jobs_[k].gradients->narrow[row] : 0;
      total.g[k] += narrow_g(of_row.pairs[k]);
      total.h[k] += narrow_h(of_row.pairs[k]);
    }
    of_row.pairs[most_side_by_side] = narrow_gradient(0, 1);
    ++total.rows;
  }

  void write(const HistogramColumn& column, std::span<const EntrySums> sums) const {
    const std::int32_t padded = padded_cells(column.cells * column.step());
    for (std::size_t k = 0; k < jobs_.size(); ++k) {
      const Histogram& target = jobs_[k].target;
      if (target.wide) {
        WideCell* cells = target.wide_cells() + column.first_cell;
        std::fill_n(cells, padded, WideCell{});
        for (std::size_t i = 0; i < sums.size(); ++i, cells += column.step()) {
          cells[0] = {sums[i].g[k], sums[i].h[k]};
          if (column.counted) cells[1].h = sums[i].rows;
        }
        continue;
      }
      std::int64_t* cells = target.packed() + column.first_cell;
      std::fill_n(cells, padded, 0);
      for (std::size_t i = 0; i < sums.size(); ++i, cells += column.step()) {
        cells[0] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sums[i].g[k]) << 32) + sums[i].h[k];
        if (column.counted) cells[1] = sums[i].rows;
      }
    }
  }

  std::span<const BuildJob> jobs_;
  const SparseColumns& columns_;
  Buffer<EntryGradients> gradients_;  // of each row
  EntrySums total_;
};

}  // namespace

std::shared_ptr<const SparseColumns> make_sparse_columns(const data::DatasetData& data,
                                                         const HistogramLayout& layout,
                                                         std::span<const std::int32_t> frequent_cells,
                                                         Tasks& tasks) {
  auto columns = std::make_shared<SparseColumns>();
  for (const data::Page& page : data.pages) {
    std::vector<CodeTest> tests;
    for (std::size_t c = 0; c < layout.columns.size(); ++c) {
      const HistogramColumn& column = layout.columns[c];
      const data::StoredColumn& stored = data.layout.columns[static_cast<std::size_t>(column.column)];
      CodeTest test;
      test.width = stored.width;
      test.column = page.column<std::uint8_t>(stored);
      test.low = static_cast<std::uint16_t>(column.code(frequent_cells[c]));
      tests.push_back(test);
    }
    fill_page(page, tests, tasks, columns->pages.emplace_back());
  }
  return columns;
}

void build_roots_by_columns(std::span<const BuildJob> jobs, const SparseColumns& columns, Tasks& tasks) {
  std::vector<EntryCells> cells(static_cast<std::size_t>(tasks.threads()));
  for (std::size_t begin = 0; begin < jobs.size(); begin += most_side_by_side) {
    const RootPass pass(jobs.subspan(begin, std::min(most_side_by_side, jobs.size() - begin)), columns,
                        tasks);
    tasks.for_each_by_worker(
        static_cast<std::int64_t>(jobs[0].layout->columns.size()), [&](std::int64_t c, int worker) {
          pass.build_column(static_cast<std::size_t>(c), cells[static_cast<std::size_t>(worker)]);
        });
  }
}

}  // namespace ramet::cpu
