// The loops over rows that gradients are made of, compiled for each SIMD target.
#pragma once

#include <cstdint>

#include "cpu/histogram.hpp"
#include "math/quantise.hpp"
#include "objective/objective.hpp"

namespace ramet::cpu {

// Rows [0, count) of a block; arrays start at the block's first row.
struct GradientBlock {
  const std::int64_t* const* scores = nullptr;  // per output
  const int* unit_exponents = nullptr;          // per output
  const double* labels = nullptr;
  const double* weights = nullptr;  // null: all 1
  float* const* g = nullptr;        // per output
  float* const* h = nullptr;        // per output; null entries: not stored
  std::int32_t outputs = 1;
  std::int64_t count = 0;  // at most gradient_block_rows
};

inline constexpr std::int64_t gradient_block_rows = 1024;

// Gradients of a Kind::row or Kind::row_outputs objective, times the weights, rounded to float.
void compute_gradients(const objective::Objective& objective, const GradientBlock& block);

// The largest |x| as float bits: anything from 0x7f800000 up means that a value is not finite.
std::uint32_t largest_magnitude(const float* x, std::int64_t count);

// Counts the sign-less exponents (0..255) of the nonzero values of one row in each 16, chosen by a draw.
void survey_exponents(const float* x, std::int64_t count, std::uint64_t key, std::uint64_t first_row,
                      std::int64_t* histogram);

// Quantises rows whose global numbers start at first_row. h null: every h is 1.
void quantise_narrow(const float* g, const float* h, std::int64_t count, const math::GradientScale& scale,
                     std::uint64_t key, std::uint64_t first_row, std::uint32_t* out);
void quantise_wide(const float* g, const float* h, std::int64_t count, const math::GradientScale& scale,
                   WideGradient* out);

}  // namespace ramet::cpu
