// A module that fits, with a device that fails in the way its name says.
#include <stdexcept>

#include "backend/module.hpp"
#include "ramet/version.hpp"

namespace {

using namespace ramet;

std::unique_ptr<backend::Session> open_nothing(const backend::SessionInput& input) {
  const std::string& device = input.params.device;
  if (input.cancelled) input.cancelled();
  if (device == "cuda:1") throw std::bad_alloc();
  throw Error(ErrorCode::device, "device = " + device + ": this one is a sample");
}

bool handles_cuda(std::string_view device) { return device.starts_with("cuda"); }

std::vector<DeviceInfo> list_devices() { return {{"cuda:0", true, "a sample"}}; }

}  // namespace

extern "C" __attribute__((visibility("default"))) const backend::Module* ramet_backend_module() noexcept {
  static const backend::Backend backend{
      .name = "cuda", .handles = handles_cuda, .open = open_nothing, .devices = list_devices};
  static const backend::Module module{version_string, backend::interface_digest, backend::layout_digest,
                                      &backend};
  return &module;
}
