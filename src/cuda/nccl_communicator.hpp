// What the functions of ramet/nccl.hpp do; the core calls these through the registry.
#pragma once

#include <memory>
#include <string>

#include "ramet/nccl.hpp"

namespace ramet::cuda {

std::string nccl_id();
std::shared_ptr<Communicator> open_nccl_communicator(const NcclOptions& options);

}  // namespace ramet::cuda
