// Searching all nodes of a level, half of whose histograms are differences.
#include "cuda/search.hpp"

#include "device_data.hpp"
#include "timing.hpp"

namespace ramet::cuda::bench {
namespace {

// Histograms of a root, of its first half, and room for those of a level.
struct LevelHistograms {
  explicit LevelHistograms(DeviceData& data, int nodes)
      : size(static_cast<std::size_t>(data.layout.histogram_size())),
        root(size),
        level(size * static_cast<std::size_t>(nodes)) {
    const auto rows = static_cast<std::uint32_t>(data.shape.rows);
    BuildTask task{.count = rows,
                   .layout = data.layout.device(),
                   .gradients = data.gradients.view(0),
                   .histogram = root.data()};
    std::vector<BuildTask> tasks{task};
    task.count = rows / 2;
    task.histogram = level.data();
    tasks.push_back(task);
    const DeviceArray<BuildTask> on_device = upload(tasks);
    const HistogramBuilder builder(data.histogram_shape());
    builder.build(on_device.data(), 2, data.stream.get());
    for (int n = 2; n < nodes; n += 2) copy(node(n), level.data(), size, data.stream.get());
    data.stream.synchronize();
  }
  std::int64_t* node(int n) const { return level.data() + static_cast<std::size_t>(n) * size; }

  std::size_t size;
  DeviceArray<std::int64_t> root;
  DeviceArray<std::int64_t> level;
};

// Pairs of siblings: one was built, the other one is the difference.
std::vector<SearchTask> level_tasks(const DeviceData& data, const LevelHistograms& histograms, int nodes) {
  std::vector<SearchTask> tasks;
  for (int n = 0; n < nodes; ++n) {
    SearchTask task{
        .histogram = histograms.node(n), .layout = data.layout.device(), .scale = data.gradients.scales()};
    if (n % 2 == 1) {
      task.parent = histograms.root.data();
      task.sibling = histograms.node(n - 1);
    }
    tasks.push_back(task);
  }
  return tasks;
}

// Arguments: columns, bins, nodes.
void search(benchmark::State& state) {
  DeviceData& data = device_data({.rows = capped_rows(1'000'000),
                                  .columns = static_cast<int>(state.range(0)),
                                  .bins = static_cast<int>(state.range(1))});
  const int nodes = static_cast<int>(state.range(2));
  const LevelHistograms histograms(data, nodes);
  const std::size_t size = histograms.size;
  const DeviceArray<SearchTask> on_device = upload(level_tasks(data, histograms, nodes));
  const DeviceArray<DeviceSums> sums(static_cast<std::size_t>(nodes));
  const DeviceArray<DeviceCandidate> candidates(static_cast<std::size_t>(nodes));
  const SearchLimits limits{
      .nodes = nodes, .tiles = data.layout.host().tile_count, .cells = data.layout.host().cells};
  SplitSearch split_search(search_settings({}, false), limits);
  const DeviceArray<std::uint32_t> words(
      static_cast<std::size_t>(std::max(1, split_search.category_words() * nodes)));
  const double bytes = 8.0 * static_cast<double>(size) * nodes * 2;  // a difference reads two and writes one
  time_work(state, data.stream.get(), bytes, [&] {
    split_search.search_nodes(on_device.data(), nodes, sums.data(), candidates.data(), words.data(),
                              data.stream.get());
  });
}

BENCHMARK(search)
    ->UseManualTime()
    ->ArgNames({"cols", "bins", "nodes"})
    ->Args({28, 255, 1})
    ->Args({28, 255, 128})
    ->Args({28, 1'023, 128})
    ->Args({784, 255, 32});

}  // namespace
}  // namespace ramet::cuda::bench
