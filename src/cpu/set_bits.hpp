// Which bits of a byte are set, as the order of lanes in which a vector is compressed. Our own table: GCC
// copies Highway's to the stack for each call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ramet::cpu {

// The numbers of the bits that are set, in order, then zeros.
constexpr std::array<std::array<std::uint8_t, 8>, 256> make_set_bits() {
  std::array<std::array<std::uint8_t, 8>, 256> all{};
  for (std::size_t bits = 0; bits < 256; ++bits) {
    std::size_t n = 0;
    for (std::uint8_t b = 0; b < 8; ++b) {
      if ((bits >> b & 1) != 0) all[bits][n++] = b;
    }
  }
  return all;
}
inline constexpr std::array<std::array<std::uint8_t, 8>, 256> set_bits = make_set_bits();

}  // namespace ramet::cpu
