// Whole kernels against what they should compute, whatever the order of blocks, warps and threads.
#include <numeric>
#include <random>

#include "testing.hpp"

namespace {

using emulation_test::DeviceArray;
using emulation_test::launch;

class Kernel : public emulation_test::Emulation {};

constexpr int cells = 64;

// Static and dynamic shared memory, barriers, shuffles, shared and global atomics.
__global__ void __launch_bounds__(256)
    histogram(const unsigned char* __restrict__ codes, const int* __restrict__ weights, unsigned rows,
              unsigned long long* __restrict__ sums, unsigned* total) {
  __shared__ int counts[cells];
  auto* const sums_here = static_cast<int*>(emulation::dynamic_shared());
  for (unsigned i = threadIdx.x; i < cells; i += blockDim.x) {
    counts[i] = 0;
    sums_here[i] = 0;
  }
  __syncthreads();
  unsigned mine = 0;
#pragma unroll 4
  for (unsigned row = blockIdx.x * blockDim.x + threadIdx.x; row < rows; row += gridDim.x * blockDim.x) {
    atomicAdd(&counts[__ldg(codes + row)], 1);
    atomicAdd(&sums_here[codes[row]], weights[row]);
    ++mine;
  }
  for (int delta = warpSize / 2; delta > 0; delta /= 2) {
    mine += __shfl_down_sync(0xffffffffu, mine, static_cast<unsigned>(delta));
  }
  if (threadIdx.x % 32 == 0) {
    atomicAdd(total, mine);
  }
  __syncthreads();
  for (unsigned i = threadIdx.x; i < cells; i += blockDim.x) {
    const auto packed =
        (static_cast<unsigned long long>(counts[i]) << 32) + static_cast<unsigned>(sums_here[i]);
    atomicAdd(&sums[i], packed);
  }
}

TEST_F(Kernel, HistogramIsThatOfALoopUnderEverySeed) {
  constexpr unsigned rows = 5003;
  std::mt19937 random(1);
  std::vector<unsigned char> codes(rows);
  std::vector<int> weights(rows);
  std::vector<unsigned long long> expected(cells);
  for (unsigned row = 0; row < rows; ++row) {
    codes[row] = static_cast<unsigned char>(random() % cells);
    weights[row] = static_cast<int>(random() % 1000);
    expected[codes[row]] += (1ull << 32) + static_cast<unsigned>(weights[row]);
  }
  const DeviceArray<unsigned char> device_codes(codes);
  const DeviceArray<int> device_weights(weights);
  for (const std::uint64_t seed : {0, 1, 2, 77}) {
    emulation::configure({.seed = seed});
    const DeviceArray<unsigned long long> sums(std::vector<unsigned long long>(cells, 0));
    const DeviceArray<unsigned> total(std::vector<unsigned>{0});
    ASSERT_EQ(launch(histogram, 5, 256, cells * sizeof(int), device_codes.get(), device_weights.get(), rows,
                     sums.get(), total.get()),
              cudaSuccess);
    EXPECT_EQ(sums.values(), expected) << seed;
    EXPECT_EQ(total.values()[0], rows);
  }
}

__global__ void write_indices(uint3* thread, uint3* block, dim3* sizes) {
  const unsigned in_block = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  const unsigned block_number = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned at = block_number * blockDim.x * blockDim.y * blockDim.z + in_block;
  thread[at] = threadIdx;
  block[at] = blockIdx;
  sizes[0] = blockDim;
  sizes[1] = gridDim;
}

TEST_F(Kernel, IndicesCoverAllThreeDimensions) {
  const dim3 block(5, 3, 4);
  const dim3 grid(2, 3, 2);
  constexpr unsigned per_block = 60;
  for (const std::uint64_t seed : {0, 5}) {
    emulation::configure({.seed = seed});
    const DeviceArray<uint3> threads(12 * per_block);
    const DeviceArray<uint3> blocks(12 * per_block);
    const DeviceArray<dim3> sizes(2);
    ASSERT_EQ(launch(write_indices, grid, block, 0, threads.get(), blocks.get(), sizes.get()), cudaSuccess);
    const auto thread = threads.values();
    const auto block_index = blocks.values();
    for (unsigned i = 0; i < 12 * per_block; ++i) {
      const unsigned t = i % per_block;
      const unsigned b = i / per_block;
      ASSERT_EQ(thread[i].x, t % 5);
      ASSERT_EQ(thread[i].y, t / 5 % 3);
      ASSERT_EQ(thread[i].z, t / 15);
      ASSERT_EQ(block_index[i].x, b % 2);
      ASSERT_EQ(block_index[i].y, b / 2 % 3);
      ASSERT_EQ(block_index[i].z, b / 6);
    }
    EXPECT_EQ(sizes.values()[0].z, 4u);
    EXPECT_EQ(sizes.values()[1].y, 3u);
  }
}

// Each thread passes a value to its neighbour through shared memory, many times.
__global__ void rotate(int* values, int turns) {
  __shared__ int ring[1024];
  int mine = values[threadIdx.x];
  for (int turn = 0; turn < turns; ++turn) {
    ring[threadIdx.x] = mine;
    __syncthreads();
    mine = ring[(threadIdx.x + 1) % blockDim.x];
    __syncthreads();
  }
  values[threadIdx.x] = mine;
}

TEST_F(Kernel, BarriersOrderTheLargestBlock) {
  std::vector<int> values(1024);
  std::iota(values.begin(), values.end(), 0);
  for (const std::uint64_t seed : {0, 3}) {
    emulation::configure({.seed = seed});
    const DeviceArray<int> device(values);
    ASSERT_EQ(launch(rotate, 1, 1024, 0, device.get(), 7), cudaSuccess);
    const auto rotated = device.values();
    for (int i = 0; i < 1024; ++i) {
      ASSERT_EQ(rotated[static_cast<std::size_t>(i)], (i + 7) % 1024);
    }
  }
}

__global__ void votes(const int* predicates, int* out) {
  const int mine = predicates[threadIdx.x];
  const int any = __syncthreads_or(mine);
  const int all = __syncthreads_and(mine);
  const int count = __syncthreads_count(mine);
  if (threadIdx.x + 1 == blockDim.x) {
    out[0] = any;
    out[1] = all;
    out[2] = count;
  }
}

TEST_F(Kernel, BlockVotes) {
  for (const int ones : {0, 1, 99, 100}) {
    std::vector<int> predicates(100);
    for (int i = 0; i < ones; ++i) {
      predicates[static_cast<std::size_t>(i)] = i + 1;
    }
    const DeviceArray<int> in(predicates);
    const DeviceArray<int> out(3);
    ASSERT_EQ(launch(votes, 1, 100, 0, in.get(), out.get()), cudaSuccess);
    EXPECT_EQ(out.values(), (std::vector<int>{ones > 0, ones == 100, ones}));
  }
}

// The last block to finish sees what all the others wrote.
__global__ void last_block(unsigned* ticket, int* partial, int* result) {
  __shared__ bool last;
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = static_cast<int>(blockIdx.x) + 1;
    __threadfence();
    last = atomicInc(ticket, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (last && threadIdx.x == 0) {
    int sum = 0;
    for (unsigned i = 0; i < gridDim.x; ++i) {
      sum += partial[i];
    }
    *result = sum;
  }
}

TEST_F(Kernel, LastBlockByTicket) {
  for (const std::uint64_t seed : {0, 9}) {
    emulation::configure({.seed = seed});
    const DeviceArray<unsigned> ticket(std::vector<unsigned>{0});
    const DeviceArray<int> partial(10);
    const DeviceArray<int> result(1);
    ASSERT_EQ(launch(last_block, 10, 64, 0, ticket.get(), partial.get(), result.get()), cudaSuccess);
    EXPECT_EQ(result.values()[0], 55);
    EXPECT_EQ(ticket.values()[0], 0u);
  }
}

// What a seed is for: without the first barrier, the result depends on the order of warps.
template <bool Correct>
__global__ void hand_over(int* out) {
  __shared__ int value;
  if (threadIdx.x == 0) {
    value = 7;
  }
  if (Correct) {
    __syncthreads();
  }
  out[threadIdx.x] = value;
}

template <bool Correct>
int distinct_results() {
  std::vector<std::vector<int>> seen;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    emulation::configure({.seed = seed});
    const DeviceArray<int> out(128);
    EXPECT_EQ(launch(hand_over<Correct>, 1, 128, 0, out.get()), cudaSuccess);
    seen.push_back(out.values());
  }
  std::sort(seen.begin(), seen.end());
  return static_cast<int>(std::unique(seen.begin(), seen.end()) - seen.begin());
}

TEST_F(Kernel, SeedShowsAMissingBarrier) {
  EXPECT_EQ(distinct_results<true>(), 1);
  EXPECT_GT(distinct_results<false>(), 1);
}

__global__ void poison(unsigned* statics, unsigned* dynamics, unsigned words) {
  __shared__ unsigned fixed[8];
  auto* const dynamic = static_cast<unsigned*>(emulation::dynamic_shared());
  for (unsigned i = 0; i < words; ++i) {
    statics[blockIdx.x * words + i] = fixed[i];
    dynamics[blockIdx.x * words + i] = dynamic[i];
  }
  for (unsigned i = 0; i < words; ++i) {
    fixed[i] = dynamic[i] = 0;
  }
}

TEST_F(Kernel, MemoryStartsWithNonsenseInEachBlock) {
  const DeviceArray<unsigned> statics(3 * 8);
  const DeviceArray<unsigned> dynamics(3 * 8);
  EXPECT_EQ(statics.values(), std::vector<unsigned>(24, 0xcbcbcbcbu));
  ASSERT_EQ(launch(poison, 3, 1, 8 * sizeof(unsigned), statics.get(), dynamics.get(), 8u), cudaSuccess);
  EXPECT_EQ(statics.values(), std::vector<unsigned>(24, 0xcbcbcbcbu));
  EXPECT_EQ(dynamics.values(), std::vector<unsigned>(24, 0xcbcbcbcbu));
}

struct Parameters {
  int* to;
  double factor;
  short small[3];
};

__global__ void by_value(Parameters parameters, char last, const int* from) {
  parameters.small[1] = static_cast<short>(parameters.small[1] + static_cast<short>(threadIdx.x));
  parameters.to[threadIdx.x] =
      static_cast<int>(from[threadIdx.x] * parameters.factor) + parameters.small[1] + last;
}

TEST_F(Kernel, EachThreadHasItsOwnArguments) {
  const DeviceArray<int> from(std::vector<int>(40, 10));
  const DeviceArray<int> to(40);
  ASSERT_EQ(launch(by_value, 1, 40, 0, Parameters{to.get(), 1.5, {1, 2, 3}}, char{5}, from.get()),
            cudaSuccess);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(to.values()[static_cast<std::size_t>(i)], 15 + 2 + i + 5);
  }
}

__constant__ int table[4];
__global__ void read_table(int* out) { out[threadIdx.x] = table[threadIdx.x]; }

TEST_F(Kernel, ConstantMemory) {
  const int values[4] = {4, 3, 2, 1};
  ASSERT_EQ(cudaMemcpyToSymbol(table, values, sizeof values), cudaSuccess);
  EXPECT_EQ(cudaMemcpyToSymbol(table, values, sizeof values, 4), cudaErrorInvalidValue);
  const DeviceArray<int> out(4);
  ASSERT_EQ(launch(read_table, 1, 4, 0, out.get()), cudaSuccess);
  EXPECT_EQ(out.values(), (std::vector<int>{4, 3, 2, 1}));
}

#if !defined(__SANITIZE_ADDRESS__) && defined(NDEBUG)
__global__ void switch_often(int* out) {
  for (int i = 0; i < 14; ++i) {
    __syncthreads();
  }
  out[threadIdx.x] = 1;
}

TEST_F(Kernel, FibersAreFast) {
  const DeviceArray<int> out(256);
  double best = 1e9;
  for (int i = 0; i < 20; ++i) {
    const long long before = clock64();
    ASSERT_EQ(launch(switch_often, 1, 256, 0, out.get()), cudaSuccess);
    best = std::min(best, static_cast<double>(clock64() - before) * 1e-6);
  }
  EXPECT_LT(best, 1.0) << "milliseconds";
}
#endif

}  // namespace
