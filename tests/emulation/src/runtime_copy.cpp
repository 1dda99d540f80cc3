// Runtime calls that copy and fill, with checks of every range and kind of memory.
#include <cstring>
#include <memory>
#include <vector>

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

char* row_of(const Area& area, std::size_t row) {
  return const_cast<char*>(static_cast<const char*>(area.data)) + row * area.pitch;
}

// Memory may have been freed since the call, by somebody who did not wait for the stream.
void check_still_valid(const Area& area, Side side) {
  if (!valid(area, side)) {
    throw Fault("a copy or fill: its memory was freed before the stream came to it");
  }
}

void copy_rows(const Area& to, const Area& from) {
  for (std::size_t row = 0; row < to.height && to.width > 0; ++row) {
    std::memmove(row_of(to, row), row_of(from, row), to.width);
    if (observer != nullptr) {
      observer->copied(row_of(to, row), row_of(from, row), to.width);
    }
  }
}

// Plain memory of the host, neither pinned nor registered.
bool pageable(const void* data) {
  const std::lock_guard lock(machine().mutex);
  return machine().find(data) == nullptr;
}

// From pageable memory copies read at once, to pageable memory they wait. `wait` is for calls without a
// stream.
cudaError_t copy(const Area& to, const Area& from, cudaMemcpyKind kind, cudaStream_t stream, bool wait) {
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
  if (configuration().deferred && pageable(from.data)) {
    auto staged = std::make_shared<std::vector<char>>(from.width * from.height);
    const Area stage{staged->data(), from.width, from.height, from.width};
    copy_rows(stage, from);
    enqueue_work(stream, [=] {
      (void)staged;  // lives as long as this
      check_still_valid(to, to_side);
      copy_rows(to, stage);
    });
  } else {
    enqueue_work(stream, [=] {
      check_still_valid(to, to_side);
      check_still_valid(from, from_side);
      copy_rows(to, from);
    });
  }
  if (wait || pageable(to.data)) {
    run_until(end_of(stream));
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
  enqueue_work(stream, [=] {
    check_still_valid(area, Side::device);
    for (std::size_t row = 0; row < area.height && area.width > 0; ++row) {
      std::memset(row_of(area, row), value, area.width);
      if (observer != nullptr) {
        observer->written(row_of(area, row), area.width);
      }
    }
  });
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
    run_until(end_of(nullptr));
    std::memcpy(symbol + offset, from, bytes);
    return cudaSuccess;
  });
}

}  // namespace emulation

using emulation::call;

namespace {

cudaError_t copy_rows_with_pitch(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                                 size_t height, cudaMemcpyKind kind, cudaStream_t stream, bool wait) {
  return call([&] {
    if (width > to_pitch || width > from_pitch) {
      return cudaErrorInvalidPitchValue;
    }
    return emulation::copy({to, width, height, to_pitch}, {from, width, height, from_pitch}, kind, stream,
                           wait);
  });
}

}  // namespace

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return call([&] { return emulation::copy({to, bytes}, {from, bytes}, kind, nullptr, true); });
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return call([&] { return emulation::copy({to, bytes}, {from, bytes}, kind, stream, false); });
}

cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                         size_t height, cudaMemcpyKind kind) {
  return copy_rows_with_pitch(to, to_pitch, from, from_pitch, width, height, kind, nullptr, true);
}

cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                              size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  return copy_rows_with_pitch(to, to_pitch, from, from_pitch, width, height, kind, stream, false);
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
    return emulation::copy({to, bytes}, {from, bytes}, cudaMemcpyDeviceToDevice, stream, false);
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
