// Sharing out a histogram's tiles among the devices that search it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ramet::cuda {

// Runs of neighbouring tiles. Part p has the tiles from the end of part p - 1 up to ends[p]; it may be empty.
struct TileParts {
  std::vector<std::int32_t> ends;
  std::int64_t largest = 0;  // cells of the largest part
};

// Cuts tiles of these numbers of cells into `parts` (at least 1) parts, the largest of which is as small as
// can be. It is no smaller if a tile grows or one is added.
TileParts cut_tiles(std::span<const std::int64_t> cells, std::int32_t parts);

}  // namespace ramet::cuda
