// The backends of this build: the one file that names them.
#include <array>

#include "backend/registry.hpp"
#if __has_include("cpu/backend.hpp")
#include "cpu/backend.hpp"
#else
#include "base/error.hpp"
namespace ramet::cpu {
inline ramet::backend::Backend cpu_backend() {
  return {.name = "cpu",
          .handles = [](std::string_view device) { return device == "cpu"; },
          .open = [](const backend::SessionInput&) -> std::unique_ptr<backend::Session> {
            fail(ErrorCode::unsupported, "no cpu backend yet");
          },
          .devices = [] { return std::vector<DeviceInfo>{}; }};
}
}  // namespace ramet::cpu
#endif

namespace ramet::backend {

std::span<const Backend> backends() {
  static const std::array all{cpu::cpu_backend()};
  return all;
}

}  // namespace ramet::backend
