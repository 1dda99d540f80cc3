// Whether a table's memory is what its description says.
#pragma once

#include "data/device_table.hpp"

namespace ramet::cuda {

// The device that bins the table. Throws Error{invalid_data} naming the field or column at fault, and
// Error{device} if there is no such device.
int check_memory(const data::DeviceTable& table);

}  // namespace ramet::cuda
