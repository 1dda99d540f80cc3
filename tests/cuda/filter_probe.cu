#include "cuda/filter_probe.hpp"

#include "cuda/device_values.hpp"
#include "cuda/launch.cuh"
#include "cuda/search_filter.cuh"

namespace ramet::cuda::test {
namespace {

__global__ void filter_probe_kernel(const FilterProbe* probes, std::uint32_t count, FilterAnswer* answers) {
  const std::uint32_t i = blockIdx.x * block_threads + threadIdx.x;
  if (i >= count) return;
  const FilterProbe& probe = probes[i];
  const SearchedNode node = searched_node(probe.settings, probe.total, probe.scale);
  const GainFilter filter(probe.settings, node);
  answers[i].gain = split_gain<true>(probe.settings, probe.settings.regularisation, node, probe.left);
  answers[i].loses = filter.loses(probe.left, probe.total, filter.bound(probe.gain_to_reach)) ? 1 : 0;
}

}  // namespace

std::vector<FilterAnswer> ask_filter(const std::vector<FilterProbe>& probes) {
  const DeviceArray<FilterProbe> on_device = to_device(probes);
  const DeviceArray<FilterAnswer> answers(probes.size());
  const auto count = static_cast<std::uint32_t>(probes.size());
  launch(filter_probe_kernel, blocks_for(count, block_threads), block_threads, 0, nullptr, on_device.data(),
         count, answers.data());
  return from_device(answers.data(), probes.size());
}

}  // namespace ramet::cuda::test
