#include "data/sorted_values.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "base/buffer.hpp"
#include "base/raw_vector.hpp"
#include "data/sort_key.hpp"

namespace ramet::data {
namespace {

// Least significant digit first; digits that all keys share are skipped.
template <class Key>
void radix_sort(RawVector<Key>& keys) {
  constexpr int digit_bits = 11;
  constexpr std::size_t digit_values = std::size_t{1} << digit_bits;
  constexpr int digits = (std::numeric_limits<Key>::digits + digit_bits - 1) / digit_bits;
  if (keys.size() < 512) {
    std::sort(keys.begin(), keys.end());
    return;
  }
  const auto digit = [](Key key, int d) {
    return static_cast<std::size_t>(key >> (d * digit_bits)) & (digit_values - 1);
  };
  std::vector<std::size_t> starts(digits * digit_values, 0);
  for (const Key key : keys) {
    for (int d = 0; d < digits; ++d) ++starts[static_cast<std::size_t>(d) * digit_values + digit(key, d)];
  }
  RawVector<Key> moved(keys.size());
  for (int d = 0; d < digits; ++d) {
    const std::span<std::size_t> start(starts.data() + static_cast<std::size_t>(d) * digit_values,
                                       digit_values);
    if (start[digit(keys.front(), d)] == keys.size()) continue;
    std::size_t next = 0;
    for (std::size_t& s : start) next += std::exchange(s, next);
    for (const Key key : keys) moved[start[digit(key, d)]++] = key;
    keys.swap(moved);
  }
}

// `keys` of values that are neither NaN nor zero; `zeros`: how many others are zero.
template <class Value, class Key>
DistinctValues count_keys(RawVector<Key>& keys, std::int64_t zeros) {
  radix_sort(keys);
  DistinctValues distinct;
  for (std::size_t i = 0; i < keys.size();) {
    std::size_t end = i + 1;
    while (end < keys.size() && keys[end] == keys[i]) ++end;
    distinct.values.push_back(static_cast<double>(value_of<Value>(keys[i])));
    distinct.counts.push_back(static_cast<std::int64_t>(end - i));
    i = end;
  }
  if (zeros > 0) {
    const auto place = std::lower_bound(distinct.values.begin(), distinct.values.end(), 0.0);
    distinct.counts.insert(distinct.counts.begin() + (place - distinct.values.begin()), zeros);
    distinct.values.insert(place, 0.0);
  }
  return distinct;
}

// Zeros are often most of the values, and slow to sort for that: whole blocks of them are passed over.
template <class Value, class Key>
DistinctValues count_as(std::span<const Value> values) {
  constexpr std::size_t block = 64 / sizeof(Value);
  RawVector<Key> keys(values.size());
  std::size_t kept = 0;
  std::size_t zeros = 0;
  const auto take = [&](Value value) {
    keys[kept] = key_of<Key>(value);
    kept += value != 0 && value == value ? 1 : 0;
    zeros += value == 0 ? 1 : 0;
  };
  std::size_t i = 0;
  for (; i + block <= values.size(); i += block) {
    Key bits = 0;  // but for signs
    for (std::size_t k = 0; k < block; ++k)
      bits |= static_cast<Key>(__builtin_bit_cast(Key, values[i + k]) << 1);
    if (bits == 0) {
      zeros += block;
    } else {
      for (std::size_t k = 0; k < block; ++k) take(values[i + k]);
    }
  }
  for (; i < values.size(); ++i) take(values[i]);
  keys.resize(kept);
  return count_keys<Value>(keys, static_cast<std::int64_t>(zeros));
}

bool all_floats(std::span<const double> values) {
  bool floats = true;
  for (const double value : values)
    floats &= static_cast<double>(static_cast<float>(value)) == value || value != value;
  return floats;
}

template <class T>
void append(std::vector<std::byte>& bytes, std::span<const T> values) {
  const auto raw = std::as_bytes(values);
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

template <class T>
std::vector<T> take(std::span<const std::byte>& bytes, std::size_t count) {
  std::vector<T> values(count);
  if (count > 0) std::memcpy(values.data(), bytes.data(), count * sizeof(T));
  bytes = bytes.subspan(count * sizeof(T));
  return values;
}

}  // namespace

DistinctValues count_distinct(std::span<const float> values) {
  return count_as<float, std::uint32_t>(values);
}

DistinctValues count_distinct(std::span<const double> values) {
  if (!all_floats(values)) return count_as<double, std::uint64_t>(values);
  Buffer<float> floats(values.size());
  std::transform(values.begin(), values.end(), floats.data(),
                 [](double value) { return static_cast<float>(value); });
  return count_distinct(floats.span());
}

DistinctValues merge(const DistinctValues& a, const DistinctValues& b) {
  DistinctValues both;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.values.size() || j < b.values.size()) {
    const bool from_a = j == b.values.size() || (i < a.values.size() && a.values[i] <= b.values[j]);
    const bool from_b = i == a.values.size() || (j < b.values.size() && b.values[j] <= a.values[i]);
    both.values.push_back(from_a ? a.values[i] : b.values[j]);
    both.counts.push_back((from_a ? a.counts[i] : 0) + (from_b ? b.counts[j] : 0));
    i += from_a ? 1 : 0;
    j += from_b ? 1 : 0;
  }
  return both;
}

std::vector<DistinctValues> merge_over_ranks(Communicator& communicator, std::vector<DistinctValues> mine) {
  if (communicator.size() == 1) return mine;
  std::vector<std::byte> bytes;
  for (const DistinctValues& column : mine) {
    const std::uint64_t size = column.values.size();
    append(bytes, std::span(&size, 1));
    append<double>(bytes, column.values);
    append<std::int64_t>(bytes, column.counts);
  }
  const std::vector<std::byte> gathered = communicator.all_gather(bytes);
  std::span<const std::byte> rest(gathered);
  std::vector<DistinctValues> all(mine.size());
  for (int r = 0; r < communicator.size(); ++r) {
    for (DistinctValues& column : all) {
      const std::size_t size = take<std::uint64_t>(rest, 1)[0];
      DistinctValues theirs;
      theirs.values = take<double>(rest, size);
      theirs.counts = take<std::int64_t>(rest, size);
      column = merge(column, theirs);
    }
  }
  return all;
}

}  // namespace ramet::data
