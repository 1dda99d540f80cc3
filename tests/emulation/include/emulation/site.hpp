// Where in a kernel's source a barrier, warp operation or atomic was called.
#pragma once

#include <source_location>

namespace emulation {

using Site = std::source_location;

}  // namespace emulation
