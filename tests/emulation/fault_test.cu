// Every mistake that the engine looks for is found, named, and leaves the device usable.
#include "testing.hpp"

namespace {

using emulation_test::DeviceArray;
using emulation_test::fault_of;
using emulation_test::launch;
using testing::HasSubstr;

enum class Mistake {
  none,
  return_before_barrier,
  other_barrier,
  other_vote,
  barrier_in_one_warp,
  lane_has_returned,
  mask_without_caller,
  other_mask,
  other_operation,
  other_width,
  lane_at_barrier,
  lane_beyond_block,
  waiting_for_a_flag,
  trap,
  false_assumption,
};

__global__ void make(Mistake mistake, int* out) {
  __shared__ int flag;
  flag = 0;
  __syncthreads();
  const unsigned lane = threadIdx.x;
  switch (mistake) {
    case Mistake::none:
      break;
    case Mistake::return_before_barrier:
      if (lane == 5) {
        return;
      }
      __syncthreads();
      break;
    case Mistake::other_barrier:
      if (lane < 32) {
        __syncthreads();
      } else {
        __syncthreads();
      }
      break;
    case Mistake::other_vote:
      lane < 32 ? __syncthreads_or(1) : __syncthreads_and(1);
      break;
    case Mistake::barrier_in_one_warp:
      if (lane < 32) {
        __syncthreads();
      }
      break;
    case Mistake::lane_has_returned:
      if (lane == 3) {
        return;
      }
      __syncwarp();
      break;
    case Mistake::mask_without_caller:
      __ballot_sync(0xfffffffeu, 1);
      break;
    case Mistake::other_mask:
      __ballot_sync(lane % 32 == 3 ? 0x3ffu : 0xffffffffu, 1);
      break;
    case Mistake::other_operation:
      if (lane % 2 == 0) {
        __any_sync(0xffffffffu, 1);
      } else {
        __all_sync(0xffffffffu, 1);
      }
      break;
    case Mistake::other_width:
      if (lane % 2 == 0) {
        __shfl_sync(0xffffffffu, 1, 0);
      } else {
        __shfl_sync(0xffffffffu, 1LL, 0);
      }
      break;
    case Mistake::lane_at_barrier:
      if (lane == 4) {
        __syncthreads();
      }
      __syncwarp();
      break;
    case Mistake::lane_beyond_block:
      if (lane >= 32) {
        __syncwarp();
      }
      break;
    case Mistake::waiting_for_a_flag:
      while (atomicAdd(&flag, 0) == 0) {
        __nanosleep(100);
      }
      break;
    case Mistake::trap:
      if (lane == 7) {
        __trap();
      }
      break;
    case Mistake::false_assumption:
      __builtin_assume(lane < 20);
      break;
  }
  out[lane] = 1;
}

struct Case {
  Mistake mistake;
  const char* says;
};

class Faults : public emulation_test::Emulation, public testing::WithParamInterface<Case> {};

TEST_P(Faults, AreFoundAndNamed) {
  for (const std::uint64_t seed : {0, 4}) {
    emulation::configure({.seed = seed});
    const unsigned threads = GetParam().mistake == Mistake::lane_beyond_block ? 48 : 64;
    const DeviceArray<int> out(threads);
    const std::string message = fault_of([&] { launch(make, 2, threads, 0, GetParam().mistake, out.get()); });
    EXPECT_THAT(message, HasSubstr(GetParam().says));
    EXPECT_THAT(message, HasSubstr("make, block ("));
    EXPECT_THAT(message, HasSubstr("thread ("));
    // The next launch is not disturbed.
    EXPECT_EQ(launch(make, 2, threads, 0, Mistake::none, out.get()), cudaSuccess);
    EXPECT_EQ(out.values(), std::vector<int>(threads, 1));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Faults,
                         testing::Values(Case{Mistake::return_before_barrier, "which has returned"},
                                         Case{Mistake::other_barrier, "divergent barrier"},
                                         Case{Mistake::other_vote, "divergent barrier"},
                                         Case{Mistake::barrier_in_one_warp, "which has returned"},
                                         Case{Mistake::lane_has_returned, "which has returned"},
                                         Case{Mistake::mask_without_caller, "without the calling lane"},
                                         Case{Mistake::other_mask, "another mask"},
                                         Case{Mistake::other_operation, "another operation"},
                                         Case{Mistake::other_width, "another operation"},
                                         Case{Mistake::lane_at_barrier, "waits at the barrier"},
                                         Case{Mistake::lane_beyond_block, "which the warp does not have"},
                                         Case{Mistake::waiting_for_a_flag, "deadlock"},
                                         Case{Mistake::trap, "trap at"},
                                         Case{Mistake::false_assumption, "false assumption"}));

class Launch : public emulation_test::Emulation {};

__global__ void touch(int* out) { out[0] = 1; }
__global__ void large_shared(int* out) {
  __shared__ int fixed[1024];
  fixed[threadIdx.x] = 1;
  __syncthreads();
  out[0] = fixed[blockDim.x - 1] + static_cast<int>(emulation::dynamic_shared_bytes());
}

TEST_F(Launch, ShapesThatNoDeviceTakes) {
  const DeviceArray<int> out(1);
  const auto message = [&](dim3 grid, dim3 block) {
    return fault_of([&] { launch(touch, grid, block, 0, out.get()); });
  };
  EXPECT_THAT(message(0, 32), HasSubstr("touch: launched with a grid of 0"));
  EXPECT_THAT(message({1, 65536, 1}, 32), HasSubstr("grid"));
  EXPECT_THAT(message(1, 1025), HasSubstr("blocks of 1025"));
  EXPECT_THAT(message(1, 0), HasSubstr("blocks of 0"));
  EXPECT_THAT(message(1, {32, 33, 1}), HasSubstr("blocks of 32 x 33"));
  EXPECT_THAT(message(1, {1, 1, 65}), HasSubstr("blocks of"));
  EXPECT_EQ(message(1, 1024), "no fault");
}

TEST_F(Launch, SharedMemoryBeyondTheLimitNeedsOptIn) {
  const DeviceArray<int> out(1);
  const auto message = [&](std::size_t bytes) {
    return fault_of([&] { launch(large_shared, 1, 1, bytes, out.get()); });
  };
  constexpr std::size_t fixed = 4096;
  cudaFuncAttributes attributes{};
  ASSERT_EQ(cudaFuncGetAttributes(&attributes, large_shared), cudaSuccess);
  EXPECT_EQ(attributes.sharedSizeBytes, fixed);
  EXPECT_EQ(message(49152 - fixed), "no fault");
  EXPECT_THAT(message(49152 - fixed + 1), HasSubstr("dynamic shared memory"));
  EXPECT_EQ(
      cudaFuncSetAttribute(large_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, 227 * 1024 - fixed + 1),
      cudaErrorInvalidValue);
  EXPECT_EQ(cudaFuncSetAttribute(large_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, 100'000),
            cudaSuccess);
  EXPECT_EQ(message(100'000), "no fault");
  EXPECT_EQ(out.values()[0], 100'001);
  EXPECT_THAT(message(100'001), HasSubstr("its limit is 100000"));
  int blocks = 0;
  ASSERT_EQ(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, large_shared, 256, 100'000), cudaSuccess);
  EXPECT_EQ(blocks, 2);
  EXPECT_EQ(cudaFuncSetAttribute(large_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, 0), cudaSuccess);
  emulation::reset();
}

struct Nested {
  long count;
  const int* values;
};
__global__ void read_nested(Nested nested, int* out) { out[0] = nested.values[0]; }

TEST_F(Launch, MemoryOfAnotherDeviceIsRefused) {
  emulation::configure({.devices = 2});
  const DeviceArray<int> here(std::vector<int>{3});
  const DeviceArray<int> out(1);
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  const DeviceArray<int> there(std::vector<int>{4});
  const DeviceArray<int> out_there(1);
  EXPECT_THAT(fault_of([&] { launch(touch, 1, 1, 0, out.get()); }),
              HasSubstr("argument 0 points to memory of device 0, the kernel runs on device 1"));
  EXPECT_THAT(fault_of([&] {
                launch(read_nested, 1, 1, 0, Nested{1, here.get()}, out_there.get());
              }),
              HasSubstr("argument 0"));
  EXPECT_EQ(fault_of([&] {
              launch(read_nested, 1, 1, 0, Nested{1, there.get()}, out_there.get());
            }),
            "no fault");
  ASSERT_EQ(cudaDeviceEnablePeerAccess(0, 0), cudaSuccess);
  EXPECT_EQ(fault_of([&] {
              launch(read_nested, 1, 1, 0, Nested{1, here.get()}, out_there.get());
            }),
            "no fault");
  EXPECT_EQ(out_there.values()[0], 3);
}

TEST_F(Launch, StreamOfAnotherDeviceIsAnError) {
  emulation::configure({.devices = 2});
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  const DeviceArray<int> out(1);
  int* pointer = out.get();
  void* arguments[] = {&pointer};
  EXPECT_EQ(cudaLaunchKernel(touch, dim3(1), dim3(1), arguments, 0, stream), cudaSuccess);
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  EXPECT_EQ(cudaLaunchKernel(touch, dim3(1), dim3(1), arguments, 0, stream), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
}

TEST_F(Launch, ManyFaultsUseUpNothing) {
  const DeviceArray<int> out(48);
  for (int i = 0; i < 300; ++i) {
    EXPECT_NE(fault_of([&] { launch(make, 1, 48, 0, Mistake::lane_at_barrier, out.get()); }), "no fault");
  }
}

TEST_F(Launch, DeviceFunctionsOutsideOfAKernel) {
  EXPECT_THAT(fault_of([] { __syncthreads(); }), HasSubstr("outside of a kernel"));
  EXPECT_THAT(fault_of([] { __ballot_sync(1, 1); }), HasSubstr("outside of a kernel"));
}

__global__ void throwing() { throw std::runtime_error("from a kernel"); }

TEST_F(Launch, OtherExceptionsPassThrough) { EXPECT_THROW(launch(throwing, 1, 64, 0), std::runtime_error); }

#if defined(__SANITIZE_ADDRESS__)
class AddressSanitizer : public emulation_test::Emulation {};

__global__ void beyond_device(int* out) { out[threadIdx.x] = 1; }
__global__ void beyond_dynamic() { static_cast<int*>(emulation::dynamic_shared())[threadIdx.x] = 1; }
__global__ void beyond_static(unsigned size) {
  __shared__ int values[32];
  int* const first = values;
  if (threadIdx.x < size) {
    first[threadIdx.x] = 1;
  }
  __syncthreads();
}
template <class T>
__global__ void beyond_static_of_template(unsigned size) {
  __shared__ T values[32];
  T* const first = values;
  if (threadIdx.x < size) {
    first[threadIdx.x] = 1;
  }
  __syncthreads();
}
__global__ void local_array(unsigned size, int* out) {
  volatile int values[8];
  for (unsigned i = 0; i < size; ++i) {
    values[i] = 1;
  }
  __syncthreads();
  out[0] = values[0];
}

TEST_F(AddressSanitizer, FindsWhatLeavesItsArray) {
  const DeviceArray<int> out(32);
  EXPECT_DEATH(launch(beyond_device, 1, 33, 0, out.get()), "heap-buffer-overflow");
  EXPECT_DEATH(launch(beyond_dynamic, 1, 33, 128), "heap-buffer-overflow");
  EXPECT_DEATH(launch(beyond_static, 1, 64, 0, 33u), "global-buffer-overflow|insufficient space");
  EXPECT_DEATH(launch(beyond_static_of_template<int>, 1, 64, 0, 33u),
               "global-buffer-overflow|insufficient space");
  EXPECT_DEATH(launch(local_array, 1, 32, 0, 9u, out.get()), "stack-buffer-overflow|index 8 out of bounds");
  int* freed = nullptr;
  EXPECT_DEATH(
      {
        cudaMalloc(&freed, 4);
        cudaFree(freed);
        launch(touch, 1, 1, 0, freed);
      },
      "heap-use-after-free");
  EXPECT_EQ(launch(beyond_device, 1, 32, 0, out.get()), cudaSuccess);
  EXPECT_EQ(launch(beyond_dynamic, 1, 32, 128), cudaSuccess);
  EXPECT_EQ(launch(beyond_static, 1, 64, 0, 32u), cudaSuccess);
  EXPECT_EQ(launch(beyond_static_of_template<int>, 1, 64, 0, 32u), cudaSuccess);
  EXPECT_EQ(launch(local_array, 1, 32, 0, 8u, out.get()), cudaSuccess);
}
#endif

}  // namespace
