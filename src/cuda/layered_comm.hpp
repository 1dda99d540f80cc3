// Sums over the devices of several ranks: first among a rank's own devices, then among ranks.
#pragma once

#include <memory>
#include <vector>

#include "cuda/device_comm.hpp"

namespace ramet::cuda {

// One device's end. `local` joins the devices of this rank; `across` joins the ranks, and only the first
// device of each (local rank 0) calls its collectives, though any may abort it. `devices[r]` is the number of
// devices of rank r. Members are numbered by rank, then by local rank. Throws Error{communication} where one
// of its parts does, after aborting the other.
std::unique_ptr<DeviceComm> layered_comm(std::shared_ptr<DeviceComm> local,
                                         std::shared_ptr<DeviceComm> across, std::vector<int> devices);

}  // namespace ramet::cuda
