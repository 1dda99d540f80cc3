#include "cuda/device_memory.hpp"

#include <cuda_runtime_api.h>

#include <algorithm>

#include "backend/limits.hpp"
#include "base/error.hpp"
#include "cuda/check.hpp"
#include "cuda/gradients.hpp"
#include "cuda/grower_plan.hpp"
#include "cuda/leaves.hpp"
#include "cuda/set_rows.hpp"

namespace ramet::cuda {
namespace {

constexpr std::int64_t usual_leaves = 4'096;
constexpr double usable_share = 0.95;
constexpr std::int64_t reserve_bytes = std::int64_t{16} << 20;

std::int64_t share(std::int64_t rows, int devices) { return (rows + devices - 1) / devices; }

}  // namespace

std::int64_t free_memory() {
  std::size_t available = 0;
  std::size_t total = 0;
  check(cudaMemGetInfo(&available, &total), "asking for free memory");
  return static_cast<std::int64_t>(available);
}

std::int64_t usable_memory() {
  return static_cast<std::int64_t>(usable_share * static_cast<double>(free_memory())) - reserve_bytes;
}

DeviceMemory estimate_device_memory(const backend::SessionInput& input, int devices) {
  const auto outputs = static_cast<std::int32_t>(input.outputs.size());
  const std::int64_t rows = share(input.train->rows, devices);
  const bool counted = counts_rows(input);
  const std::int32_t members = devices * input.train->communicator->size();
  const GrowerPlan most = most_plan(input, counted, members);
  DeviceMemory memory;
  memory.sets = SetRows::bytes(*input.train, rows, outputs);
  for (const data::DatasetData* set : input.more_sets) {
    memory.sets += SetRows::bytes(*set, share(set->rows, devices), outputs);
  }
  const bool median = objective::traits(input.objective).leaf_rule == objective::LeafRule::weighted_median;
  memory.gradients =
      Gradients::bytes(rows, outputs, backend::constant_hessian(input)) +
      LeafValues::bytes(static_cast<std::int32_t>(std::min<std::int64_t>(most.leaves, usual_leaves)),
                        median ? rows : 0);
  memory.least_growing = grower_bytes(input, rows, least_plan(input, counted, members));
  memory.most_growing = grower_bytes(input, rows, most);
  return memory;
}

void check_device_memory(const backend::SessionInput& input, int devices) {
  const DeviceMemory memory = estimate_device_memory(input, devices);
  const std::int64_t available = usable_memory();
  if (memory.least() <= available) return;
  fail(ErrorCode::out_of_memory,
       "device = {}: training needs {} MiB of each device's memory ({} for the data sets, {} for gradients, "
       "{} or more for "
       "growing trees), {} are free; lower max_depth, max_leaves or max_bin, or spread the rows over more "
       "devices",
       input.params.device, memory.least() >> 20, memory.sets >> 20, memory.gradients >> 20,
       memory.least_growing >> 20, std::max<std::int64_t>(available, 0) >> 20);
}

}  // namespace ramet::cuda
