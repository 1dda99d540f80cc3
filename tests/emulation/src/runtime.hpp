// What all emulated runtime calls begin and end with.
#pragma once

#include "machine.hpp"

namespace emulation {

// Runs `body`, which returns a cudaError_t, unless the call is to fail; remembers the error.
template <class Body>
cudaError_t call(const Body& body) {
  if (const cudaError_t planned = begin_call(); planned != cudaSuccess) {
    return remember(planned);
  }
  throw_late_fault();
  return remember(body());
}

// The same for calls that release something, which they do even if the device is lost.
template <class Body>
cudaError_t release(const Body& body) {
  const cudaError_t lost = begin_release();
  const cudaError_t error = body();
  return remember(lost != cudaSuccess ? lost : error);
}

}  // namespace emulation
