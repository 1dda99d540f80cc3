// What can be told of a training before it begins.
#pragma once

#include <algorithm>
#include <cstdint>

#include "backend/session.hpp"

namespace ramet::backend {

// Leaves of a lossguide tree that nothing else limits.
inline constexpr std::int32_t lossguide_leaves = 31;

// The most leaves that a tree on so many rows can get; at least 1.
inline std::int64_t most_leaves(const TrainParams& params, std::int64_t rows) {
  std::int64_t leaves = std::max<std::int64_t>(1, rows);
  const bool unlimited = params.max_depth == 0 && params.max_leaves == 0;
  if (unlimited && params.grow_policy == "lossguide")
    leaves = std::min<std::int64_t>(leaves, lossguide_leaves);
  if (params.max_leaves > 0) leaves = std::min<std::int64_t>(leaves, params.max_leaves);
  if (params.max_depth > 0 && params.max_depth < 31)
    leaves = std::min(leaves, std::int64_t{1} << params.max_depth);
  return leaves;
}

// Every hessian is 1 (contract, rule 2).
inline bool constant_hessian(const SessionInput& input) {
  return objective::traits(input.objective).unit_hessian && !input.train->weighted;
}

}  // namespace ramet::backend
