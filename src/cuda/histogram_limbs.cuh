// What the rows of a task add to its histogram: its gradients in one or two limbs of 16 bits, and 1 where
// rows are counted, each in a pass of its own over the rows.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/histogram.hpp"
#include "cuda/instructions.cuh"

namespace ramet::cuda {

// What is added up in a pass.
struct Limb {
  const std::uint32_t* pairs = nullptr;  // of g and h; null: rows are counted
  unsigned long long* plane = nullptr;   // of the histogram: of g, or of counts; the one of h comes after it
  unsigned shift = 0;                    // of the sums, on their way to the histogram
  bool g_signed = true;
  bool first = true;  // the first one of its planes
};

// Calls pass(limb) for each of the passes over its rows that the task needs.
template <class Pass>
__device__ void for_each_limb(const BuildTask& task, const Pass& pass) {
  auto* planes = reinterpret_cast<unsigned long long*>(task.histogram);
  const bool two = task.gradients.scale->limbs == 2;
  const bool counted = task.layout->planes == 3;
  // The pass is long code: it should stand there once.
#pragma unroll 1
  for (int number = 0; number < 3; ++number) {
    if ((number == 1 && !two) || (number == 2 && !counted)) continue;
    Limb limb;
    limb.pairs = number == 0 ? task.gradients.low : (number == 1 ? task.gradients.high : nullptr);
    limb.plane = planes + (number == 2 ? 2 * task.layout->cells : 0);
    limb.shift = number == 1 ? 16 : 0;
    limb.g_signed = number == 1 || !two;
    limb.first = number != 1;
    pass(limb);
  }
}

// A row's part in the sums of g and h; 1 and 0 where rows are counted and `pair` is 1.
__device__ __forceinline__ uint2 limb_values(const Limb& limb, std::uint32_t pair) {
  const std::uint32_t unsigned_g = pair & 0xffffu;
  const auto signed_g = static_cast<std::uint32_t>(static_cast<std::int16_t>(unsigned_g));
  return make_uint2(limb.g_signed ? signed_g : unsigned_g, pair >> 16);
}

// Takes a block's 32-bit sum to a cell of the histogram: stores it, or adds it to what is there.
__device__ __forceinline__ void put_sum(unsigned long long* cell, std::uint32_t sum, bool is_signed,
                                        unsigned shift, bool store) {
  const std::int64_t wide = is_signed ? std::int64_t{static_cast<std::int32_t>(sum)} : std::int64_t{sum};
  const auto value = static_cast<unsigned long long>(wide) << shift;
  if (store) {
    *cell = value;
  } else if (sum != 0) {
    add_to_global(cell, value);
  }
}

}  // namespace ramet::cuda
