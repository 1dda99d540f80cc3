// Fingerprints of numbers, many at a time. SIMD; the sum does not depend on the target.
#pragma once

#include <cstdint>

namespace ramet::data {

// The sum over i < count of cell_hash(row_keys[i], column_key, value_bits(values[i])), modulo 2^64.
std::uint64_t hash_numbers(const float* values, const std::uint64_t* row_keys, std::int64_t count,
                           std::uint64_t column_key);
std::uint64_t hash_numbers(const double* values, const std::uint64_t* row_keys, std::int64_t count,
                           std::uint64_t column_key);

}  // namespace ramet::data
