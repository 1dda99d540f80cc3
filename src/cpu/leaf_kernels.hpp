// The loop over rows behind Newton leaf values, compiled for each SIMD target.
#pragma once

#include <cstdint>
#include <span>

namespace ramet::cpu {

// sums[2 * leaf] += round(g * g_scale), sums[2 * leaf + 1] += round(h * h_scale) (h null: += 1), for the rows
// whose leaf number has no flag of LeafRows::out_of_sample. Rounds to nearest, ties to even. `sums`: two for
// each leaf.
void add_leaf_sums(const std::uint32_t* leaves, const float* g, const float* h, std::int64_t count,
                   double g_scale, double h_scale, std::span<std::int64_t> sums);

// scores[i] += units[leaf of i], flagged or not.
void add_leaf_units(const std::uint32_t* leaves, std::int64_t count, const std::int64_t* units,
                    std::int64_t* scores);

}  // namespace ramet::cpu
