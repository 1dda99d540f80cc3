// Cells of categories with rows enough, of which small nodes have few.
#pragma once

#include <cstdint>

namespace ramet::cpu {

// Which of `size` packed cells that are each followed by their number of rows have `least_rows` or more:
// writes their numbers to `cells`, in order, and returns how many there are.
std::int32_t find_filled(const std::int64_t* counted, std::int32_t size, std::int64_t least_rows,
                         std::int32_t* cells);

}  // namespace ramet::cpu
