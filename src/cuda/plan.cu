#include "cuda/launch.cuh"
#include "cuda/plan.hpp"

namespace ramet::cuda {
namespace {

constexpr unsigned warp_lanes = 32;
constexpr unsigned full_warp = 0xffffffffu;

__global__ void plan_roots_kernel(const PlanRoot* roots, std::int32_t count, BuildTask* builds) {
  const auto i = static_cast<std::int32_t>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= count) return;
  const PlanRoot& root = roots[i];
  BuildTask task;
  task.ids = root.ids;
  task.count = root.sampled != nullptr ? *root.sampled : root.rows;
  task.layout = root.layout;
  task.gradients = root.gradients;
  task.histogram = root.histogram;
  builds[i] = task;
}

__global__ void count_left_rows_kernel(const std::uint32_t* sides, std::int32_t count,
                                       std::int64_t* left_rows) {
  const auto i = static_cast<std::int32_t>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) left_rows[i] = sides[2 * i];
}

__global__ void widen_count_kernel(const std::uint32_t* count, std::int64_t* wide) { *wide = *count; }

constexpr std::uint32_t ids_of_block = 4'096;

__global__ void copy_ids_kernel(const CopyTask* tasks, std::int32_t count) {
  std::int32_t low = 0;
  std::int32_t high = count;
  while (high - low > 1) {
    const std::int32_t middle = (low + high) / 2;
    (tasks[middle].first_block <= blockIdx.x ? low : high) = middle;
  }
  const CopyTask task = tasks[low];
  const std::uint32_t begin = (blockIdx.x - task.first_block) * ids_of_block;
  const std::uint32_t end = begin + ids_of_block < task.count ? begin + ids_of_block : task.count;
  for (std::uint32_t i = begin + threadIdx.x; i < end; i += blockDim.x) task.to[i] = task.from[i];
}

__device__ bool goes_left(const PlanSplit& split, std::uint32_t code) {
  if (split.left_categories == nullptr) return code == 0 ? split.missing_left != 0 : code <= split.bin;
  if (code == 0) return false;
  const std::uint32_t word = (code - 1) / 32;
  return word < split.category_words && (split.left_categories[word] >> ((code - 1) % 32) & 1u) != 0;
}

__device__ std::int64_t warp_sum(std::int64_t value) {
  for (unsigned step = warp_lanes / 2; step > 0; step /= 2) {
    value += __shfl_down_sync(full_warp, static_cast<long long>(value), step);
  }
  return value;
}

__device__ BuildTask build_task(const PlanSplit& split, const std::uint32_t* sides, int child,
                                std::int64_t* slot) {
  BuildTask task;
  // The right child's rows end where the parent's did.
  task.count = sides[child];
  task.ids = split.ids + (child == 0 ? 0 : sides[0]);
  task.layout = split.layout;
  task.gradients = split.gradients;
  task.histogram = slot;
  return task;
}

__device__ void write_tasks(const PlanSplit& split, const std::uint32_t* sides, std::int64_t left_rows,
                            BuildTask* builds, SearchTask* searches) {
  if (split.first_build < 0) return;
  const bool both = split.histogram == nullptr;
  const int smaller = left_rows <= split.rows - left_rows ? 0 : 1;
  if (both) {
    for (int child = 0; child < 2; ++child) {
      builds[split.first_build + child] = build_task(split, sides, child, split.slots[child]);
    }
  } else {
    builds[split.first_build] = build_task(split, sides, smaller, split.slots[0]);
  }
  for (int child = 0; child < 2; ++child) {
    SearchTask task;
    task.layout = split.layout;
    task.scale = split.gradients.scale;
    task.allowed = split.allowed[child];
    task.search = split.search;
    if (both) {
      task.histogram = split.slots[child];
    } else if (child == smaller) {
      task.histogram = split.slots[0];
    } else {
      task.histogram = split.histogram;
      task.parent = split.histogram;
      task.sibling = split.slots[0];
    }
    searches[split.first_search + child] = task;
  }
}

// A warp per split.
__global__ void plan_splits_kernel(const PlanSplit* splits, std::int32_t count, const std::uint32_t* sides,
                                   const std::int64_t* left_rows, BuildTask* builds, SearchTask* searches,
                                   DeviceSums* left_sums) {
  const auto i = static_cast<std::int32_t>((blockIdx.x * blockDim.x + threadIdx.x) / warp_lanes);
  if (i >= count) return;
  const unsigned lane = threadIdx.x % warp_lanes;
  const PlanSplit& split = splits[i];
  std::int64_t g = 0;
  std::int64_t h = 0;
  if (split.histogram != nullptr && split.owned) {
    const std::int64_t* cells = split.histogram + split.column.first;
    const std::int64_t plane = split.layout->cells;
    for (auto code = static_cast<std::int32_t>(lane); code < split.column.codes;
         code += static_cast<std::int32_t>(warp_lanes)) {
      if (!goes_left(split, static_cast<std::uint32_t>(code))) continue;
      const std::int64_t cell = std::int64_t{code} * split.column.stride;
      g += cells[cell];
      h += cells[plane + cell];
    }
  }
  g = warp_sum(g);
  h = warp_sum(h);
  if (lane != 0) return;
  DeviceSums sums;
  sums.g = g;
  sums.h = h;
  sums.rows = split.owned ? left_rows[i] : 0;
  left_sums[i] = sums;
  write_tasks(split, sides + 2 * i, left_rows[i], builds, searches);
}

__global__ void sum_hessians_kernel(PlanRoot root, unsigned long long* sum_h) {
  const std::uint32_t rows = root.sampled != nullptr ? *root.sampled : root.rows;
  const bool two_limbs = root.gradients.scale->limbs == 2;
  std::int64_t sum = 0;
  for (std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < rows; i += gridDim.x * blockDim.x) {
    const std::uint32_t row = root.ids != nullptr ? root.ids[i] : i;
    sum += root.gradients.low[row] >> 16;
    if (two_limbs) sum += static_cast<std::int64_t>(root.gradients.high[row] >> 16) << 16;
  }
  sum = warp_sum(sum);
  if (threadIdx.x % warp_lanes == 0) atomicAdd(sum_h, static_cast<unsigned long long>(sum));
}

}  // namespace

void plan_roots(const PlanRoot* roots, std::int32_t count, BuildTask* builds, cudaStream_t stream) {
  launch(plan_roots_kernel, blocks_for(count, 64), 64, 0, stream, roots, count, builds);
}

void widen_count(const std::uint32_t* count, std::int64_t* wide, cudaStream_t stream) {
  launch(widen_count_kernel, 1, 1, 0, stream, count, wide);
}

std::uint32_t copy_blocks(std::uint32_t count) { return (count + ids_of_block - 1) / ids_of_block; }

void copy_ids(const CopyTask* tasks, std::int32_t count, std::uint32_t blocks, cudaStream_t stream) {
  launch(copy_ids_kernel, blocks, block_threads, 0, stream, tasks, count);
}

void count_left_rows(const std::uint32_t* sides, std::int32_t count, std::int64_t* left_rows,
                     cudaStream_t stream) {
  launch(count_left_rows_kernel, blocks_for(count, 64), 64, 0, stream, sides, count, left_rows);
}

void plan_splits(const PlanSplit* splits, std::int32_t count, const std::uint32_t* sides,
                 const std::int64_t* left_rows, BuildTask* builds, SearchTask* searches,
                 DeviceSums* left_sums, cudaStream_t stream) {
  constexpr unsigned threads = 4 * warp_lanes;
  launch(plan_splits_kernel, blocks_for(count, 4), threads, 0, stream, splits, count, sides, left_rows,
         builds, searches, left_sums);
}

void sum_hessians(const PlanRoot& root, std::int64_t* sum_h, cudaStream_t stream) {
  fill_zero(sum_h, 1, stream);
  launch(sum_hessians_kernel, resident_blocks(2), block_threads, 0, stream, root,
         reinterpret_cast<unsigned long long*>(sum_h));
}

}  // namespace ramet::cuda
