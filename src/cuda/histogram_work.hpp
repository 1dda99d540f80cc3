// The launches that a histogram is built by.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cuda/histogram.hpp"

namespace ramet::cuda {

// Where the tasks' work begins in the sequence of all work, one for each task, and its length at the end.
struct WorkStarts {
  std::int64_t* byte_tiles = nullptr;
  std::int64_t* wide_slices = nullptr;
};

// Zeroes the tasks' histograms, and finds out the starts.
void launch_prepare(const BuildTask* tasks, std::int32_t count, WorkStarts starts, cudaStream_t stream);

// Blocks of byte-tile kernels that fill the current device; makes the kernel ready for it.
std::int64_t byte_histogram_blocks(const HistogramShape& shape);
// Adds up the rows of all byte tiles.
void launch_byte_histogram(const HistogramShape& shape, std::int64_t blocks, const BuildTask* tasks,
                           std::int32_t count, const std::int64_t* starts, cudaStream_t stream);

// The same for wide tiles.
std::int64_t wide_histogram_blocks();
void launch_wide_histogram(std::int64_t blocks, const BuildTask* tasks, std::int32_t count,
                           const std::int64_t* starts, cudaStream_t stream);

}  // namespace ramet::cuda
