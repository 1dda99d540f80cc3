// Adds rows that are lists of cells, and finds what the lists leave out.
#pragma once

#include <cstdint>

#include "cpu/histogram.hpp"
#include "cpu/sparse_rows.hpp"

namespace ramet::cpu {

// What a list leaves out is missing to this.
template <class Cell>
struct SparseTotal {
  Cell sums{};
  std::int64_t rows = 0;
};

// Adds the slice's rows to the listed cells, and to `total` as often as there are rows. `gradients`: one per
// row of the page. Packed: the caller keeps a cell below max_packed_rows rows.
void add_packed_sparse(const SparsePage& page, const RowSlice& rows, const std::uint32_t* gradients,
                       std::int64_t* cells, SparseTotal<std::int64_t>& total);
void add_wide_sparse(const SparsePage& page, const RowSlice& rows, const WideGradient* gradients,
                     WideCell* cells, SparseTotal<WideCell>& total);

// Gives the most frequent bins what is missing to the total. `alive`: 1 for each column that is wanted; null:
// all are.
void derive_frequent(const SparseRows& sparse, const HistogramLayout& layout, const std::uint8_t* alive,
                     const SparseTotal<std::int64_t>& total, std::int64_t* cells);
void derive_frequent(const SparseRows& sparse, const HistogramLayout& layout, const std::uint8_t* alive,
                     const SparseTotal<WideCell>& total, WideCell* cells);

}  // namespace ramet::cpu
