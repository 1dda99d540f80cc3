// Running a test under several orders of blocks and threads, where the device is emulated.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#if __has_include("emulation/control.hpp")
#include "emulation/control.hpp"
#endif

namespace ramet::cuda::test {

// Calls body() once in the natural order and once for each of `seeds` shuffled ones; once on a real device,
// which has an order of its own.
template <class Body>
void in_all_orders(const Body& body, std::uint64_t seeds = 2) {
#if __has_include("emulation/control.hpp")
  const emulation::Config before = emulation::configuration();
  for (std::uint64_t seed = 0; seed <= seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    emulation::Config config = before;
    config.seed = seed;
    emulation::configure(config);
    body();
  }
  emulation::configure(before);
#else
  (void)seeds;
  body();
#endif
}

}  // namespace ramet::cuda::test
