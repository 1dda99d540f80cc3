#include "cuda/check.hpp"

#include <string>

#include "base/error.hpp"

namespace ramet::cuda {
namespace {

// What the user can do about it.
std::string_view remedy(cudaError_t status) {
  switch (status) {
    case cudaErrorNoDevice:
    case cudaErrorInvalidDevice:
      return "`ramet devices` lists the devices there are; device = cpu needs none";
    case cudaErrorInsufficientDriver:
      return "update the NVIDIA driver, or use device = cpu";
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorInvalidDeviceFunction:
      return "this build has no code for that device (compute capability 8.0 or newer is needed); use device "
             "= cpu";
    case cudaErrorDevicesUnavailable:
      return "another process has the device for itself; wait, or use another one";
    default:
      return "the device may be lost: start the process again, or use device = cpu";
  }
}

}  // namespace

void check(cudaError_t status, std::string_view what) {
  if (status == cudaSuccess) return;
  (void)cudaGetLastError();
  if (status == cudaErrorMemoryAllocation) {
    fail(
        ErrorCode::out_of_memory,
        "{}: the device's memory is full; lower max_leaves, max_depth or max_bin, or use fewer rows a device",
        what);
  }
  fail(ErrorCode::device, "{}: {} ({}); {}", what, cudaGetErrorString(status), cudaGetErrorName(status),
       remedy(status));
}

}  // namespace ramet::cuda
