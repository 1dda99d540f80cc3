// What a session needs of a device's memory, and what there is.
#pragma once

#include <cstdint>

#include "backend/session.hpp"

namespace ramet::cuda {

// Free memory of the current device; and less what the driver and small buffers are left.
std::int64_t free_memory();
std::int64_t usable_memory();

// Bytes that a session takes on a device with `rows` of the training rows and as large a share of the other
// sets: at least, and if there is room.
struct DeviceMemory {
  std::int64_t sets = 0;       // codes, labels, weights, scores
  std::int64_t gradients = 0;  // and what leaves need
  std::int64_t least_growing = 0;
  std::int64_t most_growing = 0;
  std::int64_t least() const { return sets + gradients + least_growing; }
  std::int64_t most() const { return sets + gradients + most_growing; }
};
DeviceMemory estimate_device_memory(const backend::SessionInput& input, int devices);

// Throws Error{out_of_memory} that says what is needed, what is free and what lowers it, if the current
// device has too little.
void check_device_memory(const backend::SessionInput& input, int devices);

}  // namespace ramet::cuda
