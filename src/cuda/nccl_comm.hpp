// Sums over devices by NCCL: from device to device, without a host wait.
#pragma once

#include <memory>

#include "cuda/device_comm.hpp"
#include "cuda/nccl_connection.hpp"

namespace ramet::cuda {

// The end of the device that is current now. Collective: all ranks at the same time, each on a thread of its
// own. `failure` is shared by the ends in this process, which then see each other fail at once. To be
// destroyed by all ranks at the same time, too. Throws Error{communication}.
std::unique_ptr<DeviceComm> nccl_comm(const NcclLibrary& library, const NcclEndOptions& options,
                                      std::shared_ptr<NcclFailure> failure = std::make_shared<NcclFailure>());

// A name for a new communicator, for all of its ranks. Throws Error{communication}.
NcclId make_nccl_id(const NcclLibrary& library);

}  // namespace ramet::cuda
