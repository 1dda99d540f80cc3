// Histograms of all nodes of a level in one call.
#include "cuda/histogram.hpp"

#include "cuda/pack.hpp"
#include "device_data.hpp"
#include "timing.hpp"

namespace ramet::cuda::bench {
namespace {

// A row's codes and its gradients, and its id where it is read by id, for each tile.
double bytes_of_level(const DeviceData& data, bool by_id) {
  double bytes = 0;
  for (const Tile& tile : data.layout.tiles())
    bytes += (tile.slots > 1 ? tile.slots : 2) + 4 + (by_id ? 4 : 0);
  return bytes * static_cast<double>(data.shape.rows);
}

// Arguments: rows, columns, bins, nodes that share the rows.
void histogram(benchmark::State& state) {
  DeviceData& data = device_data({.rows = capped_rows(state.range(0)),
                                  .columns = static_cast<int>(state.range(1)),
                                  .bins = static_cast<int>(state.range(2))});
  const int nodes = static_cast<int>(state.range(3));
  const LevelRows level = level_rows(data.shape.rows, nodes);
  const auto size = static_cast<std::size_t>(data.layout.histogram_size());
  const DeviceArray<std::int64_t> histograms(size * static_cast<std::size_t>(nodes));
  std::vector<BuildTask> tasks;
  for (std::size_t n = 0; n < level.counts.size(); ++n) {
    tasks.push_back({.ids = nodes == 1 ? nullptr : level.ids.data() + level.begins[n],
                     .count = level.counts[n],
                     .layout = data.layout.device(),
                     .gradients = data.gradients.view(0),
                     .histogram = histograms.data() + n * size});
  }
  const DeviceArray<BuildTask> on_device = upload(tasks);
  const HistogramBuilder builder(data.histogram_shape());
  time_work(state, data.stream.get(), bytes_of_level(data, nodes > 1),
            [&] { builder.build(on_device.data(), nodes, data.stream.get()); });
  count_updates(state, static_cast<double>(data.shape.rows) * data.shape.columns);
}

BENCHMARK(histogram)
    ->UseManualTime()
    ->ArgNames({"rows", "cols", "bins", "nodes"})
    ->Args({11'000'000, 28, 255, 1})
    ->Args({11'000'000, 28, 255, 2})
    ->Args({11'000'000, 28, 255, 128})
    ->Args({1'000'000, 28, 255, 1})
    ->Args({1'000'000, 28, 255, 128})
    ->Args({1'000'000, 28, 63, 1})
    ->Args({1'000'000, 28, 15, 1})
    ->Args({1'000'000, 28, 1'023, 1})
    ->Args({60'000, 784, 255, 1})
    ->Args({60'000, 784, 255, 32});

// A tree's packed rows, written when columns are sampled. Arguments: rows, columns.
void pack(benchmark::State& state) {
  DeviceData& data =
      device_data({.rows = capped_rows(state.range(0)), .columns = static_cast<int>(state.range(1))});
  const std::int32_t slots = data.layout.tiles()[0].slots;
  const std::int32_t tiles = data.layout.host().byte_tiles;
  const DeviceArray<std::uint8_t> packed(
      static_cast<std::size_t>(packed_tile_bytes(data.shape.rows, slots) * tiles));
  const double bytes =
      static_cast<double>(data.shape.rows) * (data.shape.columns + double{1} * tiles * slots);
  time_work(state, data.stream.get(), bytes, [&] {
    pack_rows(data.layout.device(), tiles, slots, data.shape.rows, packed.data(), data.stream.get());
  });
}

BENCHMARK(pack)->UseManualTime()->ArgNames({"rows", "cols"})->Args({11'000'000, 28})->Args({60'000, 784});

}  // namespace
}  // namespace ramet::cuda::bench
