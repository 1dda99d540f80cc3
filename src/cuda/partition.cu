#include <cstdint>

#include "cuda/launch.cuh"
#include "cuda/memory.hpp"
#include "cuda/partition.hpp"
#include "math/random.hpp"

// A block moves 2,048 rows. The order of rows in a node is of no matter, since all sums are exact: so a block
// asks for room on both sides by two atomic additions, and no block waits for another.
namespace ramet::cuda {
namespace {

constexpr unsigned warp_lanes = 32;
constexpr unsigned full_warp = 0xffffffffu;
constexpr unsigned warps = block_threads / warp_lanes;
constexpr unsigned thread_rows = 8;
constexpr unsigned block_rows = thread_rows * block_threads;

// What a block shares while it moves its rows.
struct MoveSpace {
  std::uint32_t ids[block_rows];  // left ones from the front, right ones after them
  std::uint32_t warp_left[warps];
  std::uint32_t before[2];  // rows that other blocks have put on either side
};

// A thread's rows: r is number r * block_threads + threadIdx.x of the block's.
struct ThreadRows {
  std::uint32_t ids[thread_rows];
  std::uint32_t left;  // bit r; of no matter beyond the block's rows
};

// Where a block's rows go.
struct MoveTarget {
  std::uint32_t* ids;     // left rows from the front
  std::uint32_t* end;     // right ones before this; null: they go nowhere
  std::uint32_t* counts;  // rows on either side so far; only the first, where right ones go nowhere
};

// Sorts the block's `count` rows into space.ids; returns the number of left ones. All threads of the block.
__device__ std::uint32_t sort_sides(const ThreadRows& rows, std::uint32_t count, MoveSpace& space) {
  const unsigned lane = threadIdx.x % warp_lanes;
  const unsigned warp = threadIdx.x / warp_lanes;
  const std::uint32_t below = (1u << lane) - 1;
  std::uint32_t lefts[thread_rows];
  std::uint32_t warp_left = 0;
  for (unsigned r = 0; r < thread_rows; ++r) {
    const bool is_left = (rows.left >> r & 1u) != 0 && r * block_threads + threadIdx.x < count;
    lefts[r] = __ballot_sync(full_warp, is_left ? 1 : 0);
    warp_left += static_cast<std::uint32_t>(__popc(lefts[r]));
  }
  if (lane == 0) space.warp_left[warp] = warp_left;
  __syncthreads();
  std::uint32_t left = 0;  // before this warp's row r, in the order of (warp, r, lane)
  std::uint32_t total_left = 0;
  for (unsigned w = 0; w < warps; ++w) {
    if (w < warp) left += space.warp_left[w];
    total_left += space.warp_left[w];
  }
  // Rows before this warp's: each earlier warp has its share of every full run of a block's threads.
  std::uint32_t right = total_left - left;
  for (unsigned r = 0; r < thread_rows; ++r) {
    const std::uint32_t run = r * block_threads;
    right += min(max(count, run) - run, warp * warp_lanes);
  }
  for (unsigned r = 0; r < thread_rows; ++r) {
    const std::uint32_t number = r * block_threads + threadIdx.x;
    const std::uint32_t warp_first = number - lane;
    const auto rank = static_cast<std::uint32_t>(__popc(lefts[r] & below));
    if (number < count) {
      const bool is_left = (rows.left >> r & 1u) != 0;
      space.ids[is_left ? left + rank : right + lane - rank] = rows.ids[r];
    }
    const auto run_left = static_cast<std::uint32_t>(__popc(lefts[r]));
    left += run_left;
    right += min(max(count, warp_first) - warp_first, warp_lanes) - run_left;
  }
  return total_left;
}

// Moves the block's `count` rows. All threads of the block.
__device__ void move_rows(const ThreadRows& rows, std::uint32_t count, const MoveTarget& target) {
  __shared__ MoveSpace space;
  const std::uint32_t left = sort_sides(rows, count, space);
  const unsigned sides = target.end == nullptr ? 1 : 2;
  if (threadIdx.x < sides) {
    space.before[threadIdx.x] =
        atomicAdd(target.counts + threadIdx.x, threadIdx.x == 0 ? left : count - left);
  }
  __syncthreads();
  for (std::uint32_t i = threadIdx.x; i < left; i += block_threads) {
    target.ids[space.before[0] + i] = space.ids[i];
  }
  if (target.end == nullptr) return;
  std::uint32_t* right = target.end - space.before[1] - (count - left);
  for (std::uint32_t i = left + threadIdx.x; i < count; i += block_threads) right[i - left] = space.ids[i];
}

__device__ void load_codes(const DeviceRule& rule, const ThreadRows& rows,
                           std::uint32_t (&codes)[thread_rows]) {
  if (rule.width == 1) {
    for (unsigned r = 0; r < thread_rows; ++r) codes[r] = __ldg(rule.codes + rows.ids[r]);
  } else {
    const auto* wide = reinterpret_cast<const std::uint16_t*>(rule.codes);
    for (unsigned r = 0; r < thread_rows; ++r) codes[r] = __ldg(wide + rows.ids[r]);
  }
}

// Bit r: the rule sends codes[r] left.
__device__ std::uint32_t left_bits(const DeviceRule& rule, const std::uint32_t (&codes)[thread_rows]) {
  std::uint32_t left = 0;
  if (rule.left_categories == nullptr) {
    for (unsigned r = 0; r < thread_rows; ++r) left |= static_cast<std::uint32_t>(codes[r] <= rule.bin) << r;
  } else {
    for (unsigned r = 0; r < thread_rows; ++r) {
      const std::uint32_t category = codes[r] - 1;
      const std::uint32_t word = category / 32;
      if (word >= rule.category_words) continue;
      left |= (__ldg(rule.left_categories + word) >> (category % 32) & 1u) << r;
    }
  }
  for (unsigned r = 0; r < thread_rows; ++r) {
    if (codes[r] == 0) left = (left & ~(1u << r)) | static_cast<std::uint32_t>(rule.missing_left != 0) << r;
  }
  return left;
}

// Task of this block: the last one that begins at or before it.
__device__ std::int32_t find_task(const PartitionTask* tasks, std::int32_t count) {
  std::int32_t before = 0;
  for (std::int32_t first = 0; first < count; first += static_cast<std::int32_t>(block_threads)) {
    const std::int32_t i = first + static_cast<std::int32_t>(threadIdx.x);
    before += __syncthreads_count(i < count && tasks[i].first_block <= blockIdx.x ? 1 : 0);
  }
  return before - 1;
}

__global__ void __launch_bounds__(block_threads)
    partition_kernel(const PartitionTask* tasks, std::int32_t task_count, std::uint32_t* sides) {
  const std::int32_t t = find_task(tasks, task_count);
  const PartitionTask& task = tasks[t];
  const std::uint32_t first = (blockIdx.x - task.first_block) * block_rows;
  const std::uint32_t count = min(task.count - first, block_rows);
  const DeviceRule rule = task.rule;
  ThreadRows rows;
  std::uint32_t codes[thread_rows];
  for (unsigned r = 0; r < thread_rows; ++r) {
    const std::uint32_t at = first + min(r * block_threads + threadIdx.x, count - 1);
    rows.ids[r] = task.source == nullptr ? at : __ldg(task.source + at);
  }
  load_codes(rule, rows, codes);
  rows.left = left_bits(rule, codes);
  move_rows(rows, count, {task.target, task.target + task.count, sides + 2 * t});
}

__global__ void __launch_bounds__(block_threads)
    sample_rows_kernel(std::uint32_t row_count, std::int64_t first_global, std::uint64_t key, double fraction,
                       std::uint32_t* ids, std::uint32_t* sampled) {
  const std::uint32_t first = blockIdx.x * block_rows;
  const std::uint32_t count = min(row_count - first, block_rows);
  ThreadRows rows;
  rows.left = 0;
  for (unsigned r = 0; r < thread_rows; ++r) {
    rows.ids[r] = first + r * block_threads + threadIdx.x;
    const auto global = static_cast<std::uint64_t>(first_global + rows.ids[r]);
    if (math::in_sample(key, global, fraction)) rows.left |= 1u << r;
  }
  move_rows(rows, count, {ids, nullptr, sampled});
}

}  // namespace

std::uint32_t partition_blocks(std::uint32_t count) {
  return static_cast<std::uint32_t>(blocks_for(count, block_rows));
}

void partition_rows(const PartitionTask* tasks, std::int32_t count, std::int64_t blocks, std::uint32_t* sides,
                    cudaStream_t stream) {
  fill_zero(sides, 2 * static_cast<std::size_t>(count), stream);
  launch(partition_kernel, blocks, block_threads, 0, stream, tasks, count, sides);
}

void sample_rows(std::int64_t rows, std::int64_t first_global, std::uint64_t key, double fraction,
                 std::uint32_t* ids, std::uint32_t* count, cudaStream_t stream) {
  fill_zero(count, 1, stream);
  launch(sample_rows_kernel, blocks_for(rows, block_rows), block_threads, 0, stream,
         static_cast<std::uint32_t>(rows), first_global, key, fraction, ids, count);
}

}  // namespace ramet::cuda
