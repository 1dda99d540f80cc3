// Puts rows' lists of cells together.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/sparse_rows.hpp"

namespace ramet::cpu {

// Of one layout and its columns' most frequent cells, which no list holds. Thread-safe once made.
class ListWriter {
 public:
  // `sparse`: its frequent_cells. The layout must outlive the writer.
  ListWriter(const data::DatasetData& data, const HistogramLayout& layout, const SparseRows& sparse);

  // Which one-byte columns of a row are listed, as bits; memory for one row at a time.
  using Listed = std::vector<std::uint64_t>;

  // Cells of a row's list, with spare ones.
  std::int64_t size(const std::uint8_t* row, Listed& listed) const;

  // Writes a row's list to `cells` from `at` on, and where it begins to `of_row`. Returns where it ends.
  std::uint32_t write(const std::uint8_t* row, std::uint32_t at, SparseRow& of_row, std::uint32_t* cells,
                      Listed& listed) const;

 private:
  // A column of two-byte codes.
  struct WideColumn {
    std::int64_t byte_offset = 0;
    const HistogramColumn* cells = nullptr;
    std::int64_t frequent_cell = 0;

    std::int64_t cell(const std::uint8_t* row) const;
  };

  void find_listed(const std::uint8_t* row, Listed& listed) const;

  // Of one-byte columns, by their place in a row.
  std::vector<std::uint8_t> frequent_codes_;
  std::vector<const HistogramColumn*> columns_;
  std::vector<std::uint64_t> counted_;  // bits
  std::vector<WideColumn> wide_[2];     // not counted, counted
  std::uint32_t spare_;
};

}  // namespace ramet::cpu
