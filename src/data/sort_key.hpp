// Integers in the order of the numbers they stand for, for radix sorts.
#pragma once

#include <cstdint>

#include "math/host_device.hpp"

namespace ramet::data {

// Key: unsigned, as wide as Value. For no NaN; -0 comes right before 0.
template <class Key, class Value>
RAMET_HD constexpr Key key_of(Value value) {
  static_assert(sizeof(Key) == sizeof(Value));
  constexpr int sign = 8 * sizeof(Key) - 1;
  const auto bits = __builtin_bit_cast(Key, value);
  return bits >> sign != 0 ? static_cast<Key>(~bits) : static_cast<Key>(bits | Key{1} << sign);
}
template <class Value, class Key>
RAMET_HD constexpr Value value_of(Key key) {
  static_assert(sizeof(Key) == sizeof(Value));
  constexpr int sign = 8 * sizeof(Key) - 1;
  return __builtin_bit_cast(
      Value, key >> sign != 0 ? static_cast<Key>(key ^ Key{1} << sign) : static_cast<Key>(~key));
}

}  // namespace ramet::data
