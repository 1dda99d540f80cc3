// What the emulation's tests start from and leave behind. For plain C++ as well.
#pragma once

#include <gtest/gtest.h>

#include "emulation/control.hpp"

namespace emulation_test {

// Gives back the configuration and the state of failures, and checks that nothing is left.
class Emulation : public testing::Test {
 protected:
  Emulation() : before_(emulation::configuration()) { emulation::reset(); }
  ~Emulation() override {
    emulation::reset();
    emulation::configure(before_);
    EXPECT_EQ(emulation::live_allocations(), 0u) << emulation::describe_live_allocations();
    EXPECT_EQ(emulation::live_streams(), 0u);
    EXPECT_EQ(emulation::live_events(), 0u);
  }

 private:
  emulation::Config before_;
};

}  // namespace emulation_test
