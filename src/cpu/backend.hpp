// The CPU backend's entry in the list of backends.
#pragma once

#include "backend/registry.hpp"

namespace ramet::cpu {

// Handles the device "cpu".
backend::Backend cpu_backend();

}  // namespace ramet::cpu
