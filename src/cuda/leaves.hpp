// Leaf values of finished trees (contract, rule 5).
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cuda/device_comm.hpp"
#include "cuda/memory.hpp"
#include "cuda/scale.hpp"
#include "math/gain.hpp"
#include "math/host_device.hpp"

namespace ramet::cuda {

// A leaf's sampled rows, in device memory. Leaves of a tree are consecutive.
struct LeafTask {
  const std::uint32_t* ids = nullptr;  // null: rows 0 .. count - 1
  std::uint32_t count = 0;
  std::int32_t output = 0;
  std::uint32_t first_block = 0;  // sum of leaf_blocks(count) over the leaves before
};

// Blocks that a leaf of `count` rows takes: one for each leaf_block_rows of them.
inline constexpr std::uint32_t leaf_block_rows = 2'048;
RAMET_HD constexpr std::uint32_t leaf_blocks(std::uint32_t count) {
  return count / leaf_block_rows + (count % leaf_block_rows != 0 ? 1 : 0);
}

// What is the same for all leaves.
struct LeafSettings {
  math::Regularisation regularisation;
  double eta = 0.3;
  std::int64_t total_rows = 0;  // of all ranks
  bool constant_hessian = false;
};

// One output's numbers, in device memory.
struct LeafOutput {
  GradientView gradients;
  const std::int64_t* scores = nullptr;  // before the trees' own leaves are added
  std::int32_t unit_exponent = 40;
};

// One leaf's search for its median, on the device: residuals count from `least`, and of their bytes the
// leading ones are known.
struct LeafMedian {
  std::int64_t least;
  std::uint64_t span;    // largest residual - least
  std::uint64_t prefix;  // the known bytes
  std::int64_t before;   // weight of the residuals below the prefix
  std::int64_t total;    // weight of the leaf
};

class LeafValues {
 public:
  // At most `most_leaves` a call. `median_rows`: rows that a call of weighted_median may have, over all of
  // its leaves; more are allocated for when they come.
  LeafValues(const LeafSettings& settings, std::int32_t most_leaves, std::int64_t median_rows = 0);

  // units[l]: what leaf l adds to a margin, in units of 2^-unit_exponent of its output. Adds up over all
  // members of `comm`. All arrays are on the device; `blocks` is the sum over the leaves. Enqueues. Values of
  // 2^62 units and more: units[l] is INT64_MIN (the caller's error).
  void newton(const LeafTask* leaves, std::int32_t count, std::int64_t blocks, const LeafOutput* outputs,
              DeviceComm& comm, std::int64_t* units, cudaStream_t stream);

  // The weighted median of the residuals. labels: of the device's rows; weights: null = all 1.
  // `largest_weight` is that of all ranks' rows. As newton otherwise; allocates where there are more rows
  // than were announced.
  void weighted_median(const LeafTask* leaves, std::int32_t count, std::int64_t blocks,
                       const LeafOutput* outputs, const double* labels, const double* weights,
                       double largest_weight, DeviceComm& comm, std::int64_t* units, cudaStream_t stream);

  // Device memory; `median_rows` as in the constructor.
  static std::int64_t bytes(std::int32_t most_leaves, std::int64_t median_rows = 0);

 private:
  void reserve_median(std::int64_t blocks);

  LeafSettings settings_;
  std::int32_t most_leaves_ = 0;
  DeviceArray<std::int64_t> sums_;  // newton: two a leaf; median: the total weight of each
  // Medians only.
  DeviceArray<std::int64_t> ranges_;    // two a leaf: the largest residual, and the largest ~residual
  DeviceArray<std::int64_t> counters_;  // 256 a leaf: weight by the next byte of the residual
  DeviceArray<LeafMedian> medians_;
  DeviceArray<std::int64_t> residuals_;  // leaf_block_rows a block
  DeviceArray<std::uint32_t> weights_;   // as integers
};

}  // namespace ramet::cuda
