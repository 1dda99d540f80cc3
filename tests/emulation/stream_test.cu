// Deferred streams: whoever waits gets the result, and whoever forgets to wait does not.
#include <cub/cub.cuh>

#include <cstring>

#include "testing.hpp"

namespace {

using emulation_test::DeviceArray;
using emulation_test::fault_of;
using testing::HasSubstr;

class Deferred : public emulation_test::Emulation {
 protected:
  Deferred() {
    emulation::configure({.devices = 2, .deferred = true});
    EXPECT_EQ(cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking), cudaSuccess);
    EXPECT_EQ(cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking), cudaSuccess);
    EXPECT_EQ(cudaEventCreate(&event), cudaSuccess);
    EXPECT_EQ(cudaMallocHost(&pinned, sizeof(int)), cudaSuccess);
    *pinned = -1;
  }
  ~Deferred() override {
    EXPECT_EQ(cudaStreamDestroy(first), cudaSuccess);
    EXPECT_EQ(cudaStreamDestroy(second), cudaSuccess);
    EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
    EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
  }
  cudaStream_t first = nullptr;
  cudaStream_t second = nullptr;
  cudaEvent_t event = nullptr;
  int* pinned = nullptr;
};

__global__ void set(int* at, int value) { *at = value; }
__global__ void add(int* at, int value) { *at += value; }
__global__ void fail() { __trap(); }

template <class... P>
cudaError_t launch_on(cudaStream_t stream, void (*kernel)(P...), std::type_identity_t<P>... arguments) {
  void* pointers[] = {static_cast<void*>(&arguments)..., nullptr};
  return cudaLaunchKernel(kernel, dim3(1), dim3(1), pointers, 0, stream);
}

cudaError_t fetch(int* host, const DeviceArray<int>& device, cudaStream_t stream) {
  return cudaMemcpyAsync(host, device.get(), sizeof(int), cudaMemcpyDeviceToHost, stream);
}

TEST_F(Deferred, WhoDoesNotWaitSeesOldValues) {
  const DeviceArray<int> value(1);
  ASSERT_EQ(launch_on(first, set, value.get(), 7), cudaSuccess);
  ASSERT_EQ(fetch(pinned, value, first), cudaSuccess);
  EXPECT_EQ(*pinned, -1);
  EXPECT_EQ(cudaStreamSynchronize(second), cudaSuccess);
  EXPECT_EQ(*pinned, -1) << "another stream";
  EXPECT_EQ(cudaStreamSynchronize(first), cudaSuccess);
  EXPECT_EQ(*pinned, 7);
}

TEST_F(Deferred, PinnedMemoryIsReadLateAndPageableMemoryAtOnce) {
  const DeviceArray<int> a(1);
  const DeviceArray<int> b(1);
  int pageable = 5;
  *pinned = 5;
  ASSERT_EQ(cudaMemcpyAsync(a.get(), &pageable, 4, cudaMemcpyHostToDevice, first), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(b.get(), pinned, 4, cudaMemcpyHostToDevice, first), cudaSuccess);
  pageable = *pinned = 6;
  int got = 0;
  ASSERT_EQ(fetch(&got, a, first), cudaSuccess) << "to pageable memory, which waits";
  EXPECT_EQ(got, 5);
  ASSERT_EQ(fetch(&got, b, first), cudaSuccess);
  EXPECT_EQ(got, 6);
}

TEST_F(Deferred, EventsOrderStreams) {
  const DeviceArray<int> value(std::vector<int>{0});
  // Without the event, the second stream's copy comes first.
  ASSERT_EQ(launch_on(first, set, value.get(), 1), cudaSuccess);
  ASSERT_EQ(fetch(pinned, value, second), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(second), cudaSuccess);
  EXPECT_EQ(*pinned, 0);
  ASSERT_EQ(cudaEventRecord(event, first), cudaSuccess);
  ASSERT_EQ(launch_on(first, set, value.get(), 2), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(second, event, 0), cudaSuccess);
  ASSERT_EQ(fetch(pinned, value, second), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(second), cudaSuccess);
  EXPECT_EQ(*pinned, 1) << "what came before the event, and no more";
  ASSERT_EQ(fetch(pinned, value, first), cudaSuccess);
  ASSERT_EQ(cudaEventSynchronize(event), cudaSuccess);
  EXPECT_EQ(*pinned, 1);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(*pinned, 2);
}

TEST_F(Deferred, PollingMakesProgress) {
  const DeviceArray<int> value(std::vector<int>{0});
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(launch_on(first, add, value.get(), 1), cudaSuccess);
  }
  ASSERT_EQ(cudaEventRecord(event, first), cudaSuccess);
  float milliseconds = 0;
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, event, event), cudaErrorNotReady);
  int polls = 0;
  while (cudaEventQuery(event) == cudaErrorNotReady) {
    ++polls;
  }
  EXPECT_EQ(polls, 4);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, event, event), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(first), cudaSuccess);
  EXPECT_EQ(value.values()[0], 3);
}

TEST_F(Deferred, NullStreamAndOthersWaitForEachOther) {
  cudaStream_t blocking = nullptr;
  ASSERT_EQ(cudaStreamCreate(&blocking), cudaSuccess);
  const DeviceArray<int> value(std::vector<int>{0});
  ASSERT_EQ(launch_on(blocking, set, value.get(), 1), cudaSuccess);
  ASSERT_EQ(fetch(pinned, value, nullptr), cudaSuccess);
  ASSERT_EQ(launch_on(nullptr, add, value.get(), 1), cudaSuccess);
  ASSERT_EQ(launch_on(blocking, add, value.get(), 10), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(blocking), cudaSuccess);
  EXPECT_EQ(*pinned, 1);
  EXPECT_EQ(value.values()[0], 12);
  // A stream that was created not to wait does not.
  ASSERT_EQ(launch_on(first, set, value.get(), 50), cudaSuccess);
  EXPECT_EQ(value.values()[0], 12);
  ASSERT_EQ(cudaStreamDestroy(blocking), cudaSuccess);
}

TEST_F(Deferred, FreeingWaitsAndFreeingInAStreamComesInOrder) {
  int* memory = nullptr;
  const DeviceArray<int> value(1);
  ASSERT_EQ(cudaMallocAsync(&memory, 4, first), cudaSuccess);
  ASSERT_EQ(launch_on(first, set, memory, 4), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(value.get(), memory, 4, cudaMemcpyDefault, first), cudaSuccess);
  ASSERT_EQ(cudaFreeAsync(memory, first), cudaSuccess);
  EXPECT_EQ(emulation::live_bytes(0), 8u);
  ASSERT_EQ(fetch(pinned, value, first), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(first), cudaSuccess);
  EXPECT_EQ(*pinned, 4);
  EXPECT_EQ(emulation::live_bytes(0), 4u);
  // Used in one stream after it was freed in another.
  ASSERT_EQ(cudaMalloc(&memory, 4), cudaSuccess);
  ASSERT_EQ(cudaMemsetAsync(memory, 0, 4, first), cudaSuccess);
  ASSERT_EQ(cudaFreeAsync(memory, second), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(second), cudaSuccess);
  EXPECT_THAT(fault_of([&] { cudaStreamSynchronize(first); }),
              HasSubstr("freed before the stream came to it"));
}

TEST_F(Deferred, FaultsComeOutWhereSomebodyWaits) {
  ASSERT_EQ(launch_on(first, fail), cudaSuccess);
  EXPECT_THAT(fault_of([&] { cudaStreamSynchronize(first); }), HasSubstr("trap"));
  EXPECT_EQ(cudaStreamSynchronize(first), cudaSuccess);
  int* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 4), cudaSuccess);
  ASSERT_EQ(launch_on(first, fail), cudaSuccess);
  EXPECT_EQ(cudaFree(memory), cudaSuccess) << "destructors must not throw";
  EXPECT_THAT(fault_of([&] { cudaDeviceSynchronize(); }), HasSubstr("trap"));
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

TEST_F(Deferred, ArgumentsAreThoseOfTheLaunchAndTheDeviceThatOfTheStream) {
  const DeviceArray<int> value(1);
  int argument = 3;
  int* pointer = value.get();
  void* arguments[] = {&pointer, &argument};
  ASSERT_EQ(cudaLaunchKernel(set, dim3(1), dim3(1), arguments, 0, first), cudaSuccess);
  argument = 4;
  pointer = nullptr;
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(first), cudaSuccess);
  int device = 0;
  ASSERT_EQ(cudaGetDevice(&device), cudaSuccess);
  EXPECT_EQ(device, 1);
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
  EXPECT_EQ(value.values()[0], 3);
}

TEST_F(Deferred, LibrariesAreDeferredToo) {
  const DeviceArray<int> in(std::vector<int>{3, 1, 2});
  const DeviceArray<int> out(std::vector<int>{0, 0, 0});
  std::size_t bytes = 0;
  ASSERT_EQ(cub::DeviceRadixSort::SortKeys(nullptr, bytes, in.get(), out.get(), 3), cudaSuccess);
  const DeviceArray<char> storage(bytes);
  ASSERT_EQ(cub::DeviceRadixSort::SortKeys(storage.get(), bytes, in.get(), out.get(), 3, 0, 32, first),
            cudaSuccess);
  EXPECT_EQ(out.values(), (std::vector<int>{0, 0, 0}));
  ASSERT_EQ(cudaStreamSynchronize(first), cudaSuccess);
  EXPECT_EQ(out.values(), (std::vector<int>{1, 2, 3}));
}

TEST_F(Deferred, SeedsDoSomeWorkEarly) {
  int early = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    emulation::configure({.devices = 2, .seed = seed, .deferred = true});
    const DeviceArray<int> value(std::vector<int>{0});
    *pinned = -1;
    ASSERT_EQ(launch_on(first, set, value.get(), 7), cudaSuccess);
    early += value.values()[0] == 7 ? 1 : 0;
    ASSERT_EQ(fetch(pinned, value, first), cudaSuccess);
    ASSERT_EQ(cudaStreamSynchronize(first), cudaSuccess);
    EXPECT_EQ(*pinned, 7);
  }
  EXPECT_GT(early, 0);
  EXPECT_LT(early, 20);
}

}  // namespace
