// What tests may ask of the emulated devices: how many there are, what is left allocated, failures to come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "driver_types.h"

namespace emulation {

// What a kernel did wrong, thrown out of its launch: names the kernel, block, thread and the deed.
struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The emulated machine. Its defaults come from the environment variables RAMET_EMULATED_DEVICES,
// RAMET_EMULATED_MEMORY (bytes per device), RAMET_EMULATED_SEED and RAMET_EMULATED_DEFERRED (0 or 1).
struct Config {
  int devices = 1;
  std::size_t memory_bytes = std::size_t{4} << 30;
  std::uint64_t seed = 0;  // not 0: permutes the order of blocks, warps and threads
  // What streams are given to do is done as late as CUDA allows: when the host waits, or other work that is
  // done needs it. So whoever forgets to wait sees old values, always. With a seed, some is done early.
  bool deferred = false;
};

// The configuration in force.
Config configuration();

// Takes effect at once: for allocations and launches made from here on. Throws std::invalid_argument without
// devices.
void configure(const Config& config);

// Forgets planned failures, lost devices, peer access and the calling thread's device and last error.
// Allocations, streams and events stay.
void reset();

// Makes the (after_calls + 1)th of the coming runtime calls fail with this error. Queries of errors, and
// calls that release something, are not counted and do not fail. After an error that CUDA cannot recover from
// (a failed launch, an illegal address, an uncorrectable ECC error) all later calls return it too, until
// reset().
void fail_next(cudaError_t error, std::int64_t after_calls = 0);

// Runtime calls that count for fail_next, since the start of the program.
std::int64_t counted_calls();

std::size_t live_allocations();  // device and pinned memory, registered ranges not counted
std::size_t live_streams();
std::size_t live_events();
std::size_t live_bytes(int device);
std::size_t peak_bytes(int device);
void reset_peak_bytes();

// One line for each live allocation: bytes, kind and device. Empty without any.
std::string describe_live_allocations();

}  // namespace emulation
