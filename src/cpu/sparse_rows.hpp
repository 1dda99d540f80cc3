// Rows as lists of histogram cells without each column's most frequent bin, whose sums follow from the total:
// far fewer additions where most values of most columns are the same (zeros, one-hot columns).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/buffer.hpp"
#include "base/tasks.hpp"
#include "cpu/cells.hpp"
#include "cpu/histogram.hpp"
#include "data/dataset_data.hpp"

namespace ramet::cpu {

// Where a row's cells begin, and among them those of counted columns. They end where the next row's begin.
// Spare cells fill both lists up to multiples of 4 and of 2, so that their ends are easy to foresee.
struct SparseRow {
  std::uint32_t begin = 0;
  std::uint32_t counted = 0;
};

struct SparsePage {
  Buffer<SparseRow> rows;  // and one that ends the last
  Buffer<std::uint32_t> cells;
  std::int32_t spare = 0;  // the first spare cell
};

// What a list leaves out is missing to this.
template <class Cell>
struct SparseTotal {
  Cell sums{};
  std::int64_t rows = 0;
};

struct SparseRows {
  std::vector<SparsePage> pages;
  std::int32_t tiles[2] = {};                // as of a layout: one tile of all its columns
  std::vector<std::int32_t> frequent_cells;  // per layout column: the cell that no row lists
};

// The rows of a data set for histograms of `layout`, which holds every column; null where a row's list would
// hold more than `most_listed` cells on average. Choices differ between ranks; histograms do not.
std::shared_ptr<const SparseRows> make_sparse_rows(const data::DatasetData& data,
                                                   const HistogramLayout& layout, double most_listed,
                                                   Tasks& tasks);

// Adds the slice's rows to the listed cells, and to `total` as often as there are rows. `gradients`: one per
// row of the page. Packed: the caller keeps a cell below max_packed_rows rows.
void add_packed_sparse(const SparsePage& page, const RowSlice& rows, const std::uint32_t* gradients,
                       std::int64_t* cells, SparseTotal<std::int64_t>& total);
void add_wide_sparse(const SparsePage& page, const RowSlice& rows, const WideGradient* gradients,
                     WideCell* cells, SparseTotal<WideCell>& total);

// Gives the most frequent bins what is missing to the total.
void derive_frequent(const SparseRows& sparse, const HistogramLayout& layout,
                     const SparseTotal<std::int64_t>& total, std::int64_t* cells);
void derive_frequent(const SparseRows& sparse, const HistogramLayout& layout,
                     const SparseTotal<WideCell>& total, WideCell* cells);

}  // namespace ramet::cpu
