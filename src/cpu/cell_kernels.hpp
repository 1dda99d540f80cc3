// Arithmetic on runs of packed cells.
#pragma once

#include <cstdint>

namespace ramet::cpu {

// Sum of `count` cells.
std::int64_t sum_cells(const std::int64_t* cells, std::int64_t count);

// out[i] = a[i] - b[i] for `count` cells. `out` may be `a`.
void subtract_packed(const std::int64_t* a, const std::int64_t* b, std::int64_t* out, std::int64_t count);

}  // namespace ramet::cpu
