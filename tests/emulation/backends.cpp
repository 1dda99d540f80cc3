// The backends of a build with the emulated device, in place of src/train/backends.cpp: CUDA's is linked,
// since it shares the emulation with the tests.
#include <array>

#include "backend/registry.hpp"
#include "cpu/backend.hpp"
#include "cuda/backend.hpp"

namespace ramet::backend {

std::span<const Backend> linked_backends() {
  static const std::array all{cpu::cpu_backend(), cuda::cuda_backend()};
  return all;
}

}  // namespace ramet::backend
