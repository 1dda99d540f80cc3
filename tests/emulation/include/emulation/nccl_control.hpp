// What tests may ask of the emulated NCCL.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nccl.h"

namespace emulation {

// How long a rank waits for the others, 60 seconds at first. After that every rank's call fails with
// ncclSystemError.
void set_nccl_time_limit(double seconds);

// Makes the (after_calls + 1)th of the coming NCCL calls that enqueue or initialise fail on the rank that
// makes it. The communicator is broken then, as it is in NCCL: its other ranks fail with ncclRemoteError.
void fail_next_nccl(ncclResult_t error, std::int64_t after_calls = 0);

// Communicators neither destroyed nor aborted.
std::size_t live_communicators();

}  // namespace emulation
