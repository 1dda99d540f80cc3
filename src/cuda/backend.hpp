// The CUDA backend's entry in the registry.
#pragma once

#include "backend/registry.hpp"

namespace ramet::cuda {

// Handles "cuda" (the first device), "cuda:1" and "cuda:0,1" (several devices share the rows).
backend::Backend cuda_backend();

}  // namespace ramet::cuda
