// Repeats a test with threads and blocks in several orders, where devices are emulated.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>

#if __has_include("emulation/control.hpp")
#include "emulation/control.hpp"
#endif

namespace ramet::cuda::test {

// Calls run(), in the natural order and in some that are permuted; once on a real device.
template <class Run>
void for_thread_orders(const Run& run) {
#if __has_include("emulation/control.hpp")
  const emulation::Config before = emulation::configuration();
  for (const std::uint64_t seed : {0, 1, 2}) {
    SCOPED_TRACE(testing::Message() << "order of threads " << seed);
    emulation::Config config = before;
    config.seed = seed;
    emulation::configure(config);
    run();
  }
  emulation::configure(before);
#else
  run();
#endif
}

}  // namespace ramet::cuda::test
