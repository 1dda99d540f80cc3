#include "cuda/histogram.hpp"

#include <algorithm>

#include "cuda/histogram_work.hpp"

namespace ramet::cuda {
namespace {

constexpr std::int32_t most_tasks = 8'192;

}  // namespace

HistogramBuilder::HistogramBuilder(const HistogramShape& shape)
    : shape_(shape),
      byte_blocks_(shape.most_codes > 0 ? byte_histogram_blocks(shape) : 0),
      wide_blocks_(shape.wide_tiles ? wide_histogram_blocks() : 0),
      starts_(2 * (most_tasks + 1)) {}

void HistogramBuilder::build(const BuildTask* tasks, std::int32_t count, cudaStream_t stream) const {
  const WorkStarts starts{starts_.data(), starts_.data() + most_tasks + 1};
  for (std::int32_t first = 0; first < count; first += most_tasks) {
    const std::int32_t part = std::min(count - first, most_tasks);
    launch_prepare(tasks + first, part, starts, {byte_blocks_, wide_blocks_}, stream);
    launch_byte_histogram(shape_, byte_blocks_, tasks + first, part, starts.byte_tiles, stream);
    launch_wide_histogram(wide_blocks_, tasks + first, part, starts.wide_slices, stream);
  }
}

}  // namespace ramet::cuda
