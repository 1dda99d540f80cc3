// Runtime calls about devices and errors.
#include <cstdio>
#include <cstring>
#include <functional>

#include "cuda_runtime_api.h"
#include "machine.hpp"
#include "runtime.hpp"

using emulation::call;
using emulation::machine;
using emulation::Machine;

namespace {

constexpr int version = 13000;
constexpr int registers = 65536;

int devices() { return emulation::configuration().devices; }
bool exists(int device) { return device >= 0 && device < devices(); }

}  // namespace

cudaError_t cudaDriverGetVersion(int* out) {
  return call([&] {
    *out = devices() > 0 ? version : 0;
    return cudaSuccess;
  });
}

cudaError_t cudaRuntimeGetVersion(int* out) {
  return call([&] {
    *out = version;
    return cudaSuccess;
  });
}

cudaError_t cudaGetDeviceCount(int* count) {
  return call([&] {
    *count = devices();
    return *count == 0 ? cudaErrorNoDevice : cudaSuccess;
  });
}

cudaError_t cudaSetDevice(int device) {
  return call([&] {
    if (!exists(device)) {
      return cudaErrorInvalidDevice;
    }
    emulation::current_device() = device;
    return cudaSuccess;
  });
}

cudaError_t cudaGetDevice(int* device) {
  return call([&] {
    *device = emulation::current_device();
    return devices() == 0 ? cudaErrorNoDevice : cudaSuccess;
  });
}

cudaError_t cudaInitDevice(int device, unsigned, unsigned) {
  return call([&] { return exists(device) ? cudaSuccess : cudaErrorInvalidDevice; });
}

cudaError_t cudaSetDeviceFlags(unsigned) {
  return call([] { return cudaSuccess; });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* out, int device) {
  return call([&] {
    if (!exists(device)) {
      return cudaErrorInvalidDevice;
    }
    cudaDeviceProp p{};
    std::snprintf(p.name, sizeof p.name, "Emulated device %d", device);
    std::snprintf(p.uuid.bytes, sizeof p.uuid.bytes, "emulated-%d", device);
    p.totalGlobalMem = emulation::configuration().memory_bytes;
    p.sharedMemPerBlock = Machine::shared_per_block;
    p.sharedMemPerBlockOptin = Machine::shared_per_block_opt_in;
    p.sharedMemPerMultiprocessor = Machine::shared_per_multiprocessor;
    p.reservedSharedMemPerBlock = 1024;
    p.regsPerBlock = p.regsPerMultiprocessor = registers;
    p.warpSize = 32;
    p.maxThreadsPerBlock = 1024;
    p.maxThreadsDim[0] = p.maxThreadsDim[1] = 1024;
    p.maxThreadsDim[2] = 64;
    p.maxGridSize[0] = 2147483647;
    p.maxGridSize[1] = p.maxGridSize[2] = 65535;
    p.totalConstMem = 65536;
    p.major = 9;
    p.multiProcessorCount = Machine::multiprocessors;
    p.maxThreadsPerMultiProcessor = Machine::threads_per_multiprocessor;
    p.maxBlocksPerMultiProcessor = 32;
    p.canMapHostMemory = p.concurrentKernels = p.unifiedAddressing = p.memoryPoolsSupported = 1;
    p.pciDeviceID = device;
    p.asyncEngineCount = 2;
    p.memoryBusWidth = 5120;
    p.l2CacheSize = 50 << 20;
    p.ECCEnabled = 1;
    *out = p;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  return call([&] {
    if (!exists(device)) {
      return cudaErrorInvalidDevice;
    }
    switch (attribute) {
      case cudaDevAttrMaxThreadsPerBlock:
      case cudaDevAttrMaxBlockDimX:
        *value = 1024;
        break;
      case cudaDevAttrMaxGridDimX:
        *value = 2147483647;
        break;
      case cudaDevAttrMaxSharedMemoryPerBlock:
        *value = static_cast<int>(Machine::shared_per_block);
        break;
      case cudaDevAttrMaxSharedMemoryPerBlockOptin:
        *value = static_cast<int>(Machine::shared_per_block_opt_in);
        break;
      case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
        *value = static_cast<int>(Machine::shared_per_multiprocessor);
        break;
      case cudaDevAttrReservedSharedMemoryPerBlock:
        *value = 1024;
        break;
      case cudaDevAttrTotalConstantMemory:
        *value = 65536;
        break;
      case cudaDevAttrWarpSize:
        *value = 32;
        break;
      case cudaDevAttrMaxRegistersPerBlock:
      case cudaDevAttrMaxRegistersPerMultiprocessor:
        *value = registers;
        break;
      case cudaDevAttrClockRate:
        *value = 1'980'000;
        break;
      case cudaDevAttrMemoryClockRate:
        *value = 3'200'000;
        break;
      case cudaDevAttrGlobalMemoryBusWidth:
        *value = 5120;
        break;
      case cudaDevAttrL2CacheSize:
        *value = 50 << 20;
        break;
      case cudaDevAttrMultiProcessorCount:
        *value = Machine::multiprocessors;
        break;
      case cudaDevAttrMaxThreadsPerMultiProcessor:
        *value = Machine::threads_per_multiprocessor;
        break;
      case cudaDevAttrMaxBlocksPerMultiprocessor:
        *value = 32;
        break;
      case cudaDevAttrConcurrentKernels:
      case cudaDevAttrUnifiedAddressing:
      case cudaDevAttrMemoryPoolsSupported:
        *value = 1;
        break;
      case cudaDevAttrComputeCapabilityMajor:
        *value = 9;
        break;
      case cudaDevAttrPciDeviceId:
        *value = device;
        break;
      case cudaDevAttrComputeCapabilityMinor:
      case cudaDevAttrPciBusId:
      case cudaDevAttrPciDomainId:
      case cudaDevAttrIntegrated:
      case cudaDevAttrManagedMemory:
      case cudaDevAttrPageableMemoryAccess:
      case cudaDevAttrCooperativeLaunch:
        *value = 0;
        break;
      default:
        return cudaErrorInvalidValue;
    }
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetPCIBusId(char* text, int size, int device) {
  return call([&] {
    if (!exists(device)) {
      return cudaErrorInvalidDevice;
    }
    std::snprintf(text, static_cast<std::size_t>(size), "0000:00:%02x.0", static_cast<unsigned>(device));
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  return call([&] {
    *least = 0;
    *greatest = -5;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceSynchronize() {
  return call([] {
    emulation::run_all(emulation::current_device());
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceReset() {
  return call([] {
    emulation::run_all(emulation::current_device());
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer) {
  return call([&] {
    if (!exists(device) || !exists(peer)) {
      return cudaErrorInvalidDevice;
    }
    *can = device != peer;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned) {
  return call([&] {
    if (!exists(peer) || peer == emulation::current_device()) {
      return cudaErrorInvalidDevice;
    }
    const std::lock_guard lock(machine().mutex);
    const bool added = machine().devices[emulation::current_device()].peers.insert(peer).second;
    return added ? cudaSuccess : cudaErrorPeerAccessAlreadyEnabled;
  });
}

cudaError_t cudaDeviceDisablePeerAccess(int peer) {
  return call([&] {
    const std::lock_guard lock(machine().mutex);
    const bool erased = machine().devices[emulation::current_device()].peers.erase(peer) > 0;
    return erased ? cudaSuccess : cudaErrorPeerAccessNotEnabled;
  });
}

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define RAMET_EMULATED_NAME(name) \
  case name:                      \
    return #name;
#include "error_names.inc"
#undef RAMET_EMULATED_NAME
  }
  return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    case cudaErrorIllegalAddress:
      return "an illegal memory access was encountered";
    case cudaErrorLaunchFailure:
      return "unspecified launch failure";
    case cudaErrorInvalidResourceHandle:
      return "invalid resource handle";
    case cudaErrorNotReady:
      return "device not ready";
    case cudaErrorInvalidConfiguration:
      return "invalid configuration argument";
    case cudaErrorECCUncorrectable:
      return "uncorrectable ECC error encountered";
    default:
      return cudaGetErrorName(error);
  }
}
