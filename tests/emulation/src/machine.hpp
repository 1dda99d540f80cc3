// The state of the emulated machine: devices, what is allocated on them, streams, events, failures to come.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "driver_types.h"
#include "emulation/control.hpp"
#include "stream_queue.hpp"

struct CUstream_st {
  int device;
  std::shared_ptr<emulation::StreamQueue> queue;
};
struct CUevent_st {
  int device;
  bool timed;
  emulation::StreamPoint point = {};  // of the last record; the queue is null before the first
  std::shared_ptr<std::atomic<std::int64_t>> nanoseconds = std::make_shared<std::atomic<std::int64_t>>(0);
};
struct CUmemPoolHandle_st {
  int device;
  std::uint64_t release_threshold;
};

namespace emulation {

enum class MemoryKind { device, pinned, registered };

struct Allocation {
  char* data;
  std::size_t bytes;
  MemoryKind kind;
  int device;  // that owned it, or was current when it was pinned
};

struct DeviceState {
  std::size_t live_bytes = 0;
  std::size_t peak_bytes = 0;
  std::set<int> peers;
  CUmemPoolHandle_st pool{};
};

struct KernelState {
  int dynamic_shared_limit = 0;  // as set by cudaFuncSetAttribute
};

class Machine {
 public:
  static constexpr int multiprocessors = 2;
  static constexpr std::size_t shared_per_block = 48 << 10;
  static constexpr std::size_t shared_per_block_opt_in = 227 << 10;
  static constexpr std::size_t shared_per_multiprocessor = 228 << 10;
  static constexpr int threads_per_multiprocessor = 2048;

  std::mutex mutex;  // guards all that follows
  Config config;
  std::map<const char*, Allocation> allocations;  // by the first address
  std::map<int, DeviceState> devices;
  std::set<CUstream_st*> streams;
  std::set<CUevent_st*> events;
  std::unordered_map<const void*, KernelState> kernels;
  cudaError_t planned_failure = cudaSuccess;
  std::int64_t calls_until_failure = 0;
  cudaError_t lost = cudaSuccess;  // the error that no call recovers from
  std::int64_t calls = 0;

  // The allocation that contains the address, or null.
  const Allocation* find(const void* address) const;
};

Machine& machine();

// The calling thread's device.
int& current_device();

// Remembers the error for cudaGetLastError and returns it.
cudaError_t remember(cudaError_t error);

// Counts a call that may fail. Not cudaSuccess: the planned failure or the lost device, which the call has to
// return. Takes the machine's lock.
cudaError_t begin_call();

// The same for calls that release: not counted, never planned to fail, but a lost device shows.
cudaError_t begin_release();

// Whether `stream` is null, one of CUDA's special handles, or live.
bool valid_stream(cudaStream_t stream);

// The device of a stream; the current one for special handles.
int device_of(cudaStream_t stream);

// Whether code on `device` may use memory of `other`.
bool may_access(int device, int other);

}  // namespace emulation
