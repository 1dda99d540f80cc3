// Traffic of access patterns whose cost is known.
#include "emulation/traffic.hpp"

#include <cub/cub.cuh>

#include "testing.hpp"

namespace {

using emulation::Traffic;
using emulation_test::DeviceArray;
using emulation_test::launch;

class TrafficOf : public emulation_test::Emulation {
 protected:
  TrafficOf() { emulation::reset_traffic(); }
  static Traffic of(const char* kernel) {
    const auto all = emulation::traffic();
    const auto found = all.find(kernel);
    EXPECT_NE(found, all.end()) << kernel;
    return found == all.end() ? Traffic{} : found->second;
  }
};

template <class T>
__global__ void copy_strided(const T* from, T* to, int stride, int offset) {
  to[threadIdx.x] = from[static_cast<int>(threadIdx.x) * stride + offset];
}

// Sectors that one warp reads.
template <class T>
std::int64_t read_sectors(int stride, int offset) {
  emulation::reset_traffic();
  const DeviceArray<T> from(std::vector<T>(32 * static_cast<std::size_t>(stride) + 32));
  const DeviceArray<T> to(32);
  EXPECT_EQ(launch(copy_strided<T>, 1, 32, 0, from.get(), to.get(), stride, offset), cudaSuccess);
  const auto all = emulation::traffic();
  EXPECT_EQ(all.size(), 1u);
  const Traffic traffic = all.begin()->second;
  EXPECT_EQ(traffic.launches, 1);
  EXPECT_EQ(traffic.blocks, 1);
  EXPECT_EQ(traffic.global_read_instructions, 1);
  EXPECT_EQ(traffic.global_write_instructions, 1);
  EXPECT_EQ(traffic.global_read_bytes, static_cast<std::int64_t>(32 * sizeof(T)));
  EXPECT_EQ(traffic.global_write_bytes, static_cast<std::int64_t>(32 * sizeof(T)));
  EXPECT_EQ(traffic.global_write_sectors, static_cast<std::int64_t>(sizeof(T)));
  return traffic.global_read_sectors;
}

TEST_F(TrafficOf, GlobalReads) {
  EXPECT_EQ(read_sectors<int>(1, 0), 4);
  EXPECT_EQ(read_sectors<int>(1, 1), 5);
  EXPECT_EQ(read_sectors<int>(2, 0), 8);
  EXPECT_EQ(read_sectors<int>(8, 0), 32);
  EXPECT_EQ(read_sectors<int>(100, 0), 32);
  EXPECT_EQ(read_sectors<unsigned char>(1, 0), 1);
  EXPECT_EQ(read_sectors<unsigned char>(32, 0), 32);
  EXPECT_EQ(read_sectors<long long>(1, 0), 8);
  EXPECT_EQ(read_sectors<uint4>(1, 0), 16);
  EXPECT_EQ(read_sectors<uint2>(1, 2), 9);
}

// A value that all lanes read, and a loop whose iterations are instructions of their own.
__global__ void sums(const int* table, const int* values, int count, int* out) {
  int sum = *table;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) {
    sum += values[i];
  }
  if (threadIdx.x < 8) {
    out[threadIdx.x] = sum;
  }
}

TEST_F(TrafficOf, BroadcastsAndLoops) {
  const DeviceArray<int> table(std::vector<int>{1});
  const DeviceArray<int> values(std::vector<int>(200, 1));
  const DeviceArray<int> out(8);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(launch(sums, 1, 64, 0, table.get(), values.get(), 200, out.get()), cudaSuccess);
  }
  const Traffic t = of("sums");
  EXPECT_EQ(t.launches, 2);
  // Each warp reads the table once; 200 values are 6 full warp instructions and one of 8 lanes.
  EXPECT_EQ(t.global_read_instructions, 2 * (2 + 7));
  EXPECT_EQ(t.global_read_sectors, 2 * (2 + 200 * 4 / 32));
  EXPECT_EQ(t.global_read_bytes, 2 * (64 + 200) * 4);
  EXPECT_EQ(t.global_write_instructions, 2);
  EXPECT_EQ(t.global_write_sectors, 2);
}

__global__ void shared_atomics(int stride) {
  __shared__ int cells[1024];
  for (unsigned i = threadIdx.x; i < 1024; i += 32) {
    cells[i] = 0;
  }
  __syncthreads();
  atomicAdd(&cells[static_cast<int>(threadIdx.x) * stride], 1);
}

TEST_F(TrafficOf, SharedAtomics) {
  const auto conflicts = [](int stride) {
    emulation::reset_traffic();
    EXPECT_EQ(launch(shared_atomics, 1, 32, 0, stride), cudaSuccess);
    const Traffic t = of("shared_atomics");
    EXPECT_EQ(t.shared_atomics, 32);
    EXPECT_EQ(t.shared_atomic_instructions, 1);
    EXPECT_EQ(t.shared_write_instructions, 32);
    EXPECT_EQ(t.shared_conflicts, 0);
    EXPECT_EQ(t.block_barriers, 1);
    EXPECT_EQ(t.global_read_bytes, 0);
    return t.shared_atomic_conflicts;
  };
  EXPECT_EQ(conflicts(1), 0);
  EXPECT_EQ(conflicts(31), 0);
  EXPECT_EQ(conflicts(2), 1);
  EXPECT_EQ(conflicts(32), 31) << "one bank";
  EXPECT_EQ(conflicts(0), 31) << "one address";
}

template <class T>
__global__ void shared_reads(int stride, T* out) {
  auto* const cells = static_cast<T*>(emulation::dynamic_shared());
  for (unsigned i = threadIdx.x; i < 1024; i += 32) {
    cells[i] = T{};
  }
  __syncthreads();
  out[threadIdx.x] = cells[static_cast<int>(threadIdx.x) * stride];
}

template <class T>
std::int64_t shared_conflicts(int stride) {
  emulation::reset_traffic();
  const DeviceArray<T> out(32);
  EXPECT_EQ(launch(shared_reads<T>, 1, 32, 1024 * sizeof(T), stride, out.get()), cudaSuccess);
  const Traffic traffic = emulation::traffic().begin()->second;
  EXPECT_EQ(traffic.shared_read_instructions, 1);
  EXPECT_EQ(traffic.shared_write_instructions, 32);
  return traffic.shared_conflicts;
}

TEST_F(TrafficOf, SharedReads) {
  EXPECT_EQ(shared_conflicts<int>(1), 0);
  EXPECT_EQ(shared_conflicts<int>(0), 0) << "a broadcast";
  EXPECT_EQ(shared_conflicts<int>(4), 3);
  EXPECT_EQ(shared_conflicts<int>(32), 31);
  EXPECT_EQ(shared_conflicts<unsigned char>(1), 0);
  EXPECT_EQ(shared_conflicts<unsigned char>(8), 1);
  EXPECT_EQ(shared_conflicts<long long>(1), 0);
  EXPECT_EQ(shared_conflicts<long long>(2), 2) << "one more for each half of the warp";
}

__global__ void global_atomics(int* cells, float* sums) {
  atomicAdd(&cells[threadIdx.x % 2], 1);
  atomicAdd(&sums[threadIdx.x], 1.0f);
  atomicMax(&cells[2], 100);
}

TEST_F(TrafficOf, GlobalAtomics) {
  const DeviceArray<int> cells(std::vector<int>{0, 0, 0});
  const DeviceArray<float> sums(std::vector<float>(32));
  ASSERT_EQ(launch(global_atomics, 1, 32, 0, cells.get(), sums.get()), cudaSuccess);
  const Traffic t = of("global_atomics");
  EXPECT_EQ(t.global_atomics, 96);
  EXPECT_EQ(t.global_atomic_instructions, 3);
  EXPECT_EQ(t.global_atomic_sectors, 1 + 4 + 1);
  EXPECT_EQ(t.global_read_bytes, 0);
  EXPECT_EQ(sums.values(), std::vector<float>(32, 1.0f));
  EXPECT_EQ(cells.values(), (std::vector<int>{16, 16, 100}));
}

// A warp operation separates instructions, so that lanes that were apart before count together after it.
__global__ void apart_then_together(const int* from, int* to) {
  int value = 0;
  for (unsigned i = 0; i <= threadIdx.x % 2; ++i) {
    value += from[threadIdx.x];
    __builtin_assume(value >= 0);
  }
  value += __shfl_xor_sync(0xffffffffu, value, 1);
  for (int i = 0; i < 2; ++i) {
    value += from[32 + threadIdx.x];
    __syncwarp();
  }
  to[threadIdx.x] = value;
}

TEST_F(TrafficOf, InstructionsBetweenSynchronisations) {
  const DeviceArray<int> from(std::vector<int>(64, 1));
  const DeviceArray<int> to(32);
  ASSERT_EQ(launch(apart_then_together, 1, 32, 0, from.get(), to.get()), cudaSuccess);
  const Traffic t = of("apart_then_together");
  EXPECT_EQ(t.global_read_bytes, (16 + 32 + 64) * 4);
  EXPECT_EQ(t.global_read_instructions, 2 + 2);
}

TEST_F(TrafficOf, LibrariesCountAsLaunches) {
  const DeviceArray<int> values(std::vector<int>(10, 1));
  std::size_t bytes = 0;
  ASSERT_EQ(cub::DeviceScan::ExclusiveSum(nullptr, bytes, values.get(), 10), cudaSuccess);
  const DeviceArray<char> storage(bytes);
  ASSERT_EQ(cub::DeviceScan::ExclusiveSum(storage.get(), bytes, values.get(), 10), cudaSuccess);
  EXPECT_EQ(of("cub::DeviceScan (exclusive)").launches, 1);
}

}  // namespace
