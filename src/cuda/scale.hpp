// How one output's gradients became integers in this round, on the device.
#pragma once

#include <cstdint>

namespace ramet::cuda {

struct DeviceScale {
  std::int32_t bits = 16;
  std::int32_t g_exponent = 0;
  std::int32_t h_exponent = 0;
  std::int32_t limbs = 1;  // 1: bits <= 16; 2: wider
  double g_unit = 1;       // 2^-g_exponent
  double h_unit = 1;
  double largest_g = 0;  // over all rows of all ranks
  double largest_h = 0;
};

// One output's gradients of the device's rows. Quantised values are 16-bit pairs, g in the low and h in the
// high half of a word. With one limb g is signed; with two, `low` holds the low 16 bits of both (unsigned),
// `high` the high ones (g signed).
struct GradientView {
  const std::uint32_t* low = nullptr;
  const std::uint32_t* high = nullptr;
  const float* g = nullptr;            // unrounded
  const float* h = nullptr;            // null: all 1
  const DeviceScale* scale = nullptr;  // on the device
};

}  // namespace ramet::cuda
