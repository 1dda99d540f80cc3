// The distinct values of a column's sample: sorted here, merged over ranks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/cuts.hpp"
#include "ramet/communicator.hpp"

namespace ramet::data {

// Sorts and counts `values` (any order; NaN is left out, -0 counts as 0).
DistinctValues count_distinct(std::span<const double> values);
DistinctValues count_distinct(std::span<const float> values);

// The distinct values of two samples together.
DistinctValues merge(const DistinctValues& a, const DistinctValues& b);

// The distinct values of all ranks together, one entry per column, the same on every rank. Every rank passes
// the same number of columns.
std::vector<DistinctValues> merge_over_ranks(Communicator& communicator, std::vector<DistinctValues> mine);

}  // namespace ramet::data
