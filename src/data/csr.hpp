// Reading batches of compressed sparse rows.
#pragma once

#include <cstdint>

#include "base/tasks.hpp"
#include "data/source.hpp"

namespace ramet::data {

// Throws Error{invalid_data} naming the row if offsets descend, a column is not in [0, cols), or a row has a
// column twice. `first_row`: number of the batch's first row, for messages.
void check_csr(const CsrChunk& csr, std::int64_t rows, std::int64_t cols, std::int64_t first_row,
               Tasks& tasks);

// Writes row row_at(i), i < count, to dense[c * count + i] for every column c. The chunk must have been
// checked.
template <class RowAt>
void densify(const CsrChunk& csr, std::int64_t cols, std::int64_t count, const RowAt& row_at, float* dense);

}  // namespace ramet::data

#include <algorithm>
#include <limits>

template <class RowAt>
void ramet::data::densify(const CsrChunk& csr, std::int64_t cols, std::int64_t count, const RowAt& row_at,
                          float* dense) {
  std::fill(dense, dense + cols * count,
            csr.absent_is_missing ? std::numeric_limits<float>::quiet_NaN() : 0.0F);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto row = static_cast<std::size_t>(row_at(i));
    for (std::int64_t e = csr.row_offsets[row]; e < csr.row_offsets[row + 1]; ++e)
      dense[csr.columns[e] * count + i] = csr.values[e];
  }
}
