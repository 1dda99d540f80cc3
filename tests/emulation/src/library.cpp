#include "emulation/library.hpp"

#include <cstring>
#include <string>

#include "emulation/control.hpp"
#include "machine.hpp"
#include "observer.hpp"
#include "runtime.hpp"

namespace emulation {

cudaError_t count_library_call(const char* name) {
  return call([&] {
    if (observer != nullptr) {
      observer->library_call(name);
    }
    return cudaSuccess;
  });
}

cudaError_t begin_library_call(const char* name, cudaStream_t stream) {
  if (!valid_stream(stream) || device_of(stream) != current_device()) {
    return remember(cudaErrorInvalidResourceHandle);
  }
  return count_library_call(name);
}

void check_device_range(const char* name, const char* what, const void* data, std::size_t bytes) {
  if (bytes == 0) {
    return;
  }
  std::string problem = " is not in live memory of a device";
  int owner = current_device();
  {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    if (const Allocation* found = m.find(data); found != nullptr) {
      const auto offset = static_cast<std::size_t>(static_cast<const char*>(data) - found->data);
      problem = bytes <= found->bytes - offset
                    ? ""
                    : " reaches beyond its allocation of " + std::to_string(found->bytes) + " bytes";
      owner = found->kind == MemoryKind::device ? found->device : owner;
    }
  }
  if (problem.empty() && !may_access(current_device(), owner)) {
    problem =
        " is on device " + std::to_string(owner) + ", the call on device " + std::to_string(current_device());
  }
  if (!problem.empty()) {
    throw Fault(std::string(name) + ": " + what + problem);
  }
}

void check_disjoint(const char* name, const void* a, std::size_t a_bytes, const void* b,
                    std::size_t b_bytes) {
  const auto* first = static_cast<const char*>(a);
  const auto* second = static_cast<const char*>(b);
  if (a_bytes > 0 && b_bytes > 0 && first < second + b_bytes && second < first + a_bytes) {
    throw Fault(std::string(name) + ": input and output overlap");
  }
}

void note_written(const void* data, std::size_t bytes) {
  if (observer != nullptr && bytes > 0) {
    observer->written(data, bytes);
  }
}

void spoil(void* data, std::size_t bytes) { std::memset(data, 0xcb, bytes); }

}  // namespace emulation
