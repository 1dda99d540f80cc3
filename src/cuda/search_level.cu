// Searching whole levels of symmetric trees: a candidate's gain is the sum over the level's nodes, in order.
//
// First each node's prefix sums over codes are written out (a category that stands against the rest keeps its
// own sums). Then a block takes 32 neighbouring cells, one a lane; its warps share out the nodes, a round of
// them at a time, and two warps add up what was found, in the order of the nodes.
#include "cuda/launch.cuh"
#include "cuda/search_best.cuh"
#include "cuda/search_tile.cuh"

namespace ramet::cuda {
namespace {

constexpr std::int32_t warp_nodes = 4;  // of a round, for each warp
constexpr std::int32_t round_nodes = tile_warps * warp_nodes;

template <bool counted>
__global__ __launch_bounds__(block_threads, 2) void level_prefix_kernel(SearchSettings s, SearchWork work,
                                                                        SearchScratch scratch,
                                                                        std::int32_t parts) {
  const auto i = static_cast<std::int32_t>(blockIdx.x) / parts;
  const SearchTask& task = work.tasks[i];
  const LayoutView& layout = *task.layout;
  const NodeCells<counted> cells(s, task, layout);
  std::int64_t* prefix = scratch.prefix + scratch.prefix_size * i;
  const std::int32_t first = layout.first_own_tile + static_cast<std::int32_t>(blockIdx.x) % parts;
  for (std::int32_t t = first; t < layout.end_own_tile; t += parts) {
    const ThreadCodes mine = codes_of_thread(layout, layout.tiles[t]);
    const ColumnSums sums = sum_tile(cells, mine);
    if (t == layout.first_own_tile && threadIdx.x == 0) {
      work.sums[i] = reported_sums<counted>(s, sums.total);
      scratch.parent_scores[i] = searched_node(s, sums.total, *task.scale).parent_score;
    }
    if (mine.column < 0 || task.search == 0) continue;
    const ColumnKind kind = kind_of(s, layout.columns[mine.column]);
    if (kind == ColumnKind::many_against_many) continue;
    scan_tile(cells, mine, sums.before,
              [&](std::int32_t code, const DeviceSums& cell, const DeviceSums& low) {
                const DeviceSums value = choose(kind == ColumnKind::numeric, low, cell);
                const std::int64_t at = mine.cell_of(code) - layout.first_own_cell;
                prefix[at] = value.g;
                prefix[cells.cells + at] = value.h;
                if (cells.third_plane) prefix[2 * cells.cells + at] = value.rows;
              });
  }
}

// What a lane's cell stands for. Cells count from the first of the part.
struct LevelCell {
  ColumnKind kind = ColumnKind::none;
  std::int64_t cell = 0;
  std::int64_t missing = 0;  // cell of code 0
  std::int32_t code = 0;
  std::int32_t column = -1;
  std::int32_t feature = 0;
  std::int32_t value_bins = 0;
  bool has_missing = false;
};

__device__ LevelCell find_cell(const SearchSettings& s, const SearchTask& task, const LayoutView& layout,
                               std::int64_t cell) {
  LevelCell found;
  found.cell = cell;
  std::int32_t low = layout.first_own_tile;
  for (std::int32_t high = layout.end_own_tile; high - low > 1;) {
    const std::int32_t middle = (low + high) / 2;
    (layout.tiles[middle].first_cell - layout.first_own_cell <= cell ? low : high) = middle;
  }
  const Tile& tile = layout.tiles[low];
  const std::int64_t first_cell = tile.first_cell - layout.first_own_cell;
  const std::int64_t offset = cell - first_cell;
  const std::int64_t code = offset / tile.slots;
  if (code == 0 || code >= tile.codes) return found;
  const auto slot = static_cast<std::int32_t>(offset % tile.slots);
  const std::int32_t column = layout.slot_columns[tile.first_slot + slot];
  if (column < 0 || !is_allowed(task, column)) return found;
  const DeviceColumn& facts = layout.columns[column];
  const ColumnKind kind = kind_of(s, facts);
  const bool numeric = kind == ColumnKind::numeric;
  found.has_missing = facts.has_missing != 0 && numeric;
  const std::int32_t last = facts.value_bins - (numeric && !found.has_missing ? 1 : 0);
  if (code > last || kind == ColumnKind::many_against_many) return found;
  found.kind = kind;
  found.missing = first_cell + slot;
  found.code = static_cast<std::int32_t>(code);
  found.column = column;
  found.feature = facts.feature;
  found.value_bins = facts.value_bins;
  return found;
}

// Sums over a level's nodes that the direction of missing values depends on.
struct LevelSums {
  std::int64_t missing_g = 0;
  std::int64_t missing_h = 0;
  std::int64_t left_h = 0;
  std::int64_t total_h = 0;
};

// A lane's gains from one node.
struct CellGains {
  double without = 0;  // missing values go right
  double with = 0;     // left
};

template <bool counted>
__device__ CellGains node_gains(const SearchSettings& s, const LayoutView& layout, const std::int64_t* prefix,
                                const SearchedNode& node, const LevelCell& cell, LevelSums& level) {
  const auto load = [&](std::int64_t at) {
    DeviceSums sums{prefix[at], prefix[layout.cells + at], 0};
    if (counted)
      sums.rows = layout.planes == 3 ? prefix[2 * layout.cells + at] : s.h_counts_rows ? sums.h : 0;
    return sums;
  };
  DeviceSums left = load(cell.cell);
  const bool searched = splittable(s, node);
  CellGains gains;
  if (cell.has_missing) {
    if (searched) gains.with = split_gain<counted>(s, s.regularisation, node, left);
    const DeviceSums missing = load(cell.missing);
    level.missing_g += missing.g;
    level.missing_h += missing.h;
    left = left - missing;
  }
  if (searched) gains.without = split_gain<counted>(s, s.regularisation, node, left);
  level.left_h += left.h;
  level.total_h += node.total.h;
  return gains;
}

// Adds up the warps' sums.
__device__ LevelSums add_over_warps(const LevelSums& mine) {
  __shared__ std::int64_t parts[4][tile_warps][32];
  const unsigned warp = threadIdx.x / 32;
  const unsigned lane = threadIdx.x % 32;
  parts[0][warp][lane] = mine.missing_g;
  parts[1][warp][lane] = mine.missing_h;
  parts[2][warp][lane] = mine.left_h;
  parts[3][warp][lane] = mine.total_h;
  __syncthreads();
  LevelSums all;
  for (unsigned w = 0; w < tile_warps; ++w) {
    all.missing_g += parts[0][w][lane];
    all.missing_h += parts[1][w][lane];
    all.left_h += parts[2][w][lane];
    all.total_h += parts[3][w][lane];
  }
  return all;
}

// Offers a cell's splits. `without`, `with`: the level's gains.
__device__ void offer_cell(const LevelCell& cell, const LevelSums& sums, double without, double with,
                           double least, SearchBest& best) {
  const auto offer = [&](double gain, std::uint32_t key) {
    const SearchBest found{gain, cell.feature, key, cell.column, 0};
    if (found.gain > least && better(found, best)) best = found;
  };
  const std::uint32_t key = 2 * static_cast<std::uint32_t>(cell.code);
  if (cell.kind == ColumnKind::one_against_rest) return offer(without, key + 1);
  const bool last = cell.code == cell.value_bins;
  if (!cell.has_missing) with = without;
  if (sums.missing_g != 0 || sums.missing_h != 0) {
    if (!last) offer(with, key);
    offer(without, key + 1);
  } else if (!last) {
    const bool left = sums.left_h >= sums.total_h - sums.left_h;
    offer(left ? with : without, left ? key : key + 1);
  }
}

// Improves `best` (of warp 0's threads) by 32 cells of a level. By the whole block.
template <bool counted>
__device__ void search_cells(const SearchSettings& s, const SearchWork& work, const SearchScratch& scratch,
                             const LevelTask& level, const LevelCell& cell, SearchBest& best) {
  __shared__ double gains[2][round_nodes][32];
  __shared__ double scores[round_nodes];
  __shared__ double with[32];
  const std::int32_t warp = thread_index() / 32;
  const std::int32_t lane = thread_index() % 32;
  const SearchTask& task = work.tasks[level.first];
  LevelSums sums;
  double total = 0;
  double parents = 0;
  for (std::int32_t first = 0; first < level.count; first += round_nodes) {
    const std::int32_t nodes = min(round_nodes, level.count - first);
    __syncthreads();  // the last round has been added
    for (std::int32_t n = warp; n < nodes; n += tile_warps) {
      const std::int32_t i = level.first + first + n;
      const SearchedNode node{work.sums[i], task.scale->g_unit, task.scale->h_unit, scratch.parent_scores[i]};
      CellGains found;
      if (cell.kind != ColumnKind::none) {
        const std::int64_t* prefix = scratch.prefix + scratch.prefix_size * i;
        found = node_gains<counted>(s, *task.layout, prefix, node, cell, sums);
      }
      gains[0][n][lane] = found.without;
      gains[1][n][lane] = found.with;
      if (lane == 0) scores[n] = node.parent_score;
    }
    __syncthreads();
    for (std::int32_t n = 0; warp < 2 && n < nodes; ++n) {
      total += gains[warp][n][lane];
      parents += scores[n];
    }
  }
  if (warp == 1) with[lane] = total;
  sums = add_over_warps(sums);
  if (warp != 0 || cell.kind == ColumnKind::none) return;
  offer_cell(cell, sums, total, with[lane], math::least_gain(parents, s.min_split_gain), best);
}

template <bool counted>
__global__ __launch_bounds__(block_threads, 2) void search_level_kernel(SearchSettings s, SearchWork work,
                                                                        SearchScratch scratch,
                                                                        std::int32_t parts) {
  const auto block = static_cast<std::int32_t>(blockIdx.x);
  const LevelTask level = work.levels[block / parts];
  SearchBest best;
  if (level.count > 0 && work.tasks[level.first].search != 0) {
    const SearchTask& task = work.tasks[level.first];
    const LayoutView& layout = *task.layout;
    const std::int64_t end = layout.first_own_tile < layout.end_own_tile ? layout.cells : 0;
    const std::int64_t step = std::int64_t{parts} * 32;
    for (std::int64_t first = std::int64_t{block % parts} * 32; first < end; first += step) {
      LevelCell cell;
      const std::int64_t at = first + thread_index() % 32;
      if (at < end) cell = find_cell(s, task, layout, at);
      if (__any_sync(all_lanes, cell.kind != ColumnKind::none) == 0) continue;  // in all warps
      search_cells<counted>(s, work, scratch, level, cell, best);
    }
  }
  if (threadIdx.x >= warp_threads) return;
  best = warp_best(best);
  if (threadIdx.x == 0) scratch.tile_best[block] = best;
}

}  // namespace

void launch_level_prefix(const SearchSettings& settings, const SearchWork& work, const SearchScratch& scratch,
                         std::int32_t parts, cudaStream_t stream) {
  const auto kernel = scratch.counted ? level_prefix_kernel<true> : level_prefix_kernel<false>;
  launch(kernel, std::int64_t{work.count} * parts, block_threads, 0, stream, settings, work, scratch, parts);
}

void launch_level_search(const SearchSettings& settings, const SearchWork& work, const SearchScratch& scratch,
                         std::int32_t parts, cudaStream_t stream) {
  const auto kernel = scratch.counted ? search_level_kernel<true> : search_level_kernel<false>;
  launch(kernel, std::int64_t{work.units} * parts, block_threads, 0, stream, settings, work, scratch, parts);
}

}  // namespace ramet::cuda
