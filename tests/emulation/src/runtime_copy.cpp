// Runtime calls that copy and fill, with checks of every range and kind of memory.
#include <cstring>

#include "cuda_runtime_api.h"
#include "emulation/launch.hpp"
#include "machine.hpp"
#include "observer.hpp"
#include "runtime.hpp"

namespace emulation {
namespace {

enum class Side { host, device, any };

// Rows of `width` bytes, `pitch` apart.
struct Area {
  const void* data;
  std::size_t width;
  std::size_t height = 1;
  std::size_t pitch = 0;

  std::size_t extent() const { return height == 0 || width == 0 ? 0 : (height - 1) * pitch + width; }
};

// Whether the area lies within live memory of that side. Plain host memory cannot be checked beyond not being
// the device's.
bool valid(const Area& area, Side side) {
  const std::size_t bytes = area.extent();
  if (bytes == 0) {
    return true;
  }
  if (area.data == nullptr || area.width > (area.height > 1 ? area.pitch : area.width)) {
    return false;
  }
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  const Allocation* found = m.find(area.data);
  if (found == nullptr) {
    return side != Side::device;
  }
  const auto offset = static_cast<std::size_t>(static_cast<const char*>(area.data) - found->data);
  if (bytes > found->bytes - offset) {
    return false;
  }
  // Pinned memory has an address on the device too.
  return found->kind != MemoryKind::device || side != Side::host;
}

bool sides(cudaMemcpyKind kind, Side& to, Side& from) {
  switch (kind) {
    case cudaMemcpyHostToHost:
      to = from = Side::host;
      return true;
    case cudaMemcpyHostToDevice:
      to = Side::device, from = Side::host;
      return true;
    case cudaMemcpyDeviceToHost:
      to = Side::host, from = Side::device;
      return true;
    case cudaMemcpyDeviceToDevice:
      to = from = Side::device;
      return true;
    case cudaMemcpyDefault:
      to = from = Side::any;
      return true;
  }
  return false;
}

cudaError_t copy(const Area& to, const Area& from, cudaMemcpyKind kind, cudaStream_t stream) {
  Side to_side{};
  Side from_side{};
  if (!sides(kind, to_side, from_side)) {
    return cudaErrorInvalidMemcpyDirection;
  }
  if (!valid_stream(stream)) {
    return cudaErrorInvalidResourceHandle;
  }
  if (!valid(to, to_side) || !valid(from, from_side)) {
    return cudaErrorInvalidValue;
  }
  for (std::size_t row = 0; row < to.height && to.width > 0; ++row) {
    std::memmove(const_cast<char*>(static_cast<const char*>(to.data)) + row * to.pitch,
                 static_cast<const char*>(from.data) + row * from.pitch, to.width);
    if (observer != nullptr) {
      observer->copied(static_cast<const char*>(to.data) + row * to.pitch,
                       static_cast<const char*>(from.data) + row * from.pitch, to.width);
    }
  }
  return cudaSuccess;
}

cudaError_t fill(const Area& area, int value, cudaStream_t stream) {
  if (!valid_stream(stream)) {
    return cudaErrorInvalidResourceHandle;
  }
  if (!valid(area, Side::device)) {
    return cudaErrorInvalidValue;
  }
  for (std::size_t row = 0; row < area.height && area.width > 0; ++row) {
    std::memset(const_cast<char*>(static_cast<const char*>(area.data)) + row * area.pitch, value, area.width);
    if (observer != nullptr) {
      observer->written(static_cast<const char*>(area.data) + row * area.pitch, area.width);
    }
  }
  return cudaSuccess;
}

bool owned_by(const void* data, std::size_t bytes, int device) {
  if (bytes == 0) {
    return true;
  }
  const std::lock_guard lock(machine().mutex);
  const Allocation* found = machine().find(data);
  return found != nullptr && found->kind == MemoryKind::device && found->device == device;
}

}  // namespace

cudaError_t copy_symbol(char* symbol, std::size_t symbol_bytes, std::size_t offset, const void* from,
                        std::size_t bytes, cudaMemcpyKind kind) {
  return call([&] {
    if (offset > symbol_bytes || bytes > symbol_bytes - offset) {
      return cudaErrorInvalidValue;
    }
    const Side side = kind == cudaMemcpyHostToDevice ? Side::host
                      : kind == cudaMemcpyDefault    ? Side::any
                                                     : Side::device;
    if (!valid({from, bytes}, side)) {
      return cudaErrorInvalidValue;
    }
    std::memcpy(symbol + offset, from, bytes);
    return cudaSuccess;
  });
}

}  // namespace emulation

using emulation::call;

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return call([&] { return emulation::copy({to, bytes}, {from, bytes}, kind, nullptr); });
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return call([&] { return emulation::copy({to, bytes}, {from, bytes}, kind, stream); });
}

cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                         size_t height, cudaMemcpyKind kind) {
  return cudaMemcpy2DAsync(to, to_pitch, from, from_pitch, width, height, kind, nullptr);
}

cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                              size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  return call([&] {
    if (width > to_pitch || width > from_pitch) {
      return cudaErrorInvalidPitchValue;
    }
    return emulation::copy({to, width, height, to_pitch}, {from, width, height, from_pitch}, kind, stream);
  });
}

cudaError_t cudaMemcpyPeer(void* to, int to_device, const void* from, int from_device, size_t bytes) {
  return cudaMemcpyPeerAsync(to, to_device, from, from_device, bytes, nullptr);
}

cudaError_t cudaMemcpyPeerAsync(void* to, int to_device, const void* from, int from_device, size_t bytes,
                                cudaStream_t stream) {
  return call([&] {
    if (!emulation::owned_by(to, bytes, to_device) || !emulation::owned_by(from, bytes, from_device)) {
      return cudaErrorInvalidValue;
    }
    return emulation::copy({to, bytes}, {from, bytes}, cudaMemcpyDeviceToDevice, stream);
  });
}

cudaError_t cudaMemset(void* to, int value, size_t bytes) {
  return cudaMemsetAsync(to, value, bytes, nullptr);
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  return call([&] { return emulation::fill({to, bytes}, value, stream); });
}

cudaError_t cudaMemset2DAsync(void* to, size_t pitch, int value, size_t width, size_t height,
                              cudaStream_t stream) {
  return call([&] {
    return width > pitch ? cudaErrorInvalidPitchValue
                         : emulation::fill({to, width, height, pitch}, value, stream);
  });
}
