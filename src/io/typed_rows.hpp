// Rows of a file as typed columns: wave after wave into the same memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/buffer.hpp"
#include "base/tasks.hpp"
#include "io/scan.hpp"

namespace ramet::io {

// The values of one feature; which of the three depends on its reading.
struct FeatureValues {
  Buffer<double> numbers;         // NaN missing
  Buffer<std::uint8_t> booleans;  // 0, 1, 255 missing
  Buffer<std::int32_t> codes;     // of the column's dictionary, -1 missing
};

// Consecutive rows. Buffers have `rows` entries at least, those of roles that the file lacks none.
struct TypedRows {
  std::int64_t first_row = 0;
  std::int64_t rows = 0;
  std::vector<FeatureValues> features;  // in order of FileColumn::index
  Buffer<double> labels;
  Buffer<double> weights;
  Buffer<double> base_margins;  // rows x outputs
  Buffer<std::int64_t> groups;
};

// Memory of a row's values.
std::int64_t typed_row_bytes(const FileFacts& file);

// Number of columns with this role.
int count_columns(const FileFacts& file, Role role);

// Visits the rows [first_row, last_row) in order on the calling thread; 0 <= first_row <= last_row <= rows.
// Throws Error{io} if the file is not the one that was scanned. `visit` may take the rows' memory away.
void visit_rows(const std::filesystem::path& path, char delimiter, const FileFacts& file,
                std::int64_t first_row, std::int64_t last_row, Tasks& tasks,
                const std::function<void(TypedRows&)>& visit);

}  // namespace ramet::io
