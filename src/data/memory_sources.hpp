// The caller's arrays as sources: one batch that points into them, nothing copied but codes of text columns.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/tasks.hpp"
#include "data/source.hpp"

namespace ramet::data {

// Each throws Error{invalid_data} naming the argument or column at fault. The views must outlive the source.
// T: float or double. Strides as in Dataset::from_dense.
template <class T>
std::unique_ptr<Source> make_dense_source(const T* x, std::int64_t rows, int cols, std::int64_t row_stride,
                                          std::int64_t col_stride);
std::unique_ptr<Source> make_columns_source(std::span<const Column> columns, Tasks& tasks);
// Offsets and columns are checked when they are read (data/csr.hpp).
std::unique_ptr<Source> make_csr_source(const CsrView& csr);

}  // namespace ramet::data
