// ramet devices: what `--device` can name on this machine.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "command.hpp"
#include "ramet/train.hpp"

namespace ramet::cli {
namespace {

int run_devices() {
  const std::vector<DeviceInfo> found = devices();
  std::size_t width = 0;
  for (const DeviceInfo& device : found) width = std::max(width, device.name.size());
  for (const DeviceInfo& device : found) {
    fmt::print("{:<{}}  {}  {}\n", device.name, width, device.usable ? "usable  " : "unusable",
               device.detail);
  }
  return 0;
}

}  // namespace

Command add_devices(CLI::App& root) {
  CLI::App* app = root.add_subcommand("devices", "List the devices that training can run on");
  return {app, run_devices};
}

}  // namespace ramet::cli
