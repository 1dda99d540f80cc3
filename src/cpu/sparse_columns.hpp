// Sparse rows the other way round: for each column the rows that are not in its most frequent cell. At the
// roots of a round's trees, histograms of many cells are built from these column by column, whose cells stay
// in the first-level cache, for several outputs at once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/buffer.hpp"
#include "base/tasks.hpp"
#include "cpu/node_histogram.hpp"

namespace ramet::cpu {

struct SparseColumns {
  // One page's; column c of the layout has entries [begins[c], begins[c + 1]).
  struct Page {
    std::vector<std::int64_t> begins;
    Buffer<std::uint32_t> rows;
    Buffer<std::uint16_t> codes;
  };
  std::vector<Page> pages;
};

// Of the columns of `layout`, which holds every column. `frequent_cells`: as of SparseRows.
std::shared_ptr<const SparseColumns> make_sparse_columns(const data::DatasetData& data,
                                                         const HistogramLayout& layout,
                                                         std::span<const std::int32_t> frequent_cells,
                                                         Tasks& tasks);

// Builds the histograms of roots that hold all rows: jobs of the same data with sparse rows and gradients of
// up to 16 bits. Same result as build_all.
void build_roots_by_columns(std::span<const BuildJob> jobs, const SparseColumns& columns, Tasks& tasks);

}  // namespace ramet::cpu
