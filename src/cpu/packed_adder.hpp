// Adds narrow gradients to packed cells, from whichever form of the rows a job has.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu/node_histogram.hpp"
#include "cpu/sparse_adder.hpp"

namespace ramet::cpu {

// For one share of a job. Job and share must outlive it.
class PackedAdder {
 public:
  // `tile`: the one whose columns the share builds. `cells`: with joint rows, the joint cells as well, which
  // are zero.
  PackedAdder(const BuildJob& job, const BuildShare& share, std::size_t tile, std::int64_t* cells)
      : job_(job), share_(share), tile_(tile), cells_(cells) {}

  // Rows of page p; the caller keeps cells below max_packed_rows rows.
  void add(std::int32_t p, RowSlice rows);
  // To be called before the cells are read.
  void finish();

 private:
  const std::uint32_t* gradients_of(const RowSlice& rows) const {
    return job_.gradients->narrow.data() + rows.page->first_row;
  }
  RowSource<std::uint32_t> source_of(std::int32_t p, const RowSlice& rows) const;
  void add_rows(std::int32_t p, const RowSlice& rows);

  const BuildJob& job_;
  const BuildShare& share_;
  std::size_t tile_;
  std::int64_t* cells_;
  SparseTotal<std::int64_t> total_;
};

}  // namespace ramet::cpu
