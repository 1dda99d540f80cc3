// Rows as lists of histogram cells without each column's most frequent bin, whose sums follow from the total:
// far fewer additions where most values of most columns are the same (zeros, one-hot columns).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/buffer.hpp"
#include "base/tasks.hpp"
#include "cpu/cells.hpp"
#include "data/dataset_data.hpp"

namespace ramet::cpu {

// Where a row's cells begin, and among them those of counted columns. They end where the next row's begin.
// Spare cells fill both lists up to multiples of these, so that their ends are easy to foresee.
struct SparseRow {
  static constexpr std::uint32_t plain_at_once = 4;
  static constexpr std::uint32_t counted_at_once = 2;

  std::uint32_t begin = 0;
  std::uint32_t counted = 0;
};

// How many cells a list has, among them those of columns that are not counted.
struct ListShape {
  std::uint32_t plain = 0;
  std::uint32_t all = 0;
  bool operator==(const ListShape&) const = default;
};

struct SparsePage {
  static constexpr std::size_t most_kinds = 7;

  Buffer<SparseRow> rows;  // and one that ends the last
  Buffer<std::uint32_t> cells;
  std::int32_t spare = 0;  // the first spare cell
  // Where lists of a few kinds are nearly all: the number of each row's kind, most_kinds for others. Else
  // empty. The first kinds are lists that many rows have, each told by such a row; the others are shapes.
  Buffer<std::uint8_t> kinds;
  std::vector<std::uint32_t> frequent_lists;
  std::vector<ListShape> frequent_shapes;

  std::span<const std::uint32_t> list(std::int64_t row) const {
    const SparseRow* at = rows.data() + row;
    return {cells.data() + at[0].begin, cells.data() + at[1].begin};
  }
  ListShape shape(std::int64_t row) const {
    const SparseRow* at = rows.data() + row;
    return {at[0].counted - at[0].begin, at[1].begin - at[0].begin};
  }
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

}  // namespace ramet::cpu
