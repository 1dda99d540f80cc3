// cub::DeviceRadixSort: stable sorts by some bits of the keys.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <type_traits>
#include <vector>

#include "emulation/library.hpp"

namespace emulation {

// Keys as unsigned integers whose order is that of the keys; both zeros of a floating point type are equal.
template <class Key>
auto radix_bits(Key key) {
  using Bits = std::conditional_t<
      sizeof(Key) == 1, std::uint8_t,
      std::conditional_t<sizeof(Key) == 2, std::uint16_t,
                         std::conditional_t<sizeof(Key) == 4, std::uint32_t, std::uint64_t>>>;
  constexpr Bits top = static_cast<Bits>(Bits{1} << (8 * sizeof(Key) - 1));
  if constexpr (std::is_floating_point_v<Key>) {
    const Bits bits = std::bit_cast<Bits>(key == Key{0} ? Key{0} : key);
    return static_cast<Bits>((bits & top) != 0 ? ~bits : bits | top);
  } else if constexpr (std::is_signed_v<Key>) {
    return static_cast<Bits>(static_cast<Bits>(key) ^ top);
  } else {
    return static_cast<Bits>(key);
  }
}

// The order of keys [first, last) by their bits begin_bit .. end_bit - 1.
template <class Key>
std::vector<std::size_t> radix_order(const Key* keys, std::size_t first, std::size_t last, int begin_bit,
                                     int end_bit, bool descending) {
  const auto digits = [&](std::size_t i) {
    const auto bits = static_cast<std::uint64_t>(radix_bits(keys[i])) >> begin_bit;
    const int width = end_bit - begin_bit;
    return width >= 64 ? bits : bits & ((std::uint64_t{1} << width) - 1);
  };
  std::vector<std::size_t> order(last - first);
  std::iota(order.begin(), order.end(), first);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return descending ? digits(a) > digits(b) : digits(a) < digits(b);
  });
  return order;
}

template <class T>
void gather(const T* from, T* to, const std::vector<std::size_t>& order, std::size_t first) {
  std::vector<T> moved;
  moved.reserve(order.size());
  for (const std::size_t i : order) {
    moved.push_back(from[i]);
  }
  std::copy(moved.begin(), moved.end(), to + first);
}

struct NoValue {};

template <class Key, class Value>
struct RadixSort {
  const char* name;
  const Key* keys_in;
  Key* keys_out;
  const Value* values_in;
  Value* values_out;
  std::size_t count;
  int begin_bit;
  int end_bit;
  bool descending;
  static constexpr bool pairs = !std::is_same_v<Value, NoValue>;

  void check() const {
    check_items(name, "keys in", keys_in, count);
    check_items(name, "keys out", keys_out, count);
    check_disjoint(name, keys_in, count * sizeof(Key), keys_out, count * sizeof(Key));
    if constexpr (pairs) {
      check_items(name, "values in", values_in, count);
      check_items(name, "values out", values_out, count);
      check_disjoint(name, values_in, count * sizeof(Value), values_out, count * sizeof(Value));
    }
  }

  void sort(std::size_t first, std::size_t last) const {
    const auto order = radix_order(keys_in, first, last, begin_bit, end_bit, descending);
    gather(keys_in, keys_out, order, first);
    if constexpr (pairs) {
      gather(values_in, values_out, order, first);
    }
  }

  // As much as sorting without a second buffer of the caller's takes.
  std::size_t storage() const { return 2048 + count * (sizeof(Key) + (pairs ? sizeof(Value) : 0)); }

  cudaError_t run(void* temporary, std::size_t& bytes, cudaStream_t stream) const {
    return two_phases(name, temporary, bytes, storage(), stream, [self = *this] {
      self.check();
      self.sort(0, self.count);
    });
  }
};

}  // namespace emulation

namespace cub {

// Two buffers, of which `selector` says which one holds the data.
template <class T>
struct DoubleBuffer {
  T* d_buffers[2] = {nullptr, nullptr};
  int selector = 0;

  DoubleBuffer() = default;
  DoubleBuffer(T* current, T* alternate) : d_buffers{current, alternate} {}
  T* Current() { return d_buffers[selector]; }
  T* Alternate() { return d_buffers[selector ^ 1]; }
};

struct DeviceRadixSort {
  template <class Key, class Count>
  static cudaError_t SortKeys(void* temporary, std::size_t& bytes, const Key* keys_in, Key* keys_out,
                              Count count, int begin_bit = 0, int end_bit = sizeof(Key) * 8,
                              cudaStream_t stream = nullptr) {
    return keys("cub::DeviceRadixSort::SortKeys", keys_in, keys_out, count, begin_bit, end_bit, false)
        .run(temporary, bytes, stream);
  }
  template <class Key, class Count>
  static cudaError_t SortKeysDescending(void* temporary, std::size_t& bytes, const Key* keys_in,
                                        Key* keys_out, Count count, int begin_bit = 0,
                                        int end_bit = sizeof(Key) * 8, cudaStream_t stream = nullptr) {
    return keys("cub::DeviceRadixSort::SortKeysDescending", keys_in, keys_out, count, begin_bit, end_bit,
                true)
        .run(temporary, bytes, stream);
  }
  template <class Key, class Value, class Count>
  static cudaError_t SortPairs(void* temporary, std::size_t& bytes, const Key* keys_in, Key* keys_out,
                               const Value* values_in, Value* values_out, Count count, int begin_bit = 0,
                               int end_bit = sizeof(Key) * 8, cudaStream_t stream = nullptr) {
    return pairs("cub::DeviceRadixSort::SortPairs", keys_in, keys_out, values_in, values_out, count,
                 begin_bit, end_bit, false)
        .run(temporary, bytes, stream);
  }
  template <class Key, class Value, class Count>
  static cudaError_t SortPairsDescending(void* temporary, std::size_t& bytes, const Key* keys_in,
                                         Key* keys_out, const Value* values_in, Value* values_out,
                                         Count count, int begin_bit = 0, int end_bit = sizeof(Key) * 8,
                                         cudaStream_t stream = nullptr) {
    return pairs("cub::DeviceRadixSort::SortPairsDescending", keys_in, keys_out, values_in, values_out, count,
                 begin_bit, end_bit, true)
        .run(temporary, bytes, stream);
  }
  template <class Key, class Count>
  static cudaError_t SortKeys(void* temporary, std::size_t& bytes, DoubleBuffer<Key>& keys, Count count,
                              int begin_bit = 0, int end_bit = sizeof(Key) * 8,
                              cudaStream_t stream = nullptr) {
    const cudaError_t error =
        SortKeys(temporary, bytes, keys.Current(), keys.Alternate(), count, begin_bit, end_bit, stream);
    keys.selector ^= temporary != nullptr && error == cudaSuccess ? 1 : 0;
    return error;
  }
  template <class Key, class Value, class Count>
  static cudaError_t SortPairs(void* temporary, std::size_t& bytes, DoubleBuffer<Key>& keys,
                               DoubleBuffer<Value>& values, Count count, int begin_bit = 0,
                               int end_bit = sizeof(Key) * 8, cudaStream_t stream = nullptr) {
    const cudaError_t error = SortPairs(temporary, bytes, keys.Current(), keys.Alternate(), values.Current(),
                                        values.Alternate(), count, begin_bit, end_bit, stream);
    flip(temporary, error, keys, values);
    return error;
  }
  template <class Key, class Value, class Count>
  static cudaError_t SortPairsDescending(void* temporary, std::size_t& bytes, DoubleBuffer<Key>& keys,
                                         DoubleBuffer<Value>& values, Count count, int begin_bit = 0,
                                         int end_bit = sizeof(Key) * 8, cudaStream_t stream = nullptr) {
    const cudaError_t error =
        SortPairsDescending(temporary, bytes, keys.Current(), keys.Alternate(), values.Current(),
                            values.Alternate(), count, begin_bit, end_bit, stream);
    flip(temporary, error, keys, values);
    return error;
  }

 private:
  template <class Key, class Count>
  static auto keys(const char* name, const Key* keys_in, Key* keys_out, Count count, int begin_bit,
                   int end_bit, bool descending) {
    const emulation::NoValue* const no_values_in = nullptr;
    emulation::NoValue* const no_values_out = nullptr;
    return pairs(name, keys_in, keys_out, no_values_in, no_values_out, count, begin_bit, end_bit, descending);
  }
  template <class Key, class Value, class Count>
  static emulation::RadixSort<Key, Value> pairs(const char* name, const Key* keys_in, Key* keys_out,
                                                const Value* values_in, Value* values_out, Count count,
                                                int begin_bit, int end_bit, bool descending) {
    return {name,      keys_in, keys_out,  values_in, values_out, static_cast<std::size_t>(count),
            begin_bit, end_bit, descending};
  }
  template <class Key, class Value>
  static void flip(const void* temporary, cudaError_t error, DoubleBuffer<Key>& keys,
                   DoubleBuffer<Value>& values) {
    const int by = temporary != nullptr && error == cudaSuccess ? 1 : 0;
    keys.selector ^= by;
    values.selector ^= by;
  }
};

}  // namespace cub
