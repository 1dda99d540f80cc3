// How much memory binning on a device may take.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ramet::cuda {

// What a step needs at the least (some rows of one column, or one row of all) it takes whatever the limits
// are.
struct IngestLimits {
  std::size_t device_bytes = std::size_t{1} << 30;
  std::size_t pinned_bytes = std::size_t{1} << 26;
};

// Most rows at so many bytes each that fit; whole tiles if there is room for one, at least 1.
std::int64_t rows_within(std::size_t bytes, std::size_t bytes_a_row);

}  // namespace ramet::cuda
