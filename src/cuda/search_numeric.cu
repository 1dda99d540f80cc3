// Searching nodes: numeric columns, and categorical ones where one category stands against the rest.
//
// A block goes through some of a node's tiles; each one's cells are read twice, the second time from the
// cache. Prefix sums are integers, so that it does not matter how codes are divided among threads. What gain
// the block has seen so far tells which candidates need no look in double precision.
#include "cuda/launch.cuh"
#include "cuda/search_best.cuh"
#include "cuda/search_filter.cuh"
#include "cuda/search_tile.cuh"

namespace ramet::cuda {
namespace {

// A thread's column.
struct ColumnSearch {
  ColumnKind kind = ColumnKind::none;
  std::int32_t column = -1;
  std::int32_t feature = 0;
  std::int32_t value_bins = 0;
  bool both = false;  // directions of missing values are tried
  DeviceSums missing;
};

__device__ ColumnSearch column_search(const SearchSettings& s, const SearchTask& task,
                                      const LayoutView& layout, std::int32_t column,
                                      const DeviceSums& missing) {
  ColumnSearch search;
  if (task.search == 0 || column < 0 || !is_allowed(task, column)) return search;
  const DeviceColumn& facts = layout.columns[column];
  const ColumnKind kind = kind_of(s, facts);
  if (kind == ColumnKind::many_against_many) return search;
  search.kind = kind;
  search.column = column;
  search.feature = facts.feature;
  search.value_bins = facts.value_bins;
  if (kind != ColumnKind::numeric) return search;
  search.both = missing.g != 0 || missing.h != 0;
  search.missing = missing;
  return search;
}

// The splits of one code.
struct CodeSplits {
  DeviceSums with_missing;  // sums of the left side where missing values go left
  DeviceSums without;       // and right
  bool left = false;        // there is one that sends missing values left
  bool right = false;
};

// `low`: sums of codes 0 .. code.
__device__ CodeSplits splits_of(const ColumnSearch& column, const SearchedNode& node, std::int32_t code,
                                const DeviceSums& cell, const DeviceSums& low) {
  CodeSplits splits;
  const bool numeric = column.kind == ColumnKind::numeric;
  const std::int32_t last = column.value_bins - (numeric && !column.both ? 1 : 0);
  if (code == 0 || code > last) return splits;
  // The same sums as those of the bin before, which wins the tie.
  if (numeric && code > 1 && cell.g == 0 && cell.h == 0 && cell.rows == 0) return splits;
  splits.with_missing = low;
  splits.without = choose(numeric, low - column.missing, cell);
  const bool more_left = splits.without.h >= node.total.h - splits.without.h;
  splits.left = column.both ? code < column.value_bins : numeric && more_left;
  splits.right = column.both || !splits.left;
  return splits;
}

// What a thread's candidates are compared with.
template <bool counted>
struct NodeSearch {
  const SearchSettings& s;
  const SearchedNode node;
  const GainFilter filter;
  const double least;
  const SharedBound bound;

  __device__ NodeSearch(const SearchSettings& settings, const SearchedNode& searched, int* block_bound)
      : s(settings),
        node(searched),
        filter(settings, searched),
        least(math::least_gain(searched.parent_score, settings.min_split_gain)),
        bound{block_bound} {
    bound.raise(filter.bound(least));
  }

  __device__ bool may_win(const CodeSplits& splits, float least_bound) const {
    return (splits.left && !filter.loses(splits.with_missing, node.total, least_bound)) ||
           (splits.right && !filter.loses(splits.without, node.total, least_bound));
  }
  __device__ void offer(const ColumnSearch& column, std::int32_t code, const CodeSplits& splits,
                        SearchBest& best) const {
#pragma unroll 1
    for (std::uint32_t right = splits.left ? 0 : 1; right <= (splits.right ? 1u : 0u); ++right) {
      const DeviceSums left = choose(right == 0, splits.with_missing, splits.without);
      const SearchBest found{split_gain<counted>(s, s.regularisation, node, left), column.feature,
                             2 * static_cast<std::uint32_t>(code) + right, column.column, 0};
      if (!(found.gain > least) || !better(found, best)) continue;
      best = found;
      bound.raise(filter.bound(best.gain));
    }
  }
};

// A thread's codes in a byte tile. Several at a time are tested, so that their work overlaps; those that may
// win are rare, and are gone through once more.
template <bool counted>
__device__ void search_segment(const NodeSearch<counted>& search, const NodeCells<counted>& node,
                               const ThreadCodes& mine, const ColumnSearch& column, DeviceSums before,
                               SearchBest& best) {
  constexpr std::int32_t batch = 4;
  for (std::int32_t first = mine.first; first < mine.end; first += batch) {
    DeviceSums cells[batch];
#pragma unroll
    for (std::int32_t k = 0; k < batch; ++k) {
      if (first + k < mine.end) cells[k] = node.load(mine.cell_of(first + k));
    }
    const float bound = search.bound.get();
    DeviceSums low = before;
    unsigned candidates = 0;
#pragma unroll
    for (std::int32_t k = 0; k < batch; ++k) {
      low = low + cells[k];
      if (first + k >= mine.end) continue;
      const CodeSplits splits = splits_of(column, search.node, first + k, cells[k], low);
      if (search.may_win(splits, bound)) candidates |= 1u << k;
    }
    DeviceSums again = before;
    for (std::int32_t code = first; candidates != 0; ++code, candidates /= 2) {
      const DeviceSums cell = node.load(mine.cell_of(code));
      again = again + cell;
      if (candidates % 2 == 0) continue;
      search.offer(column, code, splits_of(column, search.node, code, cell, again), best);
    }
    before = low;
  }
}

// The same for a wide one. By whole warps.
template <bool counted>
__device__ void search_wide(const NodeSearch<counted>& search, const NodeCells<counted>& node,
                            const ThreadCodes& mine, const ColumnSearch& column, const DeviceSums& before,
                            SearchBest& best) {
  scan_tile(node, mine, before, [&](std::int32_t code, const DeviceSums& cell, const DeviceSums& low) {
    const CodeSplits splits = splits_of(column, search.node, code, cell, low);
    if (search.may_win(splits, search.bound.get())) search.offer(column, code, splits, best);
  });
}

template <bool counted>
__global__ __launch_bounds__(block_threads, 2) void search_tiles_kernel(SearchSettings s, SearchWork work,
                                                                        SearchScratch scratch,
                                                                        std::int32_t parts) {
  __shared__ int bound;
  const auto block = static_cast<std::int32_t>(blockIdx.x);
  const std::int32_t i = block / parts;
  const SearchTask& task = work.tasks[i];
  const LayoutView& layout = *task.layout;
  const NodeCells<counted> cells(s, task, layout);
  SearchBest best;
  if (threadIdx.x == 0) bound = 0;
  for (std::int32_t t = layout.first_own_tile + block % parts; t < layout.end_own_tile; t += parts) {
    const ThreadCodes mine = codes_of_thread(layout, layout.tiles[t]);
    const ColumnSums sums = sum_tile(cells, mine);
    const SearchedNode node = searched_node(s, sums.total, *task.scale);
    if (t == layout.first_own_tile && threadIdx.x == 0) {
      work.sums[i] = reported_sums<counted>(s, sums.total);
      scratch.parent_scores[i] = node.parent_score;
    }
    const ColumnSearch column = column_search(s, task, layout, mine.column, sums.missing);
    if (column.kind == ColumnKind::none || !splittable(s, node)) continue;  // in wide tiles the whole block
    const NodeSearch<counted> search(s, node, &bound);
    if (mine.wide()) {
      search_wide(search, cells, mine, column, sums.before, best);
    } else {
      search_segment(search, cells, mine, column, sums.before, best);
    }
  }
  best = block_best(best);
  if (threadIdx.x == 0) scratch.tile_best[block] = best;
}

}  // namespace

void launch_tile_search(const SearchSettings& settings, const SearchWork& work, const SearchScratch& scratch,
                        std::int32_t parts, cudaStream_t stream) {
  const auto kernel = scratch.counted ? search_tiles_kernel<true> : search_tiles_kernel<false>;
  launch(kernel, std::int64_t{work.count} * parts, block_threads, 0, stream, settings, work, scratch, parts);
}

}  // namespace ramet::cuda
