// The runtime's memory, streams, events, devices and planned failures. Compiled as plain C++, as Ramet's host
// code is.
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <numeric>
#include <thread>
#include <vector>

#include "emulation/control.hpp"
#include "fixture.hpp"

namespace {

using Runtime = emulation_test::Emulation;

void* device_memory(std::size_t bytes) {
  void* pointer = nullptr;
  EXPECT_EQ(cudaMalloc(&pointer, bytes), cudaSuccess);
  return pointer;
}

TEST_F(Runtime, AllocationsAreCountedPoisonedAndAligned) {
  const std::size_t before = emulation::live_bytes(0);
  emulation::reset_peak_bytes();
  auto* const memory = static_cast<unsigned char*>(device_memory(1000));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 256, 0u);
  EXPECT_EQ(emulation::live_bytes(0), before + 1000);
  EXPECT_EQ(emulation::live_allocations(), 1u);
  EXPECT_THAT(emulation::describe_live_allocations(),
              testing::HasSubstr("1000 bytes, device memory of device 0"));
  std::vector<unsigned char> host(1000);
  EXPECT_EQ(cudaMemcpy(host.data(), memory, 1000, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(host, std::vector<unsigned char>(1000, 0xcb));
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
  EXPECT_EQ(emulation::live_bytes(0), before);
  EXPECT_EQ(emulation::peak_bytes(0), before + 1000);
  EXPECT_EQ(cudaFree(nullptr), cudaSuccess);
  void* nothing = &host;
  EXPECT_EQ(cudaMalloc(&nothing, 0), cudaSuccess);
  EXPECT_EQ(nothing, nullptr);
}

TEST_F(Runtime, WhatIsNotAllocatedIsNotFreed) {
  int local = 0;
  EXPECT_EQ(cudaFree(&local), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  auto* const memory = static_cast<char*>(device_memory(8));
  EXPECT_EQ(cudaFree(memory + 4), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFreeHost(memory), cudaErrorInvalidValue);
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
  EXPECT_EQ(cudaFree(memory), cudaErrorInvalidValue);
}

TEST_F(Runtime, MemoryRunsOut) {
  emulation::configure({.memory_bytes = 4096});
  void* const first = device_memory(3000);
  std::size_t free_bytes = 0;
  std::size_t total = 0;
  EXPECT_EQ(cudaMemGetInfo(&free_bytes, &total), cudaSuccess);
  EXPECT_EQ(free_bytes, 1096u);
  EXPECT_EQ(total, 4096u);
  void* second = &total;
  EXPECT_EQ(cudaMalloc(&second, 1097), cudaErrorMemoryAllocation);
  EXPECT_EQ(second, nullptr);
  EXPECT_EQ(cudaMallocAsync(&second, 1097, nullptr), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMalloc(&second, 1096), cudaSuccess);
  EXPECT_EQ(cudaFree(first), cudaSuccess);
  EXPECT_EQ(cudaFreeAsync(second, nullptr), cudaSuccess);
  EXPECT_EQ(cudaMallocHost(&second, 10000), cudaSuccess) << "pinned memory is not the device's";
  EXPECT_EQ(cudaFreeHost(second), cudaSuccess);
}

TEST_F(Runtime, CopiesCheckKindAndRange) {
  std::vector<int> host(8);
  std::iota(host.begin(), host.end(), 0);
  auto* const device = static_cast<int*>(device_memory(32));
  auto* const other = static_cast<int*>(device_memory(32));
  EXPECT_EQ(cudaMemcpy(device, host.data(), 32, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(device, host.data(), 33, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(device + 1, host.data(), 32, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host.data(), device, 32, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host.data(), device, 32, cudaMemcpyHostToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(other, host.data(), 32, cudaMemcpyDeviceToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(other, device, 32, static_cast<cudaMemcpyKind>(7)), cudaErrorInvalidMemcpyDirection);
  EXPECT_EQ(cudaMemcpy(nullptr, device, 4, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(other, device, 32, cudaMemcpyDefault, nullptr), cudaSuccess);
  std::vector<int> back(8);
  EXPECT_EQ(cudaMemcpyAsync(back.data(), other, 32, cudaMemcpyDefault, nullptr), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(back, host);
  EXPECT_EQ(cudaMemset(device, 0xff, 32), cudaSuccess);
  EXPECT_EQ(cudaMemset(device, 0xff, 36), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset(host.data(), 0xff, 32), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(back.data(), device, 32, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(back, std::vector<int>(8, -1));
  EXPECT_EQ(cudaFree(device), cudaSuccess);
  EXPECT_EQ(cudaFree(other), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(back.data(), device, 32, cudaMemcpyDeviceToHost), cudaErrorInvalidValue) << "freed";
}

TEST_F(Runtime, CopiesOfRowsWithPitch) {
  std::vector<char> host(60);
  std::iota(host.begin(), host.end(), char{0});
  auto* const device = static_cast<char*>(device_memory(40));
  EXPECT_EQ(cudaMemset(device, 0, 40), cudaSuccess);
  EXPECT_EQ(cudaMemcpy2D(device, 10, host.data(), 12, 7, 4, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(cudaMemcpy2D(device, 10, host.data(), 12, 11, 4, cudaMemcpyHostToDevice),
            cudaErrorInvalidPitchValue);
  EXPECT_EQ(cudaMemcpy2D(device + 4, 10, host.data(), 12, 7, 4, cudaMemcpyHostToDevice),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset2DAsync(device + 8, 10, 9, 2, 4, nullptr), cudaSuccess);
  std::vector<char> back(40);
  EXPECT_EQ(cudaMemcpy(back.data(), device, 40, cudaMemcpyDeviceToHost), cudaSuccess);
  for (int i = 0; i < 40; ++i) {
    const int column = i % 10;
    EXPECT_EQ(back[static_cast<std::size_t>(i)], column < 7 ? i / 10 * 12 + column : column < 8 ? 0 : 9) << i;
  }
  EXPECT_EQ(cudaFree(device), cudaSuccess);
}

TEST_F(Runtime, PinnedRegisteredAndUnknownMemory) {
  void* pinned = nullptr;
  ASSERT_EQ(cudaHostAlloc(&pinned, 16, cudaHostAllocDefault), cudaSuccess);
  int local[4] = {1, 2, 3, 4};
  cudaPointerAttributes attributes{};
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, pinned), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeHost);
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, local), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeUnregistered);
  ASSERT_EQ(cudaHostRegister(local, sizeof local, cudaHostRegisterDefault), cudaSuccess);
  EXPECT_EQ(cudaHostRegister(local + 1, 4, cudaHostRegisterDefault), cudaErrorHostMemoryAlreadyRegistered);
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, local + 2), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeHost);
  void* mapped = nullptr;
  EXPECT_EQ(cudaHostGetDevicePointer(&mapped, local, 0), cudaSuccess);
  EXPECT_EQ(mapped, local);
  EXPECT_EQ(cudaHostUnregister(local), cudaSuccess);
  EXPECT_EQ(cudaHostUnregister(local), cudaErrorHostMemoryNotRegistered);
  EXPECT_EQ(cudaHostGetDevicePointer(&mapped, local, 0), cudaErrorInvalidValue);
  void* const device = device_memory(4);
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, device), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeDevice);
  EXPECT_EQ(attributes.device, 0);
  EXPECT_EQ(cudaFree(device), cudaSuccess);
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
}

TEST_F(Runtime, DevicesAreSeparate) {
  emulation::configure({.devices = 3, .memory_bytes = 100});
  int count = 0;
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  EXPECT_EQ(count, 3);
  EXPECT_EQ(cudaSetDevice(3), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaSetDevice(-1), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaSetDevice(2), cudaSuccess);
  void* const there = device_memory(80);
  int elsewhere = -1;
  std::thread([&] { EXPECT_EQ(cudaGetDevice(&elsewhere), cudaSuccess); }).join();
  EXPECT_EQ(elsewhere, 0) << "the current device is a thread's own";
  EXPECT_EQ(cudaSetDevice(0), cudaSuccess);
  void* const here = device_memory(80);
  EXPECT_EQ(cudaMemset(here, 1, 80), cudaSuccess);
  EXPECT_EQ(emulation::live_bytes(2), 80u);
  EXPECT_EQ(cudaMemcpyPeer(there, 2, here, 0, 80), cudaSuccess);
  EXPECT_EQ(cudaMemcpyPeer(there, 1, here, 0, 80), cudaErrorInvalidValue);
  int can = 0;
  EXPECT_EQ(cudaDeviceCanAccessPeer(&can, 0, 2), cudaSuccess);
  EXPECT_EQ(can, 1);
  EXPECT_EQ(cudaDeviceEnablePeerAccess(2, 0), cudaSuccess);
  EXPECT_EQ(cudaDeviceEnablePeerAccess(2, 0), cudaErrorPeerAccessAlreadyEnabled);
  EXPECT_EQ(cudaDeviceDisablePeerAccess(2), cudaSuccess);
  EXPECT_EQ(cudaDeviceDisablePeerAccess(2), cudaErrorPeerAccessNotEnabled);
  EXPECT_EQ(cudaFree(here), cudaSuccess);
  EXPECT_EQ(cudaFree(there), cudaSuccess);
  EXPECT_EQ(emulation::live_bytes(2), 0u);
  emulation::configure({.devices = 0});
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaErrorNoDevice);
  EXPECT_EQ(count, 0);
  EXPECT_THROW(emulation::configure({.devices = -1}), std::invalid_argument);
}

TEST_F(Runtime, Properties) {
  cudaDeviceProp properties{};
  ASSERT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  EXPECT_STREQ(properties.name, "Emulated device 0");
  EXPECT_EQ(properties.multiProcessorCount, 2);
  int value = 0;
  EXPECT_EQ(cudaDeviceGetAttribute(&value, cudaDevAttrComputeCapabilityMajor, 0), cudaSuccess);
  EXPECT_EQ(value, properties.major);
  EXPECT_EQ(cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0), cudaSuccess);
  EXPECT_EQ(static_cast<std::size_t>(value), properties.sharedMemPerBlockOptin);
  EXPECT_EQ(cudaDeviceGetAttribute(&value, cudaDevAttrWarpSize, 1), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetDeviceProperties(&properties, 1), cudaErrorInvalidDevice);
  cudaMemPool_t pool = nullptr;
  EXPECT_EQ(cudaDeviceGetDefaultMemPool(&pool, 0), cudaSuccess);
  std::uint64_t threshold = 12345;
  EXPECT_EQ(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold), cudaSuccess);
  threshold = 0;
  EXPECT_EQ(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold), cudaSuccess);
  EXPECT_EQ(threshold, 12345u);
  EXPECT_STREQ(cudaGetErrorName(cudaErrorMemoryAllocation), "cudaErrorMemoryAllocation");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory");
}

TEST_F(Runtime, StreamsAndEvents) {
  cudaStream_t stream = nullptr;
  cudaEvent_t start = nullptr;
  cudaEvent_t stop = nullptr;
  cudaEvent_t untimed = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&start), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&stop), cudaSuccess);
  ASSERT_EQ(cudaEventCreateWithFlags(&untimed, cudaEventDisableTiming), cudaSuccess);
  float milliseconds = -1;
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, stop), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaEventRecord(start, stream), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(stop, stream), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(untimed, stream), cudaSuccess);
  EXPECT_EQ(cudaStreamWaitEvent(stream, stop, 0), cudaSuccess);
  EXPECT_EQ(cudaEventSynchronize(stop), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, stop), cudaSuccess);
  EXPECT_GE(milliseconds, 0);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, untimed), cudaErrorInvalidResourceHandle);
  int called = 0;
  EXPECT_EQ(cudaLaunchHostFunc(
                stream, [](void* data) { ++*static_cast<int*>(data); }, &called),
            cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(called, 1);
  EXPECT_EQ(cudaStreamQuery(stream), cudaSuccess);
  EXPECT_EQ(emulation::live_streams(), 1u);
  EXPECT_EQ(emulation::live_events(), 3u);
  EXPECT_EQ(cudaEventDestroy(start), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(stop), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(untimed), cudaSuccess);
  EXPECT_EQ(cudaEventQuery(stop), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorInvalidResourceHandle);
}

TEST_F(Runtime, EventsBelongToADevice) {
  emulation::configure({.devices = 2});
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(event, nullptr), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
}

TEST_F(Runtime, PlannedFailureHitsTheCallChosen) {
  void* memory = nullptr;
  const std::int64_t before = emulation::counted_calls();
  emulation::fail_next(cudaErrorMemoryAllocation, 1);
  EXPECT_EQ(cudaMalloc(&memory, 8), cudaSuccess);
  EXPECT_EQ(cudaFree(nullptr), cudaSuccess) << "releases do not count";
  EXPECT_EQ(cudaMemset(memory, 0, 8), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMemset(memory, 0, 8), cudaSuccess);
  EXPECT_EQ(emulation::counted_calls(), before + 3);
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
}

TEST_F(Runtime, LostDeviceStaysLostButReleases) {
  void* const memory = device_memory(8);
  emulation::fail_next(cudaErrorIllegalAddress);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
  EXPECT_EQ(cudaMemset(memory, 0, 8), cudaErrorIllegalAddress);
  void* more = nullptr;
  EXPECT_EQ(cudaMalloc(&more, 8), cudaErrorIllegalAddress);
  EXPECT_EQ(cudaFree(memory), cudaErrorIllegalAddress);
  EXPECT_EQ(emulation::live_allocations(), 0u);
  emulation::reset();
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

TEST_F(Runtime, AllocationsFromManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 200; ++i) {
        void* memory = nullptr;
        ASSERT_EQ(cudaMalloc(&memory, 16), cudaSuccess);
        ASSERT_EQ(cudaMemset(memory, i, 16), cudaSuccess);
        ASSERT_EQ(cudaFree(memory), cudaSuccess);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(emulation::live_bytes(0), 0u);
}

using Environment = testing::Test;

// A process of its own: the variables are read once.
TEST(Environment, ConfiguresTheMachine) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        setenv("RAMET_EMULATED_DEVICES", "5", 1);
        setenv("RAMET_EMULATED_MEMORY", "12345", 1);
        setenv("RAMET_EMULATED_SEED", "7", 1);
        const emulation::Config config = emulation::configuration();
        std::_Exit(config.devices == 5 && config.memory_bytes == 12345 && config.seed == 7 ? 3 : 4);
      },
      testing::ExitedWithCode(3), "");
  EXPECT_EXIT(
      {
        setenv("RAMET_EMULATED_DEVICES", "two", 1);
        try {
          emulation::configuration();
        } catch (const std::invalid_argument&) {
          std::_Exit(5);
        }
      },
      testing::ExitedWithCode(5), "");
}

}  // namespace
