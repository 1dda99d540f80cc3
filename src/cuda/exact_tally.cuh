// Exact sums of doubles by a block: 16-bit digits in shared memory, one copy for each lane of a warp, so that
// a warp's additions are native and never conflict.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "math/exact_sum.hpp"

namespace ramet::cuda {

// Cells of one sum: digit d of lane l at cells[32 * d + l].
inline constexpr unsigned tally_digits = 2 * math::ExactSum::limb_count;
inline constexpr unsigned tally_cells = 32 * tally_digits;
inline constexpr std::size_t tally_bytes = tally_cells * sizeof(std::int32_t);

// Numbers that the block may add for each lane before it has to fold: below 2^16 each, within an int32.
inline constexpr std::int64_t most_lane_terms = (std::int64_t{1} << 15) - 1;

__device__ inline void add_exactly(std::int32_t* cells, double x) {
  const math::HalfDigits digits = math::half_digits(x);
  std::int32_t* cell = cells + 32 * digits.first + threadIdx.x % 32;
  for (int i = 0; i < math::HalfDigits::count; ++i) {
    if (digits.part[i] != 0) atomicAdd(cell + 32 * i, digits.part[i]);
  }
}

// Adds the block's sum to the limbs of an ExactSum in device memory, any number of times. Every thread of the
// block, after a barrier.
__device__ inline void fold_exactly(const std::int32_t* cells, std::int64_t* limbs) {
  using Wide = unsigned long long;
  for (unsigned digit = threadIdx.x; digit < tally_digits; digit += blockDim.x) {
    std::int64_t sum = 0;
    // Each thread starts at another bank.
    for (unsigned i = 0; i < 32; ++i) sum += cells[32 * digit + (i + digit) % 32];
    if (sum == 0) continue;
    const std::int64_t value = digit % 2 == 0 ? sum : sum * 65536;
    auto* limb = reinterpret_cast<Wide*>(limbs) + digit / 2;
    // In two pieces, so that no number of blocks can leave an int64. The last digits are never in use.
    atomicAdd(limb, static_cast<Wide>(value & 0xffffffff));
    if (value >> 32 != 0) atomicAdd(limb + 1, static_cast<Wide>(value >> 32));
  }
}

}  // namespace ramet::cuda
