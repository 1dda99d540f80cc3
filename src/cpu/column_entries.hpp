// Adds one column's entries to its cells, for several outputs at once.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/buffer.hpp"
#include "cpu/cells.hpp"

namespace ramet::cpu {

// Narrow gradients of one row: each output's, and one that counts the row.
struct alignas(32) EntryGradients {
  std::array<std::uint32_t, lanes_side_by_side> pairs;
};

// The sums of a cell, or of all rows.
struct EntrySums {
  std::array<std::int64_t, most_side_by_side> g{};
  std::array<std::int64_t, most_side_by_side> h{};
  std::int64_t rows = 0;

  void add(const EntrySums& other) {
    for (std::size_t k = 0; k < most_side_by_side; ++k) {
      g[k] += other.g[k];
      h[k] += other.h[k];
    }
    rows += other.rows;
  }
  void subtract(const EntrySums& other) {
    for (std::size_t k = 0; k < most_side_by_side; ++k) {
      g[k] -= other.g[k];
      h[k] -= other.h[k];
    }
    rows -= other.rows;
  }
};

// One column's cells, for up to max_packed_rows entries; its memory is kept.
class EntryCells {
 public:
  void clear(std::int32_t cells);
  EntrySums cell(std::size_t i) const;
  std::int64_t* data() { return cells_.data(); }

 private:
  Buffer<std::int64_t> cells_;
};

// Adds the gradients of each row to the cell of its code. `gradients`: one for each row of the page.
void add_entries(std::span<const std::uint32_t> rows, const std::uint16_t* codes, std::uint32_t first_code,
                 const EntryGradients* gradients, EntryCells& cells);

}  // namespace ramet::cpu
