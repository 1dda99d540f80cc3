// How much of a device's memory growing takes: decided once, when a session opens.
#pragma once

#include <cstdint>

#include "backend/session.hpp"
#include "cuda/search.hpp"

namespace ramet::cuda {

struct GrowerPlan {
  std::int32_t trees = 1;        // of a batch
  std::int64_t leaves = 1;       // of a batch, at most
  std::int32_t slots = 0;        // histograms kept at once
  std::int64_t slot_size = 0;    // int64 values of a histogram
  std::int32_t columns = 0;      // most columns of a tree
  bool shared_columns = true;    // all trees have the same
  std::int32_t chunk_nodes = 0;  // nodes that are searched in one call
  std::int32_t parts = 1;        // of a histogram: 1, or one for each device, which alone searches it
  SearchLimits search;
};

// For `budget` bytes. Throws Error{out_of_memory} that says what is needed, and what lowers it, if not even
// one tree fits. `counted`: histograms have a third plane. `members`: devices of all ranks. `rows`: of the
// device.
GrowerPlan plan_grower(const backend::SessionInput& input, std::int64_t rows, bool counted,
                       std::int32_t members, std::int64_t budget);

// Bytes that growing takes by the plan.
std::int64_t grower_bytes(const backend::SessionInput& input, std::int64_t rows, const GrowerPlan& plan);

// The plan with the least memory that works, and the one that a device with any amount of it gets.
GrowerPlan least_plan(const backend::SessionInput& input, bool counted, std::int32_t members);
GrowerPlan most_plan(const backend::SessionInput& input, bool counted, std::int32_t members);

// Histograms need a plane that counts rows.
bool counts_rows(const backend::SessionInput& input);

}  // namespace ramet::cuda
