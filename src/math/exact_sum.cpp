#include "math/exact_sum.hpp"

#include <limits>

namespace ramet::math {

namespace {

constexpr std::int64_t digit_mask = 0xffffffff;
constexpr int mantissa_bits = 53;
constexpr int range_bits = 1024 + 1074;  // finite doubles are below 2^1024 in units of 2^-1074

using Digits = std::array<std::int64_t, ExactSum::limb_count>;

bool bit_at(const Digits& digits, int position) {
  return ((digits[position / 32] >> (position % 32)) & 1) != 0;
}

bool any_bit_below(const Digits& digits, int position) {
  for (int i = 0; i < position / 32; ++i) {
    if (digits[i] != 0) return true;
  }
  return (digits[position / 32] & ((std::int64_t{1} << (position % 32)) - 1)) != 0;
}

// The highest bit set of normalised, non-negative digits; -1 if there is none.
int highest_bit(const Digits& digits) {
  for (int i = ExactSum::limb_count - 1; i >= 0; --i) {
    if (digits[i] != 0) return 32 * i + 63 - __builtin_clzll(static_cast<unsigned long long>(digits[i]));
  }
  return -1;
}

// Resolves carries: all digits but the last come to lie in [0, 2^32).
void carry(Digits& digits) {
  for (std::size_t i = 0; i + 1 < digits.size(); ++i) {
    digits[i + 1] += digits[i] >> 32;
    digits[i] &= digit_mask;
  }
}

// The double nearest to a non-negative integer in units of 2^-1074.
double round_to_double(const Digits& digits) {
  const int highest = highest_bit(digits);
  if (highest < 0) return 0.0;
  if (highest >= range_bits) return std::numeric_limits<double>::infinity();
  const int lowest = highest < mantissa_bits ? 0 : highest - (mantissa_bits - 1);
  std::uint64_t mantissa = 0;
  for (int position = highest; position >= lowest; --position) {
    mantissa = mantissa << 1 | static_cast<std::uint64_t>(bit_at(digits, position));
  }
  if (lowest > 0 && bit_at(digits, lowest - 1)) {
    const bool odd = (mantissa & 1) != 0;
    if (odd || any_bit_below(digits, lowest - 1)) ++mantissa;
  }
  // The exponent field of a normal double with its lowest bit at `lowest` is lowest + 1. The mantissa's
  // leading bit adds that 1, and a rounding up to 2^53 another, up to the field of infinity.
  return __builtin_bit_cast(double, (static_cast<std::uint64_t>(lowest) << 52) + mantissa);
}

}  // namespace

void ExactSum::normalise() {
  carry(limbs_);
  pending_ = 0;
}

void ExactSum::add(const ExactSum& other) {
  if (pending_ + other.pending_ + 1 >= max_pending) normalise();
  for (std::size_t i = 0; i < limbs_.size(); ++i) limbs_[i] += other.limbs_[i];
  pending_ += other.pending_ + 1;
  if (pending_ >= max_pending) normalise();
}

std::span<std::int64_t> ExactSum::limbs() {
  normalise();
  pending_ = std::int64_t{1} << 20;  // the caller may add that many
  return limbs_;
}

double ExactSum::value() const {
  Digits digits = limbs_;
  carry(digits);
  if (digits.back() >= 0) return round_to_double(digits);
  for (std::int64_t& digit : digits) digit = -digit;
  carry(digits);
  return -round_to_double(digits);
}

}  // namespace ramet::math
