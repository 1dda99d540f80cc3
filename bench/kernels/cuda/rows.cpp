// What moves or visits rows: partition, sampling, routing to leaves, sums of leaves.
#include "cuda/leaves.hpp"
#include "cuda/partition.hpp"
#include "cuda/scores.hpp"
#include "device_data.hpp"
#include "math/random.hpp"
#include "timing.hpp"

namespace ramet::cuda::bench {
namespace {

// Splits every node of a level in halves. Arguments: rows, nodes.
void partition(benchmark::State& state) {
  DeviceData& data = device_data({.rows = capped_rows(state.range(0)), .columns = 28});
  const int nodes = static_cast<int>(state.range(1));
  const LevelRows level = level_rows(data.shape.rows, nodes);
  const DeviceArray<std::uint32_t> target(static_cast<std::size_t>(data.shape.rows));
  const DeviceArray<std::uint32_t> sides(2 * static_cast<std::size_t>(nodes));
  std::vector<PartitionTask> tasks;
  std::uint32_t blocks = 0;
  for (std::size_t n = 0; n < level.counts.size(); ++n) {
    const DeviceColumn& column =
        data.set.columns().columns()[n % static_cast<std::size_t>(data.shape.columns)];
    tasks.push_back({.source = nodes == 1 ? nullptr : level.ids.data() + level.begins[n],
                     .target = target.data() + level.begins[n],
                     .count = level.counts[n],
                     .first_block = blocks,
                     .rule = {.codes = column.codes, .width = column.width, .bin = 128}});
    blocks += partition_blocks(level.counts[n]);
  }
  const DeviceArray<PartitionTask> on_device = upload(tasks);
  const double bytes_of_row = (nodes == 1 ? 0 : 4) + 1 + 4;
  time_work(state, data.stream.get(), bytes_of_row * static_cast<double>(data.shape.rows),
            [&] { partition_rows(on_device.data(), nodes, blocks, sides.data(), data.stream.get()); });
}

BENCHMARK(partition)
    ->UseManualTime()
    ->ArgNames({"rows", "nodes"})
    ->Args({11'000'000, 1})
    ->Args({11'000'000, 128})
    ->Args({1'000'000, 1})
    ->Args({1'000'000, 128});

// Half of the rows. Argument: rows.
void sample(benchmark::State& state) {
  DeviceData& data = device_data({.rows = capped_rows(state.range(0)), .columns = 28});
  const DeviceArray<std::uint32_t> ids(static_cast<std::size_t>(data.shape.rows));
  const DeviceArray<std::uint32_t> count(1);
  std::uint64_t key = 0;
  time_work(state, data.stream.get(), 2.0 * static_cast<double>(data.shape.rows), [&] {
    sample_rows(data.shape.rows, 0, ++key, 0.5, ids.data(), count.data(), data.stream.get());
  });
}

BENCHMARK(sample)->UseManualTime()->ArgName("rows")->Arg(11'000'000);

// Sums of leaves that share the rows. Arguments: rows, leaves.
void leaf_sums(benchmark::State& state) {
  DeviceData& data = device_data({.rows = capped_rows(state.range(0)), .columns = 28});
  const int leaves = static_cast<int>(state.range(1));
  const LevelRows level = level_rows(data.shape.rows, leaves);
  std::vector<LeafTask> tasks;
  std::uint32_t blocks = 0;
  for (std::size_t n = 0; n < level.counts.size(); ++n) {
    tasks.push_back({.ids = level.ids.data() + level.begins[n],
                     .count = level.counts[n],
                     .output = 0,
                     .first_block = blocks});
    blocks += leaf_blocks(level.counts[n]);
  }
  const DeviceArray<LeafTask> on_device = upload(tasks);
  const DeviceArray<LeafOutput> outputs = upload<LeafOutput>(
      {{.gradients = data.gradients.view(0), .scores = data.set.scores(), .unit_exponent = 40}});
  const DeviceArray<std::int64_t> units(static_cast<std::size_t>(leaves));
  LeafSettings settings;
  settings.total_rows = data.shape.rows;
  LeafValues values(settings, leaves);
  time_work(state, data.stream.get(), 12.0 * static_cast<double>(data.shape.rows), [&] {
    values.newton(on_device.data(), leaves, blocks, outputs.data(), *data.comm, units.data(),
                  data.stream.get());
  });
}

BENCHMARK(leaf_sums)
    ->UseManualTime()
    ->ArgNames({"rows", "leaves"})
    ->Args({11'000'000, 256})
    ->Args({1'000'000, 256});

// A complete tree of the given depth, each level on a column of its own.
struct CompleteTree {
  std::vector<RouteNode> nodes;
  int leaves = 0;
};

CompleteTree complete_tree(int depth, int columns) {
  CompleteTree tree;
  tree.leaves = 1 << depth;
  const int inner = tree.leaves - 1;
  for (int n = 0; n < 2 * inner + 1; ++n) {
    RouteNode node;
    if (n < inner) {
      int level = 0;
      while ((2 << level) - 1 <= n) ++level;
      node = {.column = level % columns, .bin = 128, .left = 2 * n + 1, .right = 2 * n + 2};
    } else {
      node.leaf = n - inner;
    }
    tree.nodes.push_back(node);
  }
  return tree;
}

// Adds trees to the scores of rows that are packed in one group. Arguments: rows, depth, trees.
void route(benchmark::State& state) {
  DeviceData& data = device_data({.rows = capped_rows(state.range(0)), .columns = 28});
  const CompleteTree tree = complete_tree(static_cast<int>(state.range(1)), data.shape.columns);
  const int trees = static_cast<int>(state.range(2));
  const DeviceArray<RouteNode> nodes = upload(tree.nodes);
  const DeviceArray<std::int64_t> steps =
      upload(std::vector<std::int64_t>(static_cast<std::size_t>(tree.leaves), 1));
  const std::vector<RouteTree> routes(static_cast<std::size_t>(trees),
                                      {.nodes = nodes.data(),
                                       .node_count = static_cast<std::int32_t>(tree.nodes.size()),
                                       .steps = steps.data()});
  const DeviceArray<RouteTree> on_device = upload(routes);
  std::vector<std::int32_t> slots(static_cast<std::size_t>(data.shape.columns));
  const std::span<const std::int32_t> columns = data.layout.slot_columns();
  for (std::size_t slot = 0; slot < columns.size(); ++slot) {
    if (columns[slot] >= 0) slots[static_cast<std::size_t>(columns[slot])] = static_cast<std::int32_t>(slot);
  }
  const DeviceArray<std::int32_t> slot_of_column = upload(slots);
  const Tile& tile = data.layout.tiles()[0];
  const RouteRows rows{.columns = data.set.columns().device(),
                       .rows = data.shape.rows,
                       .packed = tile.rows,
                       .packed_bytes = tile.slots,
                       .slot_of_column = slot_of_column.data()};
  time_work(state, data.stream.get(), (16.0 + tile.slots) * static_cast<double>(data.shape.rows),
            [&] { add_trees(on_device.data(), trees, rows, data.set.scores(), data.stream.get()); });
}

BENCHMARK(route)
    ->UseManualTime()
    ->ArgNames({"rows", "depth", "trees"})
    ->Args({11'000'000, 8, 1})
    ->Args({1'000'000, 8, 1})
    ->Args({1'000'000, 8, 16});

}  // namespace
}  // namespace ramet::cuda::bench
