// Small kernels between the large ones: what the host does not know yet (how many rows went where) is turned
// into the next step's work on the device, so that the host need not wait for it.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cuda/histogram.hpp"
#include "cuda/search.hpp"

namespace ramet::cuda {

// Where a column's cells lie in a histogram.
struct ColumnCells {
  std::int64_t first = 0;   // of code 0
  std::int32_t stride = 1;  // from code to code
  std::int32_t codes = 0;
};

// One tree's root.
struct PlanRoot {
  const std::uint32_t* ids = nullptr;      // the sampled rows; null: all
  const std::uint32_t* sampled = nullptr;  // their number, on the device; null: `rows`
  std::uint32_t rows = 0;
  const LayoutView* layout = nullptr;
  GradientView gradients;
  std::int64_t* histogram = nullptr;
};

// Writes builds[i] for root i. Enqueues.
void plan_roots(const PlanRoot* roots, std::int32_t count, BuildTask* builds, cudaStream_t stream);

// *wide = *count: what is added up over devices. Enqueues.
void widen_count(const std::uint32_t* count, std::int64_t* wide, cudaStream_t stream);

// Row ids to copy.
struct CopyTask {
  const std::uint32_t* from = nullptr;
  std::uint32_t* to = nullptr;
  std::uint32_t count = 0;
  std::uint32_t first_block = 0;  // sum of copy_blocks(count) over the tasks before
};
std::uint32_t copy_blocks(std::uint32_t count);

// `tasks` is on the device; `blocks` is the sum over all tasks. Enqueues.
void copy_ids(const CopyTask* tasks, std::int32_t count, std::uint32_t blocks, cudaStream_t stream);

// One split whose rows have been moved.
struct PlanSplit {
  const std::uint32_t* ids = nullptr;  // the children's rows: left from the front, right from the back
  std::uint32_t count = 0;             // of this device
  std::int64_t rows = 0;               // of all devices
  std::int64_t* histogram = nullptr;   // the parent's; null: it is not kept, and both children are built
  std::int64_t* slots[2] = {};         // new: for the smaller child, or for both
  std::int32_t first_build = -1;       // of builds: one, or two; -1: the children are not searched
  std::int32_t first_search = -1;      // of searches: two; -1: none
  std::int32_t search = 1;             // 0: only the children's sums are wanted
  const LayoutView* layout = nullptr;
  GradientView gradients;
  const std::uint32_t* allowed[2] = {};  // columns that the children may use
  // The rule, for the left child's sums from the parent's histogram.
  ColumnCells column;
  bool owned = true;  // this device has the column's sums; otherwise the left child's are zero
  std::uint32_t bin = 0;
  std::uint32_t missing_left = 0;
  const std::uint32_t* left_categories = nullptr;  // categorical: bit k = code k + 1; null: numeric
  std::uint32_t category_words = 0;
};

// left_rows[i] = sides[2 * i]: what is added up over devices before plan_splits. Enqueues.
void count_left_rows(const std::uint32_t* sides, std::int32_t count, std::int64_t* left_rows,
                     cudaStream_t stream);

// Writes builds and searches of the splits, and left_sums[i] (g and h of the left child; zero where the
// parent's histogram is not kept, or another device's to search). The child with fewer rows over all devices
// is built, of equal ones the left. Enqueues.
void plan_splits(const PlanSplit* splits, std::int32_t count, const std::uint32_t* sides,
                 const std::int64_t* left_rows, BuildTask* builds, SearchTask* searches,
                 DeviceSums* left_sums, cudaStream_t stream);

// *sum_h = sum of the quantised hessians of `rows` rows (by id where ids is not null; their number is
// *sampled where that is not null). Enqueues.
void sum_hessians(const PlanRoot& root, std::int64_t* sum_h, cudaStream_t stream);

}  // namespace ramet::cuda
