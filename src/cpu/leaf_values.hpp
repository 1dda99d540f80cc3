// Leaf values of finished trees from the unrounded gradients, or by the objective's own rule (contract, rule
// 5).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/session.hpp"
#include "base/tasks.hpp"
#include "cpu/gradients.hpp"
#include "cpu/leaf_rows.hpp"
#include "cpu/scores.hpp"

namespace ramet::cpu {

// One finished tree on its way to its values.
struct LeafJob {
  const LeafRows* leaf_rows = nullptr;
  const OutputGradients* gradients = nullptr;
  const std::int64_t* scores = nullptr;  // of the tree's output, per row
  int unit_exponent = 0;
  Buffer<std::uint32_t> leaf_of_row;  // filled by the calls below
  std::vector<std::int64_t> units;    // result: each leaf's value times the learning rate, in units
};

// Fills leaf_of_row and units by -G / (H + lambda).
void newton_leaves(std::span<LeafJob> jobs, const backend::SessionInput& input, Tasks& tasks);

// Fills leaf_of_row and units by the weighted lower median of the residuals label - margin.
void median_leaves(std::span<LeafJob> jobs, const backend::SessionInput& input, Tasks& tasks);

}  // namespace ramet::cpu
