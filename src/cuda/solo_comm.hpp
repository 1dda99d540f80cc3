// The end of a group of one device: there is nothing to add up.
#pragma once

#include <memory>

#include "cuda/device_comm.hpp"

namespace ramet::cuda {

// Every collective is the identity and enqueues nothing; synchronize waits for the stream, as no one else can
// fail.
std::unique_ptr<DeviceComm> solo_comm();

}  // namespace ramet::cuda
