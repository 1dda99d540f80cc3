// Kernels that read numbers wherever they lie: copies side by side, sort keys, and what is missing.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cuda/ingest_view.hpp"

namespace ramet::cuda {

// The sort key of a missing value; above those of all numbers.
inline constexpr std::uint64_t missing_key = ~std::uint64_t{0};

// Bits of presence.
inline constexpr std::uint32_t has_missing_value = 1;
inline constexpr std::uint32_t has_present_value = 2;

// All enqueue. Pointers are to device memory.

// out[c * rows.count + i] = row i of column c; NaN if missing.
void copy_numbers(const ReadableRows& rows, double* out, cudaStream_t stream);
// The same as keys (data/sort_key.hpp); -0 has the key of 0.
void make_sort_keys(const ReadableRows& rows, std::uint64_t* keys, cudaStream_t stream);
// presence[c] |= bits of what column c has.
void find_presence(const ReadableRows& rows, std::uint32_t* presence, cudaStream_t stream);

}  // namespace ramet::cuda
