// Counter-based random numbers: a draw is a function of its key and counter, never of who asks or when.
#pragma once

#include <cstdint>

#include "math/host_device.hpp"

namespace ramet::math {

// A bijection of 64-bit integers with full avalanche (the finaliser of SplitMix64: Steele, Lea, Flood,
// "Fast splittable pseudorandom number generators", OOPSLA 2014).
RAMET_HD constexpr std::uint64_t mix64(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9u;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebu;
  x ^= x >> 31;
  return x;
}

// What a stream of draws is for. Part of every key, so that streams never meet.
enum class Stream : std::uint64_t {
  bin_sample = 1,
  gradient_rounding,
  row_sample,
  features_by_tree,
  features_by_level,
  features_by_node,
  fingerprint,
};

// Key of the stream (seed, purpose, a, b), e.g. a = round, b = output.
RAMET_HD constexpr std::uint64_t stream_key(std::uint64_t seed, Stream purpose, std::uint64_t a = 0,
                                            std::uint64_t b = 0) {
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15u;
  // Mixed before the purpose is added, so that no two seeds share keys under different purposes.
  std::uint64_t key = mix64(mix64(seed + golden) + golden * static_cast<std::uint64_t>(purpose));
  key = mix64(key + golden * (a + 1));
  return mix64(key + golden * (b + 1));
}

// The draw number `counter` of a stream. For a fixed key, a bijection of the counter.
RAMET_HD constexpr std::uint64_t draw64(std::uint64_t key, std::uint64_t counter) {
  return mix64(mix64(counter ^ key) + key);
}

// 32 bits a draw at two 32-bit multiplications, for loops over rows. Finaliser: Appleby, MurmurHash3
// (fmix32).
RAMET_HD constexpr std::uint32_t draw32(std::uint64_t key, std::uint64_t counter) {
  const auto low_key = static_cast<std::uint32_t>(key);
  const auto high_key = static_cast<std::uint32_t>(key >> 32);
  std::uint32_t x = static_cast<std::uint32_t>(counter) ^ low_key;
  x *= 0x9e3779b1u;
  x ^= x >> 15;
  x += high_key ^ (static_cast<std::uint32_t>(counter >> 32) * 0x85ebca77u);
  x ^= x >> 16;
  x *= 0x85ebca6bu;
  x ^= x >> 13;
  x *= 0xc2b2ae35u;
  x ^= x >> 16;
  return x;
}

// Whether row or column number `counter` is in a sample of the given fraction (0 to 1).
RAMET_HD constexpr bool in_sample(std::uint64_t key, std::uint64_t counter, double fraction) {
  return fraction >= 1.0 || static_cast<double>(draw64(key, counter) >> 11) < fraction * 0x1p53;
}

}  // namespace ramet::math
