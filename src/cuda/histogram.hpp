// Building the histograms of any number of nodes, of any of the batch's trees, in one launch.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cuda/histogram_layout.hpp"
#include "cuda/memory.hpp"
#include "cuda/scale.hpp"

namespace ramet::cuda {

// One node to build. Lies in device memory; may be written by a kernel enqueued before.
struct BuildTask {
  const std::uint32_t* ids = nullptr;  // rows of the node; null: rows 0 .. count - 1
  std::uint32_t count = 0;             // below 2^31
  const LayoutView* layout = nullptr;  // on the device
  GradientView gradients;
  std::int64_t* histogram = nullptr;  // planes * cells sums; aligned to 16 bytes
};

// What the kernels need to know of all layouts of the batch.
struct HistogramShape {
  std::int32_t most_codes = 0;  // of byte tiles; 0: there are none
  std::int32_t slots = 32;      // of byte tiles
  bool wide_tiles = false;      // some column has 2-byte codes
};

// Sets the kernels' attributes on the current device and finds their grids. Once a session and device.
class HistogramBuilder {
 public:
  explicit HistogramBuilder(const HistogramShape& shape);

  // Sets the tasks' histograms to the sums of their rows; what was in them is of no matter. `tasks` is on the
  // device, as are the numbers of rows in it. Enqueues: a launch that lays out the work and zeroes what
  // several blocks add to (two for more than 256 tasks), one for byte tiles, one for wide ones (if there are
  // any); that again for every 8,192 tasks. All calls go to one stream.
  void build(const BuildTask* tasks, std::int32_t count, cudaStream_t stream) const;

 private:
  HistogramShape shape_;
  std::int64_t byte_blocks_ = 0;
  std::int64_t wide_blocks_ = 0;
  DeviceArray<std::int64_t> starts_;  // scratch of the launches
};

}  // namespace ramet::cuda
