// The distinct values of columns' samples, and how often each occurs, in bounded memory.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <span>
#include <vector>

#include "base/tasks.hpp"
#include "cuda/ingest_limits.hpp"
#include "data/cuts.hpp"
#include "data/device_table.hpp"

namespace ramet::cuda {

// Per column: what data::count_distinct finds in these rows. Waits.
std::vector<data::DistinctValues> find_distinct(const data::DeviceTable& table,
                                                std::span<const std::int32_t> columns,
                                                std::span<const std::int64_t> rows,
                                                const IngestLimits& limits, Tasks& tasks,
                                                cudaStream_t stream);

}  // namespace ramet::cuda
