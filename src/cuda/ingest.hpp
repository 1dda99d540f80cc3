// Binning on a device: a source whose numbers are sampled, cut and coded there.
#pragma once

#include <memory>
#include <optional>

#include "cuda/ingest_limits.hpp"
#include "data/device_table.hpp"
#include "data/source.hpp"

namespace ramet::cuda {

// For backend::Backend::bin_matrix. The table's memory must stay as it is while the source is in use. Without
// limits: a quarter of the device's free memory, at most 1 GiB. Throws Error{invalid_data} naming the field
// if the memory is not what the table says, Error{device} without such a device.
std::unique_ptr<data::Source> open_table(const data::DeviceTable& table,
                                         std::optional<IngestLimits> limits = std::nullopt);
std::unique_ptr<data::Source> bin_matrix(const data::DeviceTable& table);

}  // namespace ramet::cuda
