// Faults that only the traced build finds: races, reads of what nobody has written, memory of others.
#include <cub/cub.cuh>

#include <thread>

#include "emulation/traffic.hpp"
#include "testing.hpp"

namespace {

using emulation_test::DeviceArray;
using emulation_test::fault_of;
using emulation_test::launch;
using testing::HasSubstr;

class Traced : public emulation_test::Emulation {
 protected:
  ~Traced() override { emulation::set_trace_checks({}); }
};

enum class Order { none, warp, block };

// Thread i writes, thread i + distance reads.
__global__ void pass_on(Order order, unsigned distance, int* out) {
  __shared__ int values[64];
  values[threadIdx.x] = 1;
  if (order == Order::warp) {
    __syncwarp();
  } else if (order == Order::block) {
    __syncthreads();
  }
  out[threadIdx.x] = values[(threadIdx.x + distance) % 64];
}

// Reads first, so that only what is written afterwards can be in conflict.
__global__ void overwrite(Order order, unsigned distance, int* out) {
  __shared__ int values[64];
  values[threadIdx.x] = 1;
  __syncthreads();
  out[threadIdx.x] = values[(threadIdx.x + distance) % 64];
  if (order == Order::warp) {
    __syncwarp();
  } else if (order == Order::block) {
    __syncthreads();
  }
  values[threadIdx.x] = 2;
}

TEST_F(Traced, RacesBetweenReadsAndWrites) {
  // Only races: reading before anyone has written would be a fault of its own.
  emulation::set_trace_checks({.uninitialised_shared = false});
  const DeviceArray<int> out(64);
  for (const auto kernel : {pass_on, overwrite}) {
    for (const std::uint64_t seed : {0, 1, 2}) {
      emulation::configure({.seed = seed});
      const auto message = [&](Order order, unsigned distance) {
        return fault_of([&] { launch(kernel, 1, 64, 0, order, distance, out.get()); });
      };
      EXPECT_THAT(message(Order::none, 1), HasSubstr("race on shared memory with thread"));
      EXPECT_THAT(message(Order::none, 32), HasSubstr("race on shared memory with thread"));
      EXPECT_THAT(message(Order::warp, 32), HasSubstr("race on shared memory with thread"));
      EXPECT_EQ(message(Order::block, 1), "no fault");
      EXPECT_EQ(message(Order::block, 32), "no fault");
      EXPECT_EQ(message(Order::none, 0), "no fault") << "a thread's own value";
    }
  }
  EXPECT_THAT(fault_of([&] { launch(pass_on, 1, 64, 0, Order::none, 1, out.get()); }),
              HasSubstr("check_test.cu:"))
      << "names the line";
}

// The lanes of a warp, ordered by several kinds of synchronisation.
enum class Meeting { none, sync, ballot, shuffle, halves };

__global__ void within_warp(Meeting meeting, int* out) {
  __shared__ int values[32];
  const unsigned lane = threadIdx.x;
  values[lane] = static_cast<int>(lane);
  switch (meeting) {
    case Meeting::none:
      break;
    case Meeting::sync:
      __syncwarp();
      break;
    case Meeting::ballot:
      __ballot_sync(0xffffffffu, 1);
      break;
    case Meeting::shuffle:
      __shfl_sync(0xffffffffu, 1, 0);
      break;
    case Meeting::halves:
      __syncwarp(lane < 16 ? 0xffffu : 0xffff0000u);
      break;
  }
  out[lane] = values[lane ^ 1u];
  if (meeting == Meeting::halves) {
    out[lane] += values[lane ^ 16u];
  }
}

TEST_F(Traced, WarpOperationsOrderTheirLanes) {
  emulation::set_trace_checks({.uninitialised_shared = false});
  const DeviceArray<int> out(32);
  for (const std::uint64_t seed : {0, 1}) {
    emulation::configure({.seed = seed});
    const auto message = [&](Meeting meeting) {
      return fault_of([&] { launch(within_warp, 1, 32, 0, meeting, out.get()); });
    };
    EXPECT_THAT(message(Meeting::none), HasSubstr("race"));
    EXPECT_EQ(message(Meeting::sync), "no fault");
    EXPECT_EQ(message(Meeting::ballot), "no fault");
    EXPECT_EQ(message(Meeting::shuffle), "no fault");
    EXPECT_THAT(message(Meeting::halves), HasSubstr("race")) << "the halves have not met";
  }
}

__global__ void writes_of_all(int* out) {
  __shared__ int value;
  value = static_cast<int>(threadIdx.x);
  __syncthreads();
  out[threadIdx.x] = value;
}

__global__ void atomics(bool barrier, bool plain, int* out) {
  __shared__ int sum;
  if (threadIdx.x == 0) {
    sum = 0;
  }
  __syncthreads();
  if (plain && threadIdx.x == 40) {
    sum = 5;
  }
  atomicAdd(&sum, 1);
  if (barrier) {
    __syncthreads();
  }
  if (threadIdx.x == 63) {
    out[0] = sum;
  }
}

TEST_F(Traced, WritesRaceAndAtomicsDoNot) {
  const DeviceArray<int> out(64);
  for (const std::uint64_t seed : {0, 1}) {
    emulation::configure({.seed = seed});
    EXPECT_THAT(fault_of([&] { launch(writes_of_all, 1, 64, 0, out.get()); }), HasSubstr("race"));
    EXPECT_EQ(fault_of([&] { launch(atomics, 1, 64, 0, true, false, out.get()); }), "no fault");
    EXPECT_THAT(fault_of([&] { launch(atomics, 1, 64, 0, false, false, out.get()); }), HasSubstr("race"));
    EXPECT_THAT(fault_of([&] { launch(atomics, 1, 64, 0, true, true, out.get()); }), HasSubstr("race"));
  }
}

__global__ void neighbours_in_a_word(int* out) {
  __shared__ unsigned char bytes[64];
  bytes[threadIdx.x] = static_cast<unsigned char>(threadIdx.x);
  __syncthreads();
  out[threadIdx.x] = bytes[63 - threadIdx.x];
}

__global__ void same_memory_in_the_next_block(int* out) {
  __shared__ int values[32];
  if (blockIdx.x == 0) {
    values[threadIdx.x] = 1;
  }
  __syncwarp();
  out[threadIdx.x] = values[threadIdx.x];
}

TEST_F(Traced, BytesAndBlocksAreSeparate) {
  const DeviceArray<int> out(64);
  EXPECT_EQ(fault_of([&] { launch(neighbours_in_a_word, 1, 64, 0, out.get()); }), "no fault");
  EXPECT_EQ(fault_of([&] { launch(same_memory_in_the_next_block, 1, 32, 0, out.get()); }), "no fault");
  EXPECT_THAT(fault_of([&] { launch(same_memory_in_the_next_block, 2, 32, 0, out.get()); }),
              HasSubstr("shared memory that the block has not written"));
}

__global__ void part_unwritten(unsigned written, bool atomic, int* out) {
  auto* const values = static_cast<int*>(emulation::dynamic_shared());
  if (threadIdx.x < written) {
    values[threadIdx.x] = 1;
  }
  __syncthreads();
  out[threadIdx.x] = atomic ? atomicAdd(&values[threadIdx.x], 1) : values[threadIdx.x];
}

TEST_F(Traced, SharedMemoryMustBeWrittenFirst) {
  const DeviceArray<int> out(32);
  const auto message = [&](unsigned written, bool atomic) {
    return fault_of([&] { launch(part_unwritten, 1, 32, 128, written, atomic, out.get()); });
  };
  EXPECT_EQ(message(32, false), "no fault");
  EXPECT_EQ(message(32, true), "no fault");
  EXPECT_THAT(message(31, false), HasSubstr("thread (31,0,0): read at"));
  EXPECT_THAT(message(31, true), HasSubstr("shared memory that the block has not written"));
  emulation::set_trace_checks({.uninitialised_shared = false});
  EXPECT_EQ(message(31, false), "no fault");
}

__global__ void exchange_first(int* out) {
  __shared__ int slot;
  if (threadIdx.x == 0) {
    atomicExch(&slot, 3);
  }
  __syncthreads();
  out[threadIdx.x] = slot;
}

TEST_F(Traced, AnExchangeIsAWrite) {
  const DeviceArray<int> out(32);
  EXPECT_EQ(fault_of([&] { launch(exchange_first, 1, 32, 0, out.get()); }), "no fault");
}

__global__ void increment(int* values) { values[threadIdx.x] += 1; }

TEST_F(Traced, DeviceMemoryMustBeWrittenFirst) {
  const DeviceArray<int> fresh(32);
  const DeviceArray<int> copy(32);
  EXPECT_THAT(fault_of([&] { launch(increment, 1, 32, 0, fresh.get()); }),
              HasSubstr("device memory that nothing has written"));
  ASSERT_EQ(cudaMemcpy(copy.get(), fresh.get(), 128, cudaMemcpyDeviceToDevice), cudaSuccess);
  EXPECT_THAT(fault_of([&] { launch(increment, 1, 32, 0, copy.get()); }), HasSubstr("nothing has written"));
  ASSERT_EQ(cudaMemset(fresh.get(), 0, 124), cudaSuccess);
  EXPECT_THAT(fault_of([&] { launch(increment, 1, 32, 0, fresh.get()); }), HasSubstr("thread (31,0,0)"));
  EXPECT_EQ(fault_of([&] { launch(increment, 1, 31, 0, fresh.get()); }), "no fault");
  ASSERT_EQ(cudaMemcpy(copy.get(), fresh.get(), 124, cudaMemcpyDeviceToDevice), cudaSuccess);
  EXPECT_EQ(fault_of([&] { launch(increment, 1, 31, 0, copy.get()); }), "no fault");
  emulation::set_trace_checks({.uninitialised_global = false});
  EXPECT_EQ(fault_of([&] { launch(increment, 1, 32, 0, copy.get()); }), "no fault");
  emulation::set_trace_checks({});
  std::size_t bytes = 0;
  ASSERT_EQ(cub::DeviceScan::InclusiveSum(nullptr, bytes, copy.get(), 31), cudaSuccess);
  const DeviceArray<char> storage(bytes);
  const DeviceArray<int> sums(31);
  const int* from = copy.get();
  ASSERT_EQ(cub::DeviceScan::InclusiveSum(storage.get(), bytes, from, sums.get(), 31), cudaSuccess);
  EXPECT_EQ(fault_of([&] { launch(increment, 1, 31, 0, sums.get()); }), "no fault") << "CUB has written it";
}

__global__ void write_one(int* to, int index) { to[index] = 1; }
__global__ void add_one(int* to) { atomicAdd(to, 1); }
struct Indirect {
  int** pointer;
};
__global__ void write_indirect(Indirect indirect) { **indirect.pointer = 1; }
constexpr int constants[3] = {1, 2, 3};
__global__ void read_constants(int* out) { out[threadIdx.x] = constants[threadIdx.x % 3]; }

TEST_F(Traced, MemoryThatIsNotTheKernels) {
  emulation::configure({.devices = 2});
  const DeviceArray<int> here(std::vector<int>(8));
  int host = 0;
  auto heap = std::make_unique<int>(0);
  const auto message = [&](int* to, int index) {
    return fault_of([&] { launch(write_one, 1, 1, 0, to, index); });
  };
  EXPECT_EQ(message(here.get(), 7), "no fault");
  EXPECT_THAT(message(here.get(), 8), HasSubstr("not the device's"));
  EXPECT_THAT(message(&host, 0), HasSubstr("not the device's"));
  EXPECT_THAT(message(heap.get(), 0), HasSubstr("not the device's"));
  EXPECT_THAT(fault_of([&] { launch(add_one, 1, 1, 0, &host); }), HasSubstr("atomic at"));
  EXPECT_EQ(fault_of([&] { launch(read_constants, 1, 8, 0, here.get()); }), "no fault");
  int* pinned = nullptr;
  ASSERT_EQ(cudaMallocHost(&pinned, 4), cudaSuccess);
  EXPECT_EQ(message(pinned, 0), "no fault");
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
  // The other device's memory, behind a pointer that the launch cannot see.
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  const DeviceArray<int*> pointer(std::vector<int*>{here.get()});
  EXPECT_THAT(fault_of([&] { launch(write_indirect, 1, 1, 0, Indirect{pointer.get()}); }),
              HasSubstr("touches memory of device 0"));
  ASSERT_EQ(cudaDeviceEnablePeerAccess(0, 0), cudaSuccess);
  EXPECT_EQ(fault_of([&] { launch(write_indirect, 1, 1, 0, Indirect{pointer.get()}); }), "no fault");
}

TEST_F(Traced, KernelsOfSeveralThreadsAndDevices) {
  emulation::configure({.devices = 3});
  std::vector<std::thread> threads;
  for (int device = 0; device < 3; ++device) {
    threads.emplace_back([device] {
      ASSERT_EQ(cudaSetDevice(device), cudaSuccess);
      const DeviceArray<int> values(std::vector<int>(64));
      for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(launch(increment, 1, 64, 0, values.get()), cudaSuccess);
      }
      EXPECT_EQ(values.values(), std::vector<int>(64, 20));
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

constexpr int block_threads = 64;
__global__ void reuse_without_barrier(bool barrier, int* out) {
  using Scan = cub::BlockScan<int, block_threads>;
  __shared__ typename Scan::TempStorage storage;
  int first = 0;
  int second = 0;
  Scan(storage).ExclusiveSum(1, first);
  if (barrier) {
    __syncthreads();
  }
  Scan(storage).ExclusiveSum(first, second);
  out[threadIdx.x] = second;
}

TEST_F(Traced, ReuseOfCubStorageNeedsABarrier) {
  const DeviceArray<int> out(block_threads);
  EXPECT_EQ(fault_of([&] { launch(reuse_without_barrier, 1, block_threads, 0, true, out.get()); }),
            "no fault");
  EXPECT_THAT(fault_of([&] { launch(reuse_without_barrier, 1, block_threads, 0, false, out.get()); }),
              HasSubstr("race"));
}

}  // namespace
