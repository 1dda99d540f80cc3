// What the program's symbol tables say of kernels: their names and their __shared__ variables.
#pragma once

#include <cstddef>
#include <string>

namespace emulation {

// The function's name without its parameters, or its address if the program has been stripped.
std::string symbol_name(const void* function);

// Bytes of the __shared__ variables in this kernel's own body; those of functions that it calls are not
// known.
std::size_t static_shared_bytes(const void* kernel);

}  // namespace emulation
