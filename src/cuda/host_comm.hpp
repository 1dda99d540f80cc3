// Sums over devices that go through host memory and any communicator: works wherever the ranks can talk.
#pragma once

#include <memory>

#include "cuda/device_comm.hpp"
#include "ramet/communicator.hpp"

namespace ramet::cuda {

// The end of the rank that `communicator` is of, for the device that is current now. Each collective copies
// to page-locked memory, waits, and calls the communicator from the calling thread; the way back is enqueued.
// Nothing that is ever enqueued depends on another rank, so `synchronize` just waits for the stream.
std::unique_ptr<DeviceComm> host_comm(std::shared_ptr<Communicator> communicator);

}  // namespace ramet::cuda
