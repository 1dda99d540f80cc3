#include "machine.hpp"

#include <cstdlib>
#include <stdexcept>

namespace emulation {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') {
    return otherwise;
  }
  char* end = nullptr;
  const std::uint64_t value = std::strtoull(text, &end, 10);
  if (*end != '\0') {
    throw std::invalid_argument(std::string(name) + " is not a number: " + text);
  }
  return value;
}

Config default_config() {
  Config config;
  config.devices = static_cast<int>(from_environment("RAMET_EMULATED_DEVICES", 1));
  config.memory_bytes = from_environment("RAMET_EMULATED_MEMORY", config.memory_bytes);
  config.seed = from_environment("RAMET_EMULATED_SEED", 0);
  config.deferred = from_environment("RAMET_EMULATED_DEFERRED", 0) != 0;
  return config;
}

thread_local int device_of_thread = 0;
thread_local cudaError_t last_error = cudaSuccess;

bool loses_device(cudaError_t error) {
  switch (error) {
    case cudaErrorECCUncorrectable:
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorLaunchFailure:
      return true;
    default:
      return false;
  }
}

}  // namespace

Machine& machine() {
  // Never destroyed: streams and buffers of static objects may be released after any static object here.
  static auto* const the_machine = [] {
    auto* fresh = new Machine();
    fresh->config = default_config();
    return fresh;
  }();
  return *the_machine;
}

int& current_device() { return device_of_thread; }

cudaError_t remember(cudaError_t error) {
  if (error != cudaSuccess) {
    last_error = error;
  }
  return error;
}

cudaError_t begin_call() {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  ++m.calls;
  if (m.lost != cudaSuccess) {
    return m.lost;
  }
  if (m.planned_failure == cudaSuccess || m.calls_until_failure-- > 0) {
    return cudaSuccess;
  }
  const cudaError_t error = m.planned_failure;
  m.planned_failure = cudaSuccess;
  if (loses_device(error)) {
    m.lost = error;
  }
  return error;
}

cudaError_t begin_release() {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  return m.lost;
}

bool valid_stream(cudaStream_t stream) {
  if (stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread) {
    return true;
  }
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  return m.streams.contains(stream);
}

int device_of(cudaStream_t stream) {
  const bool special = stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread;
  return special ? current_device() : stream->device;
}

bool may_access(int device, int other) {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  return device == other || m.devices[device].peers.contains(other);
}

const Allocation* Machine::find(const void* address) const {
  const auto* at = static_cast<const char*>(address);
  auto next = allocations.upper_bound(at);
  if (next == allocations.begin()) {
    return nullptr;
  }
  const Allocation& found = std::prev(next)->second;
  return at < found.data + found.bytes ? &found : nullptr;
}

Config configuration() {
  const std::lock_guard lock(machine().mutex);
  return machine().config;
}

void configure(const Config& config) {
  if (config.devices < 0) {
    throw std::invalid_argument("emulation: " + std::to_string(config.devices) + " devices");
  }
  run_all(-1);
  const std::lock_guard lock(machine().mutex);
  machine().config = config;
}

void reset() {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  m.planned_failure = m.lost = cudaSuccess;
  for (auto& [number, device] : m.devices) {
    device.peers.clear();
  }
  device_of_thread = 0;
  last_error = cudaSuccess;
}

void fail_next(cudaError_t error, std::int64_t after_calls) {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  m.planned_failure = error;
  m.calls_until_failure = after_calls;
}

std::int64_t counted_calls() {
  const std::lock_guard lock(machine().mutex);
  return machine().calls;
}

std::size_t live_allocations() {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  std::size_t count = 0;
  for (const auto& [address, allocation] : m.allocations) {
    count += allocation.kind != MemoryKind::registered ? 1 : 0;
  }
  return count;
}

std::size_t live_streams() {
  const std::lock_guard lock(machine().mutex);
  return machine().streams.size();
}

std::size_t live_events() {
  const std::lock_guard lock(machine().mutex);
  return machine().events.size();
}

std::size_t live_bytes(int device) {
  const std::lock_guard lock(machine().mutex);
  return machine().devices[device].live_bytes;
}

std::size_t peak_bytes(int device) {
  const std::lock_guard lock(machine().mutex);
  return machine().devices[device].peak_bytes;
}

void reset_peak_bytes() {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  for (auto& [number, device] : m.devices) {
    device.peak_bytes = device.live_bytes;
  }
}

std::string describe_live_allocations() {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  std::string text;
  for (const auto& [address, allocation] : m.allocations) {
    const char* kind = allocation.kind == MemoryKind::device   ? "device"
                       : allocation.kind == MemoryKind::pinned ? "pinned"
                                                               : "registered";
    text += std::to_string(allocation.bytes) + " bytes, " + kind + " memory of device " +
            std::to_string(allocation.device) + "\n";
  }
  return text;
}

}  // namespace emulation

cudaError_t cudaGetLastError() {
  const cudaError_t error = emulation::last_error;
  emulation::last_error = cudaSuccess;
  return error;
}

cudaError_t cudaPeekAtLastError() { return emulation::last_error; }
