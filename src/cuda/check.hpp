// CUDA's status codes as ramet::Error.
#pragma once

#include <cuda_runtime_api.h>

#include <string_view>

namespace ramet::cuda {

// Throws if `status` is not success: Error{out_of_memory} where memory ran out, else Error{device} that says
// what was being done, CUDA's name of the problem and what to do about it. Clears the runtime's last error.
void check(cudaError_t status, std::string_view what);

}  // namespace ramet::cuda
