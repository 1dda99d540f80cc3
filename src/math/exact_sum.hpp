// Sums of doubles that do not depend on the order: for every sum over rows that is not a sum of small
// integers (contract, rule 3).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "math/host_device.hpp"

namespace ramet::math {

// A finite double as five signed digits of 16 bits, for machines that add 32 bits best: x is the sum of
// part[i] * 2^(16 (first + i)), in units of 2^-1074.
struct HalfDigits {
  static constexpr int count = 5;
  int first = 0;  // 0 .. 127
  std::int32_t part[count] = {};
};
RAMET_HD constexpr HalfDigits half_digits(double x) {
  const auto bits = __builtin_bit_cast(std::uint64_t, x);
  const auto exponent = static_cast<unsigned>(bits >> 52) & 0x7ffu;
  const std::uint64_t fraction = bits & 0xfffffffffffffu;
  const std::uint64_t mantissa = exponent == 0 ? fraction : fraction | (std::uint64_t{1} << 52);
  const unsigned position = exponent == 0 ? 0 : exponent - 1;  // of the mantissa's lowest bit
  const unsigned shift = position & 15u;
  const std::uint64_t low = mantissa << shift;
  const bool negative = bits >> 63 != 0;
  HalfDigits digits{.first = static_cast<int>(position >> 4)};
  for (int i = 0; i < HalfDigits::count; ++i) {
    const std::uint64_t part = i < 4 ? (low >> (16 * i)) & 0xffffu : (mantissa >> 1) >> (63u - shift);
    digits.part[i] = negative ? -static_cast<std::int32_t>(part) : static_cast<std::int32_t>(part);
  }
  return digits;
}

// An integer wide enough for every double: the sum in units of 2^-1074, held in digits of 32 bits (Kulisch,
// "Computer Arithmetic and Validity", ch. 8). Digits lie in 64 bits, so carries are resolved only once in
// 2^29 additions. Adding costs three integer additions; exact for up to 2^60 values. Not thread-safe; give
// each task its own and add them up.
class ExactSum {
 public:
  static constexpr int limb_count = 67;

  // x must be finite (check before: any other value gives a wrong sum).
  void add(double x);
  void add(const ExactSum& other);

  // The digits, least significant first, normalised in place: all but the last lie in [0, 2^32). May be
  // written: adding the limbs of up to 2^20 sums element by element gives the limbs of their total.
  std::span<std::int64_t> limbs();

  // The double nearest to the exact sum, ties to even; +-infinity if it is out of range.
  double value() const;

 private:
  void normalise();

  static constexpr std::int64_t max_pending = std::int64_t{1} << 29;

  std::array<std::int64_t, limb_count> limbs_{};
  std::int64_t pending_ = 0;  // every limb is below (pending_ + 1) * 2^32 in size
};

inline void ExactSum::add(double x) {
  const auto bits = __builtin_bit_cast(std::uint64_t, x);
  const auto exponent = static_cast<unsigned>(bits >> 52) & 0x7ffu;
  const std::uint64_t fraction = bits & 0xfffffffffffffu;
  const std::uint64_t mantissa = exponent == 0 ? fraction : fraction | (std::uint64_t{1} << 52);
  const unsigned position = exponent == 0 ? 0 : exponent - 1;  // of the mantissa's lowest bit
  const unsigned shift = position & 31u;
  const std::uint64_t low = mantissa << shift;
  const std::uint64_t high = (mantissa >> 1) >> (63u - shift);
  const auto sign = -static_cast<std::int64_t>(bits >> 63);  // 0 or -1
  std::int64_t* limb = limbs_.data() + (position >> 5);
  limb[0] += (static_cast<std::int64_t>(low & 0xffffffffu) ^ sign) - sign;
  limb[1] += (static_cast<std::int64_t>(low >> 32) ^ sign) - sign;
  limb[2] += (static_cast<std::int64_t>(high) ^ sign) - sign;
  if (++pending_ >= max_pending) normalise();
}

}  // namespace ramet::math
