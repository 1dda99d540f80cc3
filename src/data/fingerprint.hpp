// The fingerprint of a data set: a wrapping sum of one hash per (global row, column, value), so that it
// depends neither on order nor on how the values are stored or sharded (numbers contract, rule 11).
#pragma once

#include <cstdint>
#include <string_view>

#include "math/host_device.hpp"
#include "math/random.hpp"

namespace ramet::data {

// What a cell contributes as its value: the bits of the double (-0 as 0), of a category the hash of its
// bytes.
inline constexpr std::uint64_t missing_bits = 0x7ff8'0000'0000'0000u;

RAMET_HD constexpr std::uint64_t value_bits(double value) {
  return value == value ? __builtin_bit_cast(std::uint64_t, value + 0.0) : missing_bits;
}
std::uint64_t category_bits(std::string_view category);

// Features have columns 0, 1, ... of the schema; what comes with them has columns of its own.
inline constexpr std::int64_t label_column = -1;
inline constexpr std::int64_t weight_column = -2;
inline constexpr std::int64_t group_column = -3;
inline constexpr std::int64_t first_margin_column = -4;  // base margin k: first_margin_column - k

RAMET_HD constexpr std::uint64_t fingerprint_row_key(std::int64_t global_row) {
  return math::draw64(math::stream_key(0, math::Stream::fingerprint), static_cast<std::uint64_t>(global_row));
}
RAMET_HD constexpr std::uint64_t fingerprint_column_key(std::int64_t column) {
  return math::draw64(math::stream_key(0, math::Stream::fingerprint, 1), static_cast<std::uint64_t>(column));
}
RAMET_HD constexpr std::uint64_t cell_hash(std::uint64_t row_key, std::uint64_t column_key,
                                           std::uint64_t bits) {
  return math::mix64((bits + column_key) ^ row_key);
}

}  // namespace ramet::data
