// Runtime calls that allocate and release memory. Each allocation is a heap block of its own, so that
// AddressSanitizer sees what reaches beyond it.
#include <cstring>
#include <new>

#include "cuda_runtime_api.h"
#include "machine.hpp"
#include "observer.hpp"
#include "runtime.hpp"

namespace emulation {
namespace {

constexpr std::align_val_t alignment{256};

cudaError_t allocate(void** pointer, std::size_t bytes, MemoryKind kind) {
  if (pointer == nullptr) {
    return cudaErrorInvalidValue;
  }
  *pointer = nullptr;
  if (bytes == 0) {
    return cudaSuccess;
  }
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  const int device = current_device();
  DeviceState& state = m.devices[device];
  if (kind == MemoryKind::device &&
      bytes > m.config.memory_bytes - std::min(m.config.memory_bytes, state.live_bytes)) {
    return cudaErrorMemoryAllocation;
  }
  auto* data = static_cast<char*>(::operator new(bytes, alignment, std::nothrow));
  if (data == nullptr) {
    return cudaErrorMemoryAllocation;
  }
  std::memset(data, 0xcb, bytes);
  m.allocations[data] = {data, bytes, kind, device};
  if (kind == MemoryKind::device) {
    state.live_bytes += bytes;
    state.peak_bytes = std::max(state.peak_bytes, state.live_bytes);
  }
  if (observer != nullptr) {
    observer->allocated(data, kind == MemoryKind::device ? bytes : 0);
  }
  *pointer = data;
  return cudaSuccess;
}

cudaError_t deallocate(void* pointer, MemoryKind kind) {
  if (pointer == nullptr) {
    return cudaSuccess;
  }
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  const auto found = m.allocations.find(static_cast<const char*>(pointer));
  if (found == m.allocations.end() || found->second.kind != kind) {
    return cudaErrorInvalidValue;
  }
  if (kind == MemoryKind::device) {
    m.devices[found->second.device].live_bytes -= found->second.bytes;
  }
  m.allocations.erase(found);
  if (observer != nullptr) {
    observer->freed(pointer);
  }
  ::operator delete(pointer, alignment);
  return cudaSuccess;
}

}  // namespace
}  // namespace emulation

using emulation::call;
using emulation::machine;
using emulation::MemoryKind;

namespace {

int owner_of(const void* pointer) {
  const std::lock_guard lock(machine().mutex);
  const emulation::Allocation* found = machine().find(pointer);
  return found == nullptr ? emulation::current_device() : found->device;
}

}  // namespace

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  return call([&] { return emulation::allocate(pointer, bytes, MemoryKind::device); });
}

cudaError_t cudaFree(void* pointer) {
  // As CUDA does, this waits for the device.
  emulation::run_all_quietly(owner_of(pointer));
  return emulation::release([&] { return emulation::deallocate(pointer, MemoryKind::device); });
}

cudaError_t cudaMallocAsync(void** pointer, size_t bytes, cudaStream_t stream) {
  return call([&] {
    return emulation::valid_stream(stream) ? emulation::allocate(pointer, bytes, MemoryKind::device)
                                           : cudaErrorInvalidResourceHandle;
  });
}

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream) {
  return emulation::release([&] {
    if (!emulation::valid_stream(stream)) {
      return cudaErrorInvalidResourceHandle;
    }
    {
      const std::lock_guard lock(machine().mutex);
      const emulation::Allocation* found = machine().find(pointer);
      if (pointer != nullptr &&
          (found == nullptr || found->data != pointer || found->kind != MemoryKind::device)) {
        return cudaErrorInvalidValue;
      }
    }
    emulation::enqueue_work(stream, [=] { emulation::deallocate(pointer, MemoryKind::device); });
    return cudaSuccess;
  });
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes) { return cudaHostAlloc(pointer, bytes, 0); }

cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned) {
  return call([&] { return emulation::allocate(pointer, bytes, MemoryKind::pinned); });
}

cudaError_t cudaFreeHost(void* pointer) {
  emulation::run_all_quietly(-1);
  return emulation::release([&] { return emulation::deallocate(pointer, MemoryKind::pinned); });
}

cudaError_t cudaHostRegister(void* pointer, size_t bytes, unsigned) {
  return call([&] {
    auto* data = static_cast<char*>(pointer);
    if (data == nullptr || bytes == 0) {
      return cudaErrorInvalidValue;
    }
    const std::lock_guard lock(machine().mutex);
    if (machine().find(data) != nullptr || machine().find(data + bytes - 1) != nullptr) {
      return cudaErrorHostMemoryAlreadyRegistered;
    }
    machine().allocations[data] = {data, bytes, MemoryKind::registered, emulation::current_device()};
    return cudaSuccess;
  });
}

cudaError_t cudaHostUnregister(void* pointer) {
  return emulation::release([&] {
    const std::lock_guard lock(machine().mutex);
    const auto found = machine().allocations.find(static_cast<const char*>(pointer));
    if (found == machine().allocations.end() || found->second.kind != MemoryKind::registered) {
      return cudaErrorHostMemoryNotRegistered;
    }
    machine().allocations.erase(found);
    return cudaSuccess;
  });
}

cudaError_t cudaHostGetDevicePointer(void** device_pointer, void* host_pointer, unsigned) {
  return call([&] {
    const std::lock_guard lock(machine().mutex);
    const emulation::Allocation* found = machine().find(host_pointer);
    if (found == nullptr || found->kind == MemoryKind::device) {
      return cudaErrorInvalidValue;
    }
    *device_pointer = host_pointer;
    return cudaSuccess;
  });
}

cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total_bytes) {
  return call([&] {
    const std::lock_guard lock(machine().mutex);
    *total_bytes = machine().config.memory_bytes;
    *free_bytes =
        *total_bytes - std::min(*total_bytes, machine().devices[emulation::current_device()].live_bytes);
    return cudaSuccess;
  });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  return call([&] {
    const std::lock_guard lock(machine().mutex);
    const emulation::Allocation* found = machine().find(pointer);
    void* address = const_cast<void*>(pointer);
    if (found == nullptr) {
      *attributes = {cudaMemoryTypeUnregistered, cudaInvalidDeviceId, nullptr, address};
    } else if (found->kind == MemoryKind::device) {
      *attributes = {cudaMemoryTypeDevice, found->device, address, nullptr};
    } else {
      *attributes = {cudaMemoryTypeHost, found->device, address, address};
    }
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  return call([&] {
    const std::lock_guard lock(machine().mutex);
    if (device < 0 || device >= machine().config.devices) {
      return cudaErrorInvalidDevice;
    }
    *pool = &machine().devices[device].pool;
    (*pool)->device = device;
    return cudaSuccess;
  });
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  return call([&] {
    const std::lock_guard lock(machine().mutex);
    if (attribute == cudaMemPoolAttrReleaseThreshold) {
      std::memcpy(&pool->release_threshold, value, sizeof pool->release_threshold);
    }
    return cudaSuccess;
  });
}

cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  return call([&] {
    const std::lock_guard lock(machine().mutex);
    const emulation::DeviceState& device = machine().devices[pool->device];
    std::uint64_t answer = 0;
    switch (attribute) {
      case cudaMemPoolAttrReleaseThreshold:
        answer = pool->release_threshold;
        break;
      case cudaMemPoolAttrReservedMemCurrent:
      case cudaMemPoolAttrUsedMemCurrent:
        answer = device.live_bytes;
        break;
      case cudaMemPoolAttrReservedMemHigh:
      case cudaMemPoolAttrUsedMemHigh:
        answer = device.peak_bytes;
        break;
      default:
        return cudaErrorInvalidValue;
    }
    std::memcpy(value, &answer, sizeof answer);
    return cudaSuccess;
  });
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t) {
  return call([] { return cudaSuccess; });
}
