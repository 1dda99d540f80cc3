// Launches: the checks that CUDA makes or that a device would fail by, then block after block.
#include "emulation/launch.hpp"

#include <cstring>

#include "block.hpp"
#include "cuda_runtime_api.h"
#include "machine.hpp"
#include "observer.hpp"
#include "runtime.hpp"
#include "shared_memory.hpp"
#include "symbols.hpp"

namespace emulation {
namespace {

std::mutex launch_mutex;  // __shared__ variables are static, so one kernel runs at a time

std::string size_text(dim3 size) {
  return std::to_string(size.x) + " x " + std::to_string(size.y) + " x " + std::to_string(size.z);
}

std::size_t dynamic_limit(const void* kernel) {
  const std::lock_guard lock(machine().mutex);
  const auto found = machine().kernels.find(kernel);
  const std::size_t set =
      found == machine().kernels.end() ? 0 : static_cast<std::size_t>(found->second.dynamic_shared_limit);
  const std::size_t fixed = static_shared_bytes(kernel);
  return std::max(set, Machine::shared_per_block - std::min(fixed, Machine::shared_per_block));
}

void check_shape(const Launch& launch, const std::string& name) {
  const dim3& block = launch.block;
  const dim3& grid = launch.grid;
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  if (threads == 0 || threads > 1024 || block.x > 1024 || block.y > 1024 || block.z > 64) {
    throw Fault(name + ": launched with blocks of " + size_text(block) + " threads");
  }
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 2147483647u || grid.y > 65535 || grid.z > 65535) {
    throw Fault(name + ": launched with a grid of " + size_text(grid) + " blocks");
  }
  if (const std::size_t limit = dynamic_limit(launch.kernel); launch.shared_bytes > limit) {
    throw Fault(name + ": launched with " + std::to_string(launch.shared_bytes) +
                " bytes of dynamic shared memory; its limit is " + std::to_string(limit));
  }
}

// Looks at every aligned word of the arguments: one that is an address on a device not reachable is an error.
void check_arguments(const Launch& launch, const std::string& name, int device) {
  int index = 0;
  for (const ArgumentBytes& argument : launch.arguments) {
    for (std::size_t at = 0; at + sizeof(void*) <= argument.size; at += sizeof(void*)) {
      const void* word = nullptr;
      std::memcpy(&word, static_cast<const char*>(argument.data) + at, sizeof word);
      int owner = device;
      {
        const std::lock_guard lock(machine().mutex);
        const Allocation* found = machine().find(word);
        owner = found != nullptr && found->kind == MemoryKind::device ? found->device : device;
      }
      if (!may_access(device, owner)) {
        throw Fault(name + ": argument " + std::to_string(index) + " points to memory of device " +
                    std::to_string(owner) + ", the kernel runs on device " + std::to_string(device));
      }
    }
    ++index;
  }
}

void run_grid(const Launch& launch, const std::string& name, int device) {
  const std::lock_guard lock(launch_mutex);
  const Grid grid{launch.grid, launch.block, name.c_str(), &launch.thread_body, configuration().seed};
  set_dynamic_shared_bytes(launch.shared_bytes);
  Block block(grid);
  if (observer != nullptr) {
    observer->kernel_begins(grid, device);
  }
  const std::uint64_t blocks = std::uint64_t{grid.size.x} * grid.size.y * grid.size.z;
  const std::vector<unsigned> order =
      grid.seed == 0 ? std::vector<unsigned>() : permutation(static_cast<unsigned>(blocks), grid.seed);
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const std::uint64_t number = order.empty() ? i : order[i];
    block.run({static_cast<unsigned>(number % grid.size.x),
               static_cast<unsigned>(number / grid.size.x % grid.size.y),
               static_cast<unsigned>(number / grid.size.x / grid.size.y)});
  }
  if (observer != nullptr) {
    observer->kernel_ends();
  }
  set_dynamic_shared_bytes(0);
}

}  // namespace

cudaError_t launch(Launch launch) {
  return call([&] {
    if (launch.kernel == nullptr) {
      return cudaErrorInvalidDeviceFunction;
    }
    const int device = current_device();
    if (device >= configuration().devices) {
      return cudaErrorInvalidDevice;
    }
    if (!valid_stream(launch.stream) || device_of(launch.stream) != device) {
      return cudaErrorInvalidResourceHandle;
    }
    const std::string name = symbol_name(launch.kernel);
    check_shape(launch, name);
    check_arguments(launch, name, device);
    const cudaStream_t stream = launch.stream;
    enqueue_work(stream, [launch = std::move(launch), name, device] { run_grid(launch, name, device); });
    return cudaSuccess;
  });
}

}  // namespace emulation

using emulation::call;
using emulation::machine;
using emulation::Machine;

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  return call([&] {
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) {
      return attribute == cudaFuncAttributePreferredSharedMemoryCarveout ? cudaSuccess
                                                                         : cudaErrorInvalidValue;
    }
    const std::size_t fixed = emulation::static_shared_bytes(kernel);
    if (value < 0 || fixed + static_cast<std::size_t>(value) > Machine::shared_per_block_opt_in) {
      return cudaErrorInvalidValue;
    }
    const std::lock_guard lock(machine().mutex);
    machine().kernels[kernel].dynamic_shared_limit = value;
    return cudaSuccess;
  });
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* kernel) {
  return call([&] {
    *attributes = {};
    attributes->sharedSizeBytes = emulation::static_shared_bytes(kernel);
    attributes->maxThreadsPerBlock = 1024;
    attributes->numRegs = 32;
    attributes->binaryVersion = attributes->ptxVersion = 90;
    attributes->maxDynamicSharedSizeBytes = static_cast<int>(emulation::dynamic_limit(kernel));
    return cudaSuccess;
  });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* kernel, int threads,
                                                          size_t dynamic_shared_bytes) {
  return call([&] {
    if (threads <= 0 || threads > 1024) {
      return cudaErrorInvalidValue;
    }
    const std::size_t shared = emulation::static_shared_bytes(kernel) + dynamic_shared_bytes + 1024;
    const int whole_warps = (threads + 31) / 32 * 32;
    const int by_threads = Machine::threads_per_multiprocessor / whole_warps;
    const int by_shared = static_cast<int>(Machine::shared_per_multiprocessor / shared);
    *blocks = std::min({32, by_threads, by_shared});
    return cudaSuccess;
  });
}
