#include "data/csr.hpp"

#include <vector>

#include "base/error.hpp"

namespace ramet::data {
namespace {

void check_row(const CsrChunk& csr, std::size_t row, std::int64_t cols, std::int64_t number) {
  const std::int64_t begin = csr.row_offsets[row];
  const std::int64_t end = csr.row_offsets[row + 1];
  bool ascending = true;
  for (std::int64_t e = begin; e < end; ++e) {
    if (csr.columns[e] < 0 || csr.columns[e] >= cols)
      fail(ErrorCode::invalid_data, "row {}: column {} must be between 0 and {}", number, csr.columns[e],
           cols - 1);
    ascending &= e == begin || csr.columns[e - 1] < csr.columns[e];
  }
  if (ascending) return;
  std::vector<std::int32_t> columns(csr.columns + begin, csr.columns + end);
  std::sort(columns.begin(), columns.end());
  const auto twice = std::adjacent_find(columns.begin(), columns.end());
  if (twice != columns.end())
    fail(ErrorCode::invalid_data, "row {}: column {} occurs more than once", number, *twice);
}

}  // namespace

void check_csr(const CsrChunk& csr, std::int64_t rows, std::int64_t cols, std::int64_t first_row,
               Tasks& tasks) {
  if (static_cast<std::int64_t>(csr.row_offsets.size()) != rows + 1) {
    fail(ErrorCode::invalid_data, "row_offsets has {} entries: it must have {}, one more than there are rows",
         csr.row_offsets.size(), rows + 1);
  }
  // All offsets first: no entry is looked at before its place is known to be sound.
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto row = static_cast<std::size_t>(r);
    if (csr.row_offsets[row] < 0 || csr.row_offsets[row + 1] < csr.row_offsets[row]) {
      fail(ErrorCode::invalid_data, "row {}: row_offsets goes from {} to {}; it must ascend", first_row + r,
           csr.row_offsets[row], csr.row_offsets[row + 1]);
    }
  }
  tasks.for_ranges(rows, 4096, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r)
      check_row(csr, static_cast<std::size_t>(r), cols, first_row + r);
  });
}

}  // namespace ramet::data
