// NCCL's part of the public interface: it belongs to the backend that has it.
#include "ramet/nccl.hpp"

#include "backend/registry.hpp"
#include "base/error.hpp"

namespace ramet {
namespace {

const backend::Backend& backend_with_nccl() {
  for (const backend::Backend& backend : backend::backends()) {
    if (backend.nccl_id != nullptr && backend.nccl_communicator != nullptr) return backend;
  }
  fail(ErrorCode::unsupported, "NCCL needs the CUDA backend: {}", backend::missing_reason("cuda"));
}

}  // namespace

std::string nccl_unique_id() { return backend_with_nccl().nccl_id(); }

std::shared_ptr<Communicator> nccl_communicator(const NcclOptions& options) {
  return backend_with_nccl().nccl_communicator(options);
}

}  // namespace ramet
