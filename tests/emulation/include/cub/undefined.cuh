// A value that nobody may rely on.
#pragma once

#include <cstring>
#include <type_traits>

namespace cub {

template <class T>
T undefined() {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memset(static_cast<void*>(&value), 0xcb, sizeof value);
  return value;
}

}  // namespace cub
