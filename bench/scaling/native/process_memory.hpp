// What the kernel says of this process's memory.
#pragma once

#include <cstdint>
#include <string>

namespace ramet::scaling {

// A field of /proc/self/status in bytes, such as "VmRSS" (now) and "VmHWM" (the peak); 0 if it is not there.
std::int64_t memory_bytes(const std::string& field);

// The peak starts anew from what is resident now. False if the system does not let it.
bool restart_memory_peak();

}  // namespace ramet::scaling
