// The launches that histograms are built by.
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

// Blocks of the kernels, which say how the sequences are cut; 0: there is no such kernel.
struct WorkBlocks {
  std::int64_t byte_tiles = 0;
  std::int64_t wide_slices = 0;
};

// Finds the starts, and zeroes what blocks add to. Two launches if there are many tasks, else one.
void launch_prepare(const BuildTask* tasks, std::int32_t count, WorkStarts starts, WorkBlocks blocks,
                    cudaStream_t stream);

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
