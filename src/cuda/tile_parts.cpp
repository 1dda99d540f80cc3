#include "cuda/tile_parts.hpp"

#include <algorithm>
#include <numeric>

namespace ramet::cuda {
namespace {

// Fills parts one after another up to `most` cells, which no tile exceeds. They may be more than are wanted.
TileParts fill_parts(std::span<const std::int64_t> cells, std::int64_t most) {
  TileParts parts;
  std::int64_t filled = 0;
  for (std::size_t tile = 0; tile < cells.size(); ++tile) {
    if (filled + cells[tile] > most) {
      parts.ends.push_back(static_cast<std::int32_t>(tile));
      filled = 0;
    }
    filled += cells[tile];
    parts.largest = std::max(parts.largest, filled);
  }
  parts.ends.push_back(static_cast<std::int32_t>(cells.size()));
  return parts;
}

}  // namespace

TileParts cut_tiles(std::span<const std::int64_t> cells, std::int32_t parts) {
  const auto wanted = static_cast<std::size_t>(parts);
  std::int64_t low = cells.empty() ? 0 : *std::max_element(cells.begin(), cells.end());
  std::int64_t high = std::accumulate(cells.begin(), cells.end(), std::int64_t{0});
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (fill_parts(cells, middle).ends.size() <= wanted) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  TileParts cut = fill_parts(cells, low);
  cut.ends.resize(wanted, static_cast<std::int32_t>(cells.size()));
  return cut;
}

}  // namespace ramet::cuda
