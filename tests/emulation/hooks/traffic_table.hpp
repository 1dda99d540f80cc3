// Traffic as text.
#pragma once

#include <map>
#include <string>

#include "emulation/traffic.hpp"

namespace emulation {

// One line of tab-separated counts for each kernel, under a line of titles. Does nothing if the file cannot
// be written.
void write_traffic(const char* file, const std::map<std::string, Traffic>& traffic);

}  // namespace emulation
