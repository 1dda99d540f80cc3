// A vector that does not fill what it grows by: for values that are all written next, by many threads. Where
// the size is known from the start, base/buffer.hpp does.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace ramet {

// std::allocator, but construction without arguments leaves the value as it is in memory.
template <class T>
requires std::is_trivially_default_constructible_v<T>
struct RawAllocator : std::allocator<T> {
  using std::allocator<T>::allocator;
  template <class U>
  struct rebind {
    using other = RawAllocator<U>;
  };
  template <class U>
  void construct(U* p) noexcept {
    ::new (static_cast<void*>(p)) U;
  }
  template <class U, class... Args>
  void construct(U* p, Args&&... args) {
    std::construct_at(p, std::forward<Args>(args)...);
  }
};

template <class T>
using RawVector = std::vector<T, RawAllocator<T>>;

}  // namespace ramet
