// The values of a finished tree's leaves.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/session.hpp"
#include "naive/gradients.hpp"
#include "naive/rows.hpp"

namespace ramet::naive {

// Collective. `leaf_of_row`: for each row of this rank its leaf, or -1 if the row is not in the tree's
// sample.
backend::TreeValues tree_values(const backend::SessionInput& input, const backend::FinishedTree& tree,
                                std::int32_t output, const std::vector<std::int32_t>& leaf_of_row,
                                const BinnedRows& rows, Scores& scores, const OutputGradients& gradients);

}  // namespace ramet::naive
