// The devices that a test sees: as many emulated ones as it asks for, or the real ones there are.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <string>

namespace ramet::test {

// While it lives there are `count` emulated devices. Real ones stay as they are.
class EmulatedDevices {
 public:
  explicit EmulatedDevices(int count);
  ~EmulatedDevices();
  EmulatedDevices(const EmulatedDevices&) = delete;
  EmulatedDevices& operator=(const EmulatedDevices&) = delete;

  // Whether every device of a name such as "cuda:0,1" is there.
  bool enough_for(const std::string& name) const;
};

// While it lives an emulated device runs its threads, warps and blocks in an order drawn from `seed`.
class PermutedDevice {
 public:
  explicit PermutedDevice(std::uint64_t seed);
  ~PermutedDevice();
  PermutedDevice(const PermutedDevice&) = delete;
  PermutedDevice& operator=(const PermutedDevice&) = delete;
};

}  // namespace ramet::test
