// Moving the rows of split nodes to their children.
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

namespace ramet::cuda {

// Codes that go left; the contract, rule 3.
struct DeviceRule {
  const std::uint8_t* codes = nullptr;  // of the split's column; row 0 of the device
  std::int32_t width = 1;
  std::uint32_t bin = 0;
  const std::uint32_t* left_categories = nullptr;  // categorical: bit k = code k + 1; null: numeric
  std::uint32_t category_words = 0;
  std::uint8_t missing_left = 0;
};

// One node to split, in device memory. Children lie in target[0, count): the left one's rows from the front,
// the right one's from the back, in any order.
struct PartitionTask {
  const std::uint32_t* source = nullptr;  // row ids of the node; null: rows 0 .. count - 1
  std::uint32_t* target = nullptr;        // the same place in the other buffer
  std::uint32_t count = 0;
  std::uint32_t first_block = 0;  // blocks of the tasks before it: sum of partition_blocks(count)
  DeviceRule rule;
};

// Blocks that a node of `count` rows takes.
std::uint32_t partition_blocks(std::uint32_t count);

// sides[2 * i] and sides[2 * i + 1]: number of rows of task i's left and right child; zeroed by this call.
// `tasks` is on the device; `blocks` is the sum over all tasks. Enqueues.
void partition_rows(const PartitionTask* tasks, std::int32_t count, std::int64_t blocks, std::uint32_t* sides,
                    cudaStream_t stream);

// Writes the ids of the rows r < rows with in_sample(key, first_global + r, fraction) to `ids`, in any order,
// and their number to *count (zeroed by this call). Enqueues.
void sample_rows(std::int64_t rows, std::int64_t first_global, std::uint64_t key, double fraction,
                 std::uint32_t* ids, std::uint32_t* count, cudaStream_t stream);

}  // namespace ramet::cuda
