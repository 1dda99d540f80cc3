#include <cstdint>

#include "cuda/gradient_kernels.hpp"
#include "cuda/gradient_tally.cuh"
#include "cuda/launch.cuh"
#include "math/quantise.hpp"

namespace ramet::cuda {
namespace {

constexpr std::int32_t warps = block_threads / 32;

__device__ std::int64_t warp_sum(std::int64_t value) {
  for (int distance = 16; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(all_lanes, static_cast<long long>(value), distance);
  }
  return value;
}

// Whether more than a quarter of the surveyed nonzero values lie below one step, 2^-exponent. All lanes of a
// warp.
__device__ bool too_coarse(const std::int64_t* counts, int exponent) {
  std::int64_t below = 0;
  std::int64_t nonzero = 0;
  for (int biased = static_cast<int>(threadIdx.x % 32); biased < 256; biased += 32) {
    nonzero += counts[biased];
    if (math::below_step(biased, exponent)) below += counts[biased];
  }
  below = warp_sum(below);
  nonzero = warp_sum(nonzero);
  return 4 * below > nonzero;
}

// 0 where there is a bad row: the scale is not used then.
__device__ double largest_of(std::int64_t found) {
  const float largest = __builtin_bit_cast(float, static_cast<std::uint32_t>(found));
  return found < 0x7f800000 ? static_cast<double>(largest) : 0.0;
}

__device__ void set_bits(int bits, bool constant_hessian, DeviceScale& scale) {
  scale.bits = bits;
  scale.limbs = bits <= 16 ? 1 : 2;
  scale.g_exponent = math::scale_exponent(scale.largest_g, math::max_quantised_g(bits));
  scale.h_exponent =
      constant_hessian ? 0 : math::scale_exponent(scale.largest_h, math::max_quantised_h(bits));
  scale.g_unit = math::pow2(-scale.g_exponent);
  scale.h_unit = math::pow2(-scale.h_exponent);
}

// One warp an output.
__global__ void __launch_bounds__(block_threads) scales_kernel(GradientPass pass) {
  const FoundLayout layout{pass.outputs};
  if (blockIdx.x == 0 && threadIdx.x == 0) {
    *pass.bad_row = no_bad_row - pass.found[layout.bad_row()];
  }
  const auto k = static_cast<std::int32_t>(blockIdx.x * warps + threadIdx.x / 32);
  if (k >= pass.outputs) return;
  const bool constant_hessian = pass.h == nullptr;
  DeviceScale scale;
  scale.largest_g = largest_of(pass.found[layout.largest_g(k)]);
  scale.largest_h = constant_hessian ? 1.0 : largest_of(pass.found[layout.largest_h(k)]);
  set_bits(pass.bits, constant_hessian, scale);
  if (needs_survey(pass.bits)) {
    const std::int64_t* counts = pass.found + layout.survey(k);
    const bool coarse = too_coarse(counts, scale.g_exponent) ||
                        (!constant_hessian && too_coarse(counts + 256, scale.h_exponent));
    const int most = math::most_gradient_bits(pass.total_rows);
    if (coarse) set_bits(most < 32 ? most : 32, constant_hessian, scale);
  }
  if (threadIdx.x % 32 == 0) pass.scales[k] = scale;
}

struct Integers {
  std::int32_t g = 0;
  std::uint32_t h = 0;
};

// Everything of an output that is the same for its rows.
struct Rounding {
  std::uint64_t key = 0;
  double g_scale = 1;
  double h_scale = 1;
  bool constant_hessian = false;
};

// `wide`: more than 16 bits.
template <bool wide>
__device__ Integers rounded(const Rounding& r, float g, float h, std::int64_t global_row) {
  const double g_scaled = static_cast<double>(g) * r.g_scale;
  const double h_scaled = static_cast<double>(h) * r.h_scale;
  Integers q{.g = 0, .h = 1};
  if constexpr (wide) {
    q.g = static_cast<std::int32_t>(math::nearest(g_scaled));
    if (!r.constant_hessian) q.h = static_cast<std::uint32_t>(math::nearest(h_scaled));
  } else {
    const std::uint32_t draw = math::draw32(r.key, static_cast<std::uint64_t>(global_row));
    q.g = math::round_stochastic(g_scaled, draw & 0xffffu);
    if (!r.constant_hessian) q.h = static_cast<std::uint32_t>(math::round_stochastic(h_scaled, draw >> 16));
  }
  return q;
}

__device__ std::uint32_t low_of(const Integers& q) {
  return (static_cast<std::uint32_t>(q.g) & 0xffffu) | q.h << 16;
}
__device__ std::uint32_t high_of(const Integers& q) {
  return static_cast<std::uint32_t>(q.g) >> 16 | (q.h & 0xffff0000u);
}

constexpr int batch = 4;  // rows that a thread reads and writes at once
constexpr std::int64_t piece_rows = std::int64_t{8} * batch * block_threads;
constexpr std::int64_t step = std::int64_t{batch} * block_threads;

// One store of 16 bytes: compilers are free to split the assignment of a uint4.
__device__ void store(std::uint32_t* to, std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  __stwb(reinterpret_cast<uint4*>(to), make_uint4(a, b, c, d));
}

template <bool wide>
__device__ void quantise_piece(const GradientPass& pass, const Rounding& r, std::int64_t base,
                               std::int64_t begin, std::int64_t end) {
  for (std::int64_t row = begin + std::int64_t{threadIdx.x} * batch; row < end; row += step) {
    const float4 g = *reinterpret_cast<const float4*>(pass.g + base + row);
    float4 h = make_float4(0, 0, 0, 0);
    if (!r.constant_hessian) h = *reinterpret_cast<const float4*>(pass.h + base + row);
    const std::int64_t global = pass.first_global_row + row;
    const Integers q0 = rounded<wide>(r, g.x, h.x, global);
    const Integers q1 = rounded<wide>(r, g.y, h.y, global + 1);
    const Integers q2 = rounded<wide>(r, g.z, h.z, global + 2);
    const Integers q3 = rounded<wide>(r, g.w, h.w, global + 3);
    store(pass.low + base + row, low_of(q0), low_of(q1), low_of(q2), low_of(q3));
    if (wide) store(pass.high + base + row, high_of(q0), high_of(q1), high_of(q2), high_of(q3));
  }
}

// Block b rounds piece b % pieces of output b / pieces.
__global__ void __launch_bounds__(block_threads) quantise(GradientPass pass, std::int64_t pieces) {
  const auto k = static_cast<std::int32_t>(blockIdx.x / pieces);
  const std::int64_t base = k * pass.stride;
  const std::int64_t begin = blockIdx.x % pieces * piece_rows;
  const std::int64_t end = begin + piece_rows < pass.stride ? begin + piece_rows : pass.stride;
  const DeviceScale& scale = pass.scales[k];
  const bool wide = scale.limbs == 2;
  if (*pass.bad_row != no_bad_row) {
    for (std::int64_t row = begin + std::int64_t{threadIdx.x} * batch; row < end; row += step) {
      store(pass.low + base + row, 0, 0, 0, 0);
      if (wide) store(pass.high + base + row, 0, 0, 0, 0);
    }
    return;
  }
  const Rounding r{.key = math::rounding_key(pass.seed, pass.round, k),
                   .g_scale = math::pow2(scale.g_exponent),
                   .h_scale = math::pow2(scale.h_exponent),
                   .constant_hessian = pass.h == nullptr};
  if (wide) {
    quantise_piece<true>(pass, r, base, begin, end);
  } else {
    quantise_piece<false>(pass, r, base, begin, end);
  }
}

}  // namespace

void choose_scales(const GradientPass& pass, cudaStream_t stream) {
  launch(scales_kernel, blocks_for(pass.outputs, warps), block_threads, 0, stream, pass);
}

void quantise_gradients(const GradientPass& pass, cudaStream_t stream) {
  const std::int64_t pieces = blocks_for(pass.rows, piece_rows);
  launch(quantise, pieces * pass.outputs, block_threads, 0, stream, pass, pieces);
}

}  // namespace ramet::cuda
