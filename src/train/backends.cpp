// The backends of this build: the one file that names them.
#include <array>

#include "backend/registry.hpp"
#include "cpu/backend.hpp"

namespace ramet::backend {

std::span<const Backend> linked_backends() {
  static const std::array all{cpu::cpu_backend()};
  return all;
}

}  // namespace ramet::backend
