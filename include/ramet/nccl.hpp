// Ranks on different GPUs, of one machine or many, that talk by NVIDIA's NCCL (2.19 or newer). It is loaded
// from libnccl.so.2, or from the file that the environment variable RAMET_NCCL names.
#pragma once

#include <memory>
#include <string>

#include "ramet/communicator.hpp"

namespace ramet {

// A name for one new communicator: 128 bytes, any of which may be 0. One rank makes it and gives it to the
// others, by whatever means the job has. That rank must live until all are connected.
// Throws Error{unsupported} where there is no CUDA or no NCCL, and says what is missing.
std::string nccl_unique_id();

struct NcclOptions {
  // How the ranks find each other. Exactly one of the two:
  std::string id;       // what nccl_unique_id() gave, the same on all ranks
  std::string id_file;  // a path that all ranks see: rank 0 writes the name there, the others wait for it,
                        // and it is gone when all are connected. Must not exist before.
  int rank = 0;         // 0 .. size - 1, each once
  int size = 1;         // 1 to 1024
  int device = 0;       // CUDA's number of this rank's device; no two ranks may share one
  double timeout_seconds = 600.0;  // above 0: how long to wait for the others, here and in each collective
};

// This rank's communicator, for data sets that are divided among the ranks and for training on them.
// Collective: returns when all ranks have called it. Where a training's device is the communicator's,
// histograms are added up from device to device. To be destroyed by all ranks at about the same time. Throws
// Error{invalid_parameter} that names the option, Error{unsupported} as above, Error{io} for the file,
// Error{communication} if the others do not come in time, Error{device} if the device cannot be used.
std::shared_ptr<Communicator> nccl_communicator(const NcclOptions& options);

}  // namespace ramet
