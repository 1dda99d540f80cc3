#include "cpu/gradient_kernels.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

#include "math/score.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/gradient_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Plain loops: each operation is correctly rounded, so whatever width the compiler picks gives the same bits.
HWY_BEFORE_NAMESPACE();
namespace ramet::cpu::HWY_NAMESPACE {

HWY_ATTR void to_margins(const std::int64_t* scores, int exponent, std::int64_t count, double* margins) {
  const double unit = math::pow2(-exponent);
  for (std::int64_t i = 0; i < count; ++i) margins[i] = static_cast<double>(scores[i]) * unit;
}

// Rows of `x` that are wanted soon, as scores, labels and gradients outgrow the second-level cache: the
// processor's own prefetching leaves half of the time to waiting.
template <class T>
__attribute__((always_inline)) inline void prefetch_rows(const T* x, std::int64_t rows) {
  constexpr std::int64_t line = 64 / sizeof(T);
  for (std::int64_t i = 0; i < rows; i += line) __builtin_prefetch(x + i);
}

// So many rows at once: while they are computed, the next ones arrive.
constexpr std::int64_t tile_rows = 128;

template <class Row>
HWY_ATTR void row_gradients(const Row& objective, const GradientBlock& block) {
  alignas(64) double margins[tile_rows];
  alignas(64) double g[tile_rows];
  alignas(64) double h[tile_rows];
  for (std::int64_t begin = 0; begin < block.count; begin += tile_rows) {
    const std::int64_t count = std::min(tile_rows, block.count - begin);
    prefetch_rows(block.scores[0] + begin + tile_rows, tile_rows);
    prefetch_rows(block.labels + begin + tile_rows, tile_rows);
    if (block.weights != nullptr) prefetch_rows(block.weights + begin + tile_rows, tile_rows);
    to_margins(block.scores[0] + begin, block.unit_exponents[0], count, margins);
    const double* labels = block.labels + begin;
    for (std::int64_t i = 0; i < count; ++i) {
      const objective::GradientPair pair = objective.gradient(margins[i], labels[i]);
      g[i] = pair.g;
      h[i] = pair.h;
    }
    if (block.weights != nullptr) {
      const double* weights = block.weights + begin;
      for (std::int64_t i = 0; i < count; ++i) {
        g[i] *= weights[i];
        h[i] *= weights[i];
      }
    }
    float* g_out = block.g[0] + begin;
    for (std::int64_t i = 0; i < count; ++i) g_out[i] = static_cast<float>(g[i]);
    if (block.h[0] == nullptr) continue;
    float* h_out = block.h[0] + begin;
    for (std::int64_t i = 0; i < count; ++i) h_out[i] = static_cast<float>(h[i]);
  }
}

// `scratch`: outputs margins and outputs pairs.
template <class RowOutputs>
HWY_ATTR void row_outputs_gradients(const RowOutputs& objective, const GradientBlock& block, double* margins,
                                    objective::GradientPair* pairs) {
  for (std::int64_t i = 0; i < block.count; ++i) {
    for (std::int32_t k = 0; k < block.outputs; ++k) {
      margins[k] = static_cast<double>(block.scores[k][i]) * math::pow2(-block.unit_exponents[k]);
    }
    objective.gradients(margins, block.outputs, block.labels[i], pairs);
    const double weight = block.weights != nullptr ? block.weights[i] : 1.0;
    for (std::int32_t k = 0; k < block.outputs; ++k) {
      block.g[k][i] = static_cast<float>(pairs[k].g * weight);
      if (block.h[k] != nullptr) block.h[k][i] = static_cast<float>(pairs[k].h * weight);
    }
  }
}

// Rows that are taken together: few enough that what K outputs have of them stays in the first-level cache.
constexpr int rows_at_once = 64;

template <class Rows>
HWY_ATTR void rows_gradients(const Rows& objective, const GradientBlock& block, int rows, std::int64_t begin,
                             double* memory) {
  const std::ptrdiff_t size = std::ptrdiff_t{block.outputs} * rows;
  double* margins = memory;
  double* g = margins + size;
  double* h = g + size;
  for (std::int32_t k = 0; k < block.outputs; ++k) {
    prefetch_rows(block.scores[k] + begin + rows, rows);
    to_margins(block.scores[k] + begin, block.unit_exponents[k], rows, margins + std::ptrdiff_t{k} * rows);
  }
  objective.gradients_of_rows(margins, block.outputs, block.labels + begin, rows, h + size, g, h);
  for (std::int32_t k = 0; k < block.outputs; ++k) {
    const std::ptrdiff_t first = std::ptrdiff_t{k} * rows;
    float* g_out = block.g[k] + begin;
    float* h_out = block.h[k] == nullptr ? nullptr : block.h[k] + begin;
    if (block.weights != nullptr) {
      const double* weights = block.weights + begin;
      for (int i = 0; i < rows; ++i) {
        g[first + i] *= weights[i];
        h[first + i] *= weights[i];
      }
    }
    for (int i = 0; i < rows; ++i) g_out[i] = static_cast<float>(g[first + i]);
    for (int i = 0; h_out != nullptr && i < rows; ++i) h_out[i] = static_cast<float>(h[first + i]);
  }
}

template <class O>
HWY_ATTR void gradients_of(const O& objective, const GradientBlock& block) {
  if constexpr (objective::RowObjective<O>) {
    row_gradients(objective, block);
  } else if constexpr (objective::RowsAtOnceObjective<O>) {
    std::vector<double> memory(static_cast<std::size_t>((3 * block.outputs + 2) * rows_at_once));
    for (std::int64_t begin = 0; begin < block.count; begin += rows_at_once) {
      const auto rows = static_cast<int>(std::min<std::int64_t>(rows_at_once, block.count - begin));
      rows_gradients(objective, block, rows, begin, memory.data());
    }
  } else if constexpr (objective::RowOutputsObjective<O>) {
    std::vector<double> margins(static_cast<std::size_t>(block.outputs));
    std::vector<objective::GradientPair> pairs(static_cast<std::size_t>(block.outputs));
    row_outputs_gradients(objective, block, margins.data(), pairs.data());
  }
}

template <std::size_t I = 0>
HWY_ATTR void dispatch_objective(const objective::Objective& objective, const GradientBlock& block) {
  if constexpr (I < std::variant_size_v<objective::Objective>) {
    if (objective.index() == I) return gradients_of(std::get<I>(objective), block);
    dispatch_objective<I + 1>(objective, block);
  }
}

HWY_ATTR void compute_gradients_target(const objective::Objective& objective, const GradientBlock& block) {
  dispatch_objective(objective, block);
}

HWY_ATTR std::uint32_t largest_magnitude_target(const float* x, std::int64_t count) {
  std::uint32_t largest = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x[i]) & 0x7fffffffu;
    largest = bits > largest ? bits : largest;
  }
  return largest;
}

// Whether there are hessians is known beforehand: a masked load from a null pointer takes a processor
// hundreds of cycles, and is what the compiler makes of a choice in the loop.
template <bool constant_hessian>
HWY_ATTR void quantise_narrow_rows(const float* g, const float* h, std::int64_t count,
                                   const math::GradientScale& scale, std::uint64_t key,
                                   std::uint64_t first_row, std::uint32_t* out) {
  const double g_scale = math::pow2(scale.g_exponent);
  const double h_scale = math::pow2(scale.h_exponent);
  for (std::int64_t begin = 0; begin < count; begin += tile_rows) {
    const std::int64_t end = std::min(begin + tile_rows, count);
    prefetch_rows(g + end, tile_rows);
    if constexpr (!constant_hessian) prefetch_rows(h + end, tile_rows);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::uint32_t draw = math::draw32(key, first_row + static_cast<std::uint64_t>(i));
      const std::int32_t qg = math::round_stochastic(static_cast<double>(g[i]) * g_scale, draw & 0xffffu);
      std::int32_t qh = 1;
      if constexpr (!constant_hessian)
        qh = math::round_stochastic(static_cast<double>(h[i]) * h_scale, draw >> 16);
      out[i] = narrow_gradient(qg, qh);
    }
  }
}

HWY_ATTR void quantise_narrow_target(const float* g, const float* h, std::int64_t count,
                                     const math::GradientScale& scale, std::uint64_t key,
                                     std::uint64_t first_row, std::uint32_t* out) {
  if (h == nullptr) {
    quantise_narrow_rows<true>(g, h, count, scale, key, first_row, out);
  } else {
    quantise_narrow_rows<false>(g, h, count, scale, key, first_row, out);
  }
}

template <bool constant_hessian>
HWY_ATTR void quantise_wide_rows(const float* g, const float* h, std::int64_t count,
                                 const math::GradientScale& scale, WideGradient* out) {
  const double g_scale = math::pow2(scale.g_exponent);
  const double h_scale = math::pow2(scale.h_exponent);
  for (std::int64_t i = 0; i < count; ++i) {
    out[i].g = static_cast<std::int32_t>(std::nearbyint(static_cast<double>(g[i]) * g_scale));
    out[i].h = 1;
    if constexpr (!constant_hessian)
      out[i].h = static_cast<std::uint32_t>(std::nearbyint(static_cast<double>(h[i]) * h_scale));
  }
}

HWY_ATTR void quantise_wide_target(const float* g, const float* h, std::int64_t count,
                                   const math::GradientScale& scale, WideGradient* out) {
  if (h == nullptr) {
    quantise_wide_rows<true>(g, h, count, scale, out);
  } else {
    quantise_wide_rows<false>(g, h, count, scale, out);
  }
}

}  // namespace ramet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ramet::cpu {

HWY_EXPORT(compute_gradients_target);
HWY_EXPORT(largest_magnitude_target);
HWY_EXPORT(quantise_narrow_target);
HWY_EXPORT(quantise_wide_target);

void compute_gradients(const objective::Objective& objective, const GradientBlock& block) {
  HWY_DYNAMIC_DISPATCH(compute_gradients_target)(objective, block);
}

std::uint32_t largest_magnitude(const float* x, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(largest_magnitude_target)(x, count);
}

void survey_exponents(const float* x, std::int64_t count, std::uint64_t key, std::uint64_t first_row,
                      std::int64_t* histogram) {
  const std::uint64_t end = first_row + static_cast<std::uint64_t>(count);
  for (std::uint64_t group = first_row / 16; group * 16 < end; ++group) {
    const std::uint64_t row = group * 16 + math::draw32(key, group) % 16;
    if (row < first_row || row >= end) continue;
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x[row - first_row]) & 0x7fffffffu;
    if (bits != 0) ++histogram[bits >> 23];
  }
}

void quantise_narrow(const float* g, const float* h, std::int64_t count, const math::GradientScale& scale,
                     std::uint64_t key, std::uint64_t first_row, std::uint32_t* out) {
  HWY_DYNAMIC_DISPATCH(quantise_narrow_target)(g, h, count, scale, key, first_row, out);
}

void quantise_wide(const float* g, const float* h, std::int64_t count, const math::GradientScale& scale,
                   WideGradient* out) {
  HWY_DYNAMIC_DISPATCH(quantise_wide_target)(g, h, count, scale, out);
}

}  // namespace ramet::cpu
#endif
