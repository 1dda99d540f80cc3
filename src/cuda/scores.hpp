// Adding finished trees to the scores of a set's rows.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cuda/columns.hpp"
#include "cuda/histogram_layout.hpp"

namespace ramet::cuda {

// A node of a finished tree, on the device. Codes are those of the set that is routed.
struct RouteNode {
  std::int32_t column = -1;  // of DeviceColumns; -1: a leaf
  std::uint32_t bin = 0;
  std::int32_t left = 0;  // node numbers within the tree
  std::int32_t right = 0;
  std::int32_t first_word = -1;  // categorical: of the tree's words; bit k = code k + 1 goes left
  std::uint32_t words = 0;
  std::int32_t missing_left = 0;
  std::int32_t leaf = -1;  // leaves: index into `steps`
};

// One finished tree, on the device.
struct RouteTree {
  const RouteNode* nodes = nullptr;
  const std::uint32_t* words = nullptr;
  std::int32_t node_count = 0;
  std::int32_t output = 0;
  const std::int64_t* steps = nullptr;  // per leaf: what it adds to a score, in units
};

// A set's rows. `packed` (may be null): all of the set's columns in one group, `packed_bytes` = 8, 16 or 32
// bytes a row, aligned to 16; the slot of a column in slot_of_column, on the device: then a row is read at
// once.
struct RouteRows {
  const DeviceColumn* columns = nullptr;  // on the device
  std::int64_t rows = 0;
  const std::uint8_t* packed = nullptr;
  std::int32_t packed_bytes = 0;
  const std::int32_t* slot_of_column = nullptr;
};

// scores[output * rows + r] += step of r's leaf, for each tree in turn. `trees` is on the device. Fastest
// where trees of one output follow each other. Enqueues.
void add_trees(const RouteTree* trees, std::int32_t count, const RouteRows& rows, std::int64_t* scores,
               cudaStream_t stream);

// steps[l] and values[l] of each tree's leaves from their units: shifts[t] = leaf_shift(largest |units| of
// tree t), values = leaf_to_int(units, shift), steps = values * 2^shift. Tree t has leaves [first_leaf[t],
// first_leaf[t + 1]). Units of INT64_MIN (see LeafValues) count as 0. All on the device. Enqueues.
void leaf_steps(const std::int64_t* units, const std::int32_t* first_leaf, std::int32_t trees,
                std::int32_t* shifts, std::int32_t* values, std::int64_t* steps, cudaStream_t stream);

}  // namespace ramet::cuda
