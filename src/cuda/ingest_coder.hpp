// The codes of all rows, from the device to the data set's pages, chunk by chunk.
#pragma once

#include <cuda_runtime_api.h>

#include <span>

#include "base/tasks.hpp"
#include "cuda/ingest_limits.hpp"
#include "data/device_table.hpp"
#include "data/remote_numbers.hpp"

namespace ramet::cuda {

// As data::RemoteNumbers::bin. Waits.
data::RemoteCodes code_table(const data::DeviceTable& table, std::span<const data::RemoteFeature> features,
                             data::DatasetData& data, const IngestLimits& limits, Tasks& tasks,
                             cudaStream_t stream);

}  // namespace ramet::cuda
