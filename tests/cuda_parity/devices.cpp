#include "cuda_parity/devices.hpp"

#if defined(RAMET_EMULATED_CUDA)
#include <emulation/control.hpp>
#endif

namespace ramet::test {

#if defined(RAMET_EMULATED_CUDA)
EmulatedDevices::EmulatedDevices(int count) {
  emulation::Config config = emulation::configuration();
  config.devices = count;
  emulation::configure(config);
}

EmulatedDevices::~EmulatedDevices() { emulation::configure({}); }

PermutedDevice::PermutedDevice(std::uint64_t seed) {
  emulation::Config config = emulation::configuration();
  config.seed = seed;
  emulation::configure(config);
}

PermutedDevice::~PermutedDevice() { emulation::configure({}); }
#else
EmulatedDevices::EmulatedDevices(int) {}
EmulatedDevices::~EmulatedDevices() = default;
PermutedDevice::PermutedDevice(std::uint64_t) {}
PermutedDevice::~PermutedDevice() = default;
#endif

bool EmulatedDevices::enough_for(const std::string& name) const {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) return false;
  for (const char c : name) {
    if (c >= '0' && c <= '9' && c - '0' >= count) return false;
  }
  return true;
}

}  // namespace ramet::test
