#include "cuda/ingest_limits.hpp"

#include <algorithm>

#include "cuda/ingest_view.hpp"

namespace ramet::cuda {

std::int64_t rows_within(std::size_t bytes, std::size_t bytes_a_row) {
  constexpr std::int64_t most = std::int64_t{1} << 30;
  if (bytes_a_row == 0) return most;
  const auto rows = static_cast<std::int64_t>(std::min<std::size_t>(bytes / bytes_a_row, most));
  return rows >= tile_rows ? rows / tile_rows * tile_rows : std::max<std::int64_t>(1, rows);
}

}  // namespace ramet::cuda
