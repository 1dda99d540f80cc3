// The kernels that gradients are made of, and what they share.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <limits>

#include "cuda/scale.hpp"
#include "math/host_device.hpp"
#include "objective/objective.hpp"

namespace ramet::cuda {

// Above every global row.
inline constexpr std::int64_t no_bad_row = std::numeric_limits<std::int64_t>::max();

// Where a round's findings over all rows lie in one array, all zero before the round. First come those of
// which members take the maximum, then the counts, which they add up.
struct FoundLayout {
  std::int32_t outputs = 0;

  // Bits of the largest |g| and h as floats.
  RAMET_HD constexpr std::int64_t largest_g(std::int32_t k) const { return 2 * std::int64_t{k}; }
  RAMET_HD constexpr std::int64_t largest_h(std::int32_t k) const { return 2 * std::int64_t{k} + 1; }
  // no_bad_row - the lowest global row that is not finite; 0: there is none.
  RAMET_HD constexpr std::int64_t bad_row() const { return 2 * std::int64_t{outputs}; }
  RAMET_HD constexpr std::int64_t maxima() const { return bad_row() + 1; }
  // How many surveyed rows have each biased exponent: 256 of g, 256 of h.
  RAMET_HD constexpr std::int64_t survey(std::int32_t k) const { return maxima() + 512 * std::int64_t{k}; }
  RAMET_HD constexpr std::int64_t counts() const { return 512 * std::int64_t{outputs}; }
  RAMET_HD constexpr std::int64_t size() const { return maxima() + counts(); }
};

// What a round's kernels work on, all on the device. Output k's part of g, h, low and high is at k * stride.
struct GradientPass {
  const std::int64_t* scores = nullptr;  // output k's at scores + k * rows
  const double* labels = nullptr;
  const double* weights = nullptr;  // null: all 1
  const std::int32_t* unit_exponents = nullptr;
  float* g = nullptr;
  float* h = nullptr;  // null: every h is 1
  std::uint32_t* low = nullptr;
  std::uint32_t* high = nullptr;
  std::int64_t* found = nullptr;
  DeviceScale* scales = nullptr;
  std::int64_t* bad_row = nullptr;
  std::int64_t rows = 0;
  std::int64_t stride = 0;  // a multiple of 4; g and h are 0 from `rows` on
  std::int64_t first_global_row = 0;
  std::int64_t total_rows = 0;
  std::uint64_t seed = 0;
  std::int32_t round = 0;
  std::int32_t outputs = 1;
  std::int32_t bits = 16;  // asked for, and allowed by total_rows
};

// Whether the round needs its survey: more bits than these there are not.
RAMET_HD constexpr bool needs_survey(std::int32_t bits) { return bits < 32; }

// g and h of an objective that knows its rows' gradients, and what is found in them. `blocks` fill the
// device.
void differentiate(const objective::Objective& objective, const GradientPass& pass, std::int64_t blocks,
                   cudaStream_t stream);
// g and h from the caller's numbers of rows [first_row, first_row + rows), row-major, on the device.
void weigh_gradients(const GradientPass& pass, const double* g, const double* h, std::int64_t first_row,
                     std::int64_t rows, cudaStream_t stream);
// What there is to find in g and h.
void survey_gradients(const GradientPass& pass, std::int64_t blocks, cudaStream_t stream);
// The scales of all outputs and the bad row, from the findings of all members.
void choose_scales(const GradientPass& pass, cudaStream_t stream);
// low and high from g, h and the scales; 0 where there is a bad row.
void quantise_gradients(const GradientPass& pass, cudaStream_t stream);

}  // namespace ramet::cuda
