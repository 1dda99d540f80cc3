// Gradients of one round and their integers, row by row.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/session.hpp"
#include "math/quantise.hpp"
#include "naive/rows.hpp"

namespace ramet::naive {

// One output's; one entry per row of the rank.
struct OutputGradients {
  std::vector<float> g;
  std::vector<float> h;
  std::vector<std::int64_t> quantised_g;
  std::vector<std::int64_t> quantised_h;
  math::GradientScale scale;
  double largest_g = 0;  // over all ranks
  double largest_h = 0;
};

// Collective. Throws Error{invalid_data} that names round and row if a value cannot be used.
std::vector<OutputGradients> compute_gradients(const backend::SessionInput& input, const BinnedRows& rows,
                                               Scores& scores, int round);

}  // namespace ramet::naive
