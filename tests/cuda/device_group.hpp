// Devices for tests: as many as asked for where they are emulated, else real ones (or the test is skipped).
#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#if __has_include("emulation/control.hpp")
#include "emulation/control.hpp"
#endif

namespace ramet::cuda::test {

// Device numbers 0 .. count - 1 for the life of the object. On a real machine with fewer devices several
// members share one, which is all right where they talk through the host.
class Devices {
 public:
  explicit Devices(int count) : numbers_(static_cast<std::size_t>(count)) {
    std::iota(numbers_.begin(), numbers_.end(), 0);
#if __has_include("emulation/control.hpp")
    emulation::Config config = before_;
    config.devices = std::max(config.devices, count);
    emulation::configure(config);
#else
    int there = 0;
    (void)cudaGetDeviceCount(&there);
    distinct_ = there >= count;
    for (int& number : numbers_) number = there > 0 ? number % there : 0;
#endif
  }
  Devices(const Devices&) = delete;
  Devices& operator=(const Devices&) = delete;
#if __has_include("emulation/control.hpp")
  ~Devices() { emulation::configure(before_); }
#endif

  const std::vector<int>& numbers() const { return numbers_; }
  bool distinct() const { return distinct_; }

 private:
#if __has_include("emulation/control.hpp")
  emulation::Config before_ = emulation::configuration();
#endif
  std::vector<int> numbers_;
  bool distinct_ = true;
};

}  // namespace ramet::cuda::test
