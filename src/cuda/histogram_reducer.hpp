// Adding up histograms over devices, some of them while others are still being built.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/device_comm.hpp"
#include "cuda/event.hpp"
#include "cuda/stream.hpp"

namespace ramet::cuda {

struct BuiltHistogram {
  std::int64_t* values = nullptr;
  std::int64_t part_size = 0;  // int64 values of each of its parts
};

// Histograms are built in pieces, one after another, on the caller's stream; as soon as one is built, it is
// added up on a stream of its own. For each piece: built, then, when all are enqueued, reduce and wait.
class HistogramReducer {
 public:
  // `parts`: 1: every device gets all sums; or as many as there are devices: each gets its own part's.
  // `slot_size`: int64 values from a histogram to its neighbour. `comm` must outlive this.
  HistogramReducer(DeviceComm& comm, std::int32_t parts, std::int64_t slot_size);

  // Into how many pieces so many histograms are best divided, at most `most_pieces`.
  std::int32_t pieces(std::size_t histograms) const;

  // What builds the piece is enqueued on `stream`.
  void built(std::int32_t piece, cudaStream_t stream);
  void reduce(std::int32_t piece, std::span<const BuiltHistogram> histograms);
  // What is enqueued on `stream` from now on sees the piece's sums.
  void wait(std::int32_t piece, cudaStream_t stream);

  static constexpr std::int32_t most_pieces = 4;

 private:
  void reduce_all(std::span<const BuiltHistogram> histograms);
  void reduce_parts(std::span<const BuiltHistogram> histograms);

  DeviceComm& comm_;
  std::int32_t parts_;
  std::int64_t slot_size_;
  Stream stream_;
  Event built_[most_pieces];
  Event reduced_[most_pieces];
};

}  // namespace ramet::cuda
