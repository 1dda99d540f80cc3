#include "cpu/backend.hpp"

#include <hwy/targets.h>

#include <thread>

#include "backend/limits.hpp"
#include "base/error.hpp"
#include "cpu/session.hpp"

namespace ramet::cpu {
namespace {

bool handles_cpu(std::string_view device) { return device == "cpu"; }

std::unique_ptr<backend::Session> open_session(const backend::SessionInput& input) {
  return std::make_unique<CpuSession>(input);
}

std::vector<DeviceInfo> list_devices() {
  const std::int64_t best = hwy::SupportedTargets() & -hwy::SupportedTargets();
  return {{"cpu", true, fmt::format("{} cores, {}", Tasks(0).threads(), hwy::TargetName(best))}};
}

// Rows: scores, gradients and their integers, row ids, leaf numbers; and the histograms of a level.
MemoryEstimate estimate(const backend::SessionInput& input) {
  const auto outputs = static_cast<std::int64_t>(input.outputs.size());
  const data::DatasetData& data = *input.train;
  const std::int64_t leaves = backend::most_leaves(input.params, data.total_rows);
  MemoryEstimate memory;
  memory.host_bytes = data.rows * outputs * (8 + 12 + 12 + 4);
  for (const data::DatasetData* set : input.more_sets) memory.host_bytes += set->rows * outputs * 8;
  memory.host_bytes += leaves * outputs * data.layout.total_cells * 16;
  return memory;
}

}  // namespace

backend::Backend cpu_backend() { return {"cpu", handles_cpu, open_session, list_devices, estimate}; }

}  // namespace ramet::cpu
