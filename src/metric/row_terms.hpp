// The loops over rows of row metrics, compiled for each SIMD target.
#pragma once

#include <cstdint>

#include "metric/evaluate.hpp"

namespace ramet::metric {

inline constexpr std::int64_t term_block_rows = 1024;

// terms[i] = term of row begin + i, for 0 <= i < count <= term_block_rows. Labels must be valid.
// `scratch`: set.outputs doubles. Does nothing for metrics that are not of single rows.
void row_terms(const Metric& metric, const ScoredSet& set, std::int64_t begin, std::int64_t count,
               double* scratch, double* terms);

}  // namespace ramet::metric
