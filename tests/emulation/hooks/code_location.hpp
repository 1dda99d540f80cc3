// File and line of an address in the program's code, for messages.
#pragma once

#include <cstdint>
#include <string>

namespace emulation {

// "file:line" if the program has debug information and addr2line is installed, else the address.
std::string code_location(std::uint64_t return_address);

}  // namespace emulation
