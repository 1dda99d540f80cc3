// Searching columns of many categories: a set of them goes left.
//
// A block for each (unit, column): categories are sorted by ratio, in shared memory up to shared_categories
// of them (more are reduced on the way to those at either end, which is all that candidates need, or sorted
// in global memory where they need more). Then each warp adds up prefixes of one node, from the front or the
// back of the order, and the gains of a level's nodes are added in their order. A node searched alone is a
// level of one.
#include "cuda/dynamic_shared.cuh"
#include "cuda/launch.cuh"
#include "cuda/search_best.cuh"
#include "cuda/search_category_order.cuh"

namespace ramet::cuda {
namespace {

// Tie numbers of splits that take categories from the back of the order.
constexpr std::uint32_t back_order = 1'000'000;

constexpr std::int32_t round_nodes = tile_warps / 2;

// Gain that one node adds to the prefixes of lengths first .. first + 31, one a lane. `carry`: the node's
// sums up to the last length before.
__device__ double prefix_gain(const SearchSettings& s, const CategoryColumn& column, const Order& order,
                              std::int32_t node, bool back, std::int32_t length, std::int32_t longest,
                              DeviceSums* carry) {
  const SearchTask& task = column.tasks[node];
  const NodeCells<true> cells(s, task, *task.layout);
  DeviceSums left;
  if (length <= longest) {
    const std::int32_t code = code_at_length(order, back, length);
    left = cells.load(column.cell + static_cast<std::int64_t>(code) * column.slots);
  }
  left = warp_prefix(left);
  if (length > 32) left = left + *carry;
  __syncwarp();
  if (longest > 32 && threadIdx.x % 32 == 31) *carry = left;
  const SearchedNode facts{column.sums[node], task.scale->g_unit, task.scale->h_unit,
                           column.parent_scores[node]};
  if (length > longest || !splittable(s, facts)) return 0;
  return split_gain<true>(s, s.category_regularisation, facts, left);
}

// The column's best split; in threads of warps 0 (from the front) and 1 (from the back).
__device__ SearchBest search_order(const SearchSettings& s, const CategoryColumn& column, const Order& order,
                                   DeviceSums* carries, std::int64_t carry_size) {
  __shared__ double gains[2][round_nodes][32];
  __shared__ double scores[round_nodes];
  SearchBest best;
  const std::int32_t longest = min(s.max_threshold, order.usable - 1);
  const std::int32_t warp = thread_index() / 32;
  const std::int32_t lane = thread_index() % 32;
  const std::int32_t side = warp % 2;
  for (std::int32_t base = 0; base < longest; base += 32) {
    const std::int32_t length = base + lane + 1;
    double total = 0;
    double parents = 0;
    for (std::int32_t first = 0; first < column.nodes; first += round_nodes) {
      const std::int32_t node = first + warp / 2;
      double gain = 0;
      if (node < column.nodes) {
        gain = prefix_gain(s, column, order, node, side == 1, length, longest,
                           carries + side * carry_size + node);
      }
      gains[side][warp / 2][lane] = gain;
      if (thread_index() < round_nodes) {
        const std::int32_t n = first + thread_index();
        scores[thread_index()] = n < column.nodes ? column.parent_scores[n] : 0;
      }
      __syncthreads();
      for (std::int32_t n = 0; warp < 2 && n < round_nodes; ++n) {
        total += gains[side][n][lane];
        parents += scores[n];
      }
      __syncthreads();
    }
    if (warp >= 2 || length > longest) continue;
    const std::uint32_t number = static_cast<std::uint32_t>(length) + (side == 1 ? back_order : 0);
    const SearchBest found{total, column.feature, 2 * number + 1, column.column, 0};
    const double least = math::least_gain(parents, s.min_split_gain);
    if (found.gain > least && better(found, best)) best = found;
  }
  return best;
}

// Sets the words of a split's left side.
__device__ void write_set(const Order& order, std::uint32_t number, std::uint32_t* words,
                          std::int32_t word_count) {
  for (std::int32_t w = thread_index(); w < word_count; w += tile_threads) words[w] = 0;
  __syncthreads();
  const bool back = number >= back_order;
  const auto length = static_cast<std::int32_t>(back ? number - back_order : number);
  for (std::int32_t l = 1 + thread_index(); l <= length; l += tile_threads) {
    const std::int32_t category = code_at_length(order, back, l) - 1;
    atomicOr(words + category / 32, 1u << (category % 32));
  }
}

// The number of many-against-many columns among 256 slots; their slots, ascending, in `found`.
__device__ std::int32_t find_columns(const SearchSettings& s, const LayoutView& layout, std::int32_t slot,
                                     std::int32_t slots, std::int32_t* found) {
  __shared__ std::int32_t counts[tile_warps];
  bool many = false;
  if (slot < slots) {
    const std::int32_t column = layout.slot_columns[slot];
    many = column >= 0 && kind_of(s, layout.columns[column]) == ColumnKind::many_against_many;
  }
  const unsigned lane = threadIdx.x % 32;
  const unsigned warp = threadIdx.x / 32;
  const unsigned all = __ballot_sync(all_lanes, many);
  __syncthreads();
  if (lane == 0) counts[warp] = __popc(all);
  __syncthreads();
  std::int32_t rank = __popc(all & ((1u << lane) - 1));
  std::int32_t total = 0;
  for (unsigned w = 0; w < tile_warps; ++w) {
    if (w < warp) rank += counts[w];
    total += counts[w];
  }
  if (many) found[rank] = slot;
  __syncthreads();
  return total;
}

__device__ const Tile& tile_of_slot(const LayoutView& layout, std::int32_t slot) {
  std::int32_t low = layout.first_own_tile;
  for (std::int32_t high = layout.end_own_tile; high - low > 1;) {
    const std::int32_t middle = (low + high) / 2;
    (layout.tiles[middle].first_slot <= slot ? low : high) = middle;
  }
  return layout.tiles[low];
}

// What a block works with.
struct CategoryBlock {
  Order order;
  DeviceSums* carries = nullptr;
  std::int64_t carry_size = 0;
  std::uint32_t* words = nullptr;
  std::int32_t word_count = 0;
};

// Improves `best` by one column. By the whole block, which has `best` in all threads.
__device__ void search_column(const SearchSettings& s, const CategoryColumn& column, CategoryBlock& block,
                              SearchBest& best) {
  __shared__ double gain;
  __shared__ std::uint32_t key;
  order_categories(s, column, block.order);
  if (block.order.usable < 2) return;
  SearchBest found = search_order(s, column, block.order, block.carries, block.carry_size);
  found = block_best(found);
  if (threadIdx.x == 0) {
    gain = found.gain;
    key = found.key;
  }
  __syncthreads();
  found = {gain, column.feature, key, column.column, 0};
  if (!(found.gain > 0) || !better(found, best)) return;
  best = found;
  write_set(block.order, key / 2, block.words, block.word_count);
}

// The part'th of `parts` shares of the unit's columns.
__device__ SearchBest search_part(const SearchSettings& s, CategoryColumn column, const SearchTask& task,
                                  CategoryBlock& block, std::int32_t part, std::int32_t parts) {
  __shared__ std::int32_t found[block_threads];
  SearchBest best;
  const LayoutView layout = *task.layout;
  if (layout.first_own_tile >= layout.end_own_tile) return best;
  const Tile& last = layout.tiles[layout.end_own_tile - 1];
  const std::int32_t slots = last.first_slot + last.slots;
  std::int32_t rank = 0;
  for (std::int32_t slot = layout.tiles[layout.first_own_tile].first_slot; slot < slots;
       slot += tile_threads) {
    const std::int32_t count = find_columns(s, layout, slot + thread_index(), slots, found);
    for (std::int32_t c = 0; c < count; ++c) {
      if (rank++ % parts != part) continue;
      const Tile& tile = tile_of_slot(layout, found[c]);
      column.column = layout.slot_columns[found[c]];
      if (!is_allowed(task, column.column)) continue;
      const DeviceColumn& facts = layout.columns[column.column];
      column.slots = tile.slots;
      column.cell = tile.first_cell + (found[c] - tile.first_slot);
      column.feature = facts.feature;
      column.value_bins = facts.value_bins;
      search_column(s, column, block, best);
    }
    __syncthreads();
  }
  return best;
}

__global__ __launch_bounds__(block_threads,
                             2) void search_categories_kernel(SearchSettings s, SearchWork work,
                                                              SearchScratch scratch, std::int32_t parts,
                                                              std::int32_t capacity) {
  CategoryBlock block;
  block.word_count = scratch.category_words;
  block.carry_size = scratch.carry_size;
  block.carries = scratch.carries + 2 * scratch.carry_size * blockIdx.x;
  block.order.capacity = capacity;
  block.order.ratios = dynamic_shared<double>();
  block.order.codes = reinterpret_cast<std::uint16_t*>(block.order.ratios + capacity);
  if (capacity > shared_categories) {
    block.order.ratios = scratch.ratios + scratch.sort_size * blockIdx.x;
    block.order.codes = scratch.codes + scratch.sort_size * blockIdx.x;
  }
  for (std::int64_t at = blockIdx.x; at < std::int64_t{work.units} * parts; at += gridDim.x) {
    const auto unit = static_cast<std::int32_t>(at / parts);
    const LevelTask level = work.levels == nullptr ? LevelTask{unit, 1} : work.levels[unit];
    CategoryColumn column;
    column.tasks = work.tasks + level.first;
    column.sums = work.sums + level.first;
    column.parent_scores = scratch.parent_scores + level.first;
    column.nodes = level.count;
    block.words = scratch.category_sets + at * block.word_count;
    SearchBest best;
    if (level.count > 0 && column.tasks[0].search != 0) {
      best = search_part(s, column, column.tasks[0], block, static_cast<std::int32_t>(at % parts), parts);
    }
    if (threadIdx.x == 0) scratch.category_best[at] = best;
  }
}

// Categories that a block's arrays hold. Those in shared memory hold all, or enough of both ends of the order
// and a batch of new ones.
std::int32_t order_capacity(const SearchSettings& settings, const SearchScratch& scratch,
                            std::int32_t most_categories) {
  std::int32_t capacity = 2;
  while (capacity < most_categories && capacity < shared_categories) capacity *= 2;
  const bool ends_fit = settings.max_threshold <= (shared_categories - tile_threads) / 2;
  if (most_categories <= shared_categories || ends_fit) return capacity;
  return static_cast<std::int32_t>(scratch.sort_size);
}

}  // namespace

void launch_category_search(const SearchSettings& settings, const SearchWork& work,
                            const SearchScratch& scratch, std::int32_t parts, std::int32_t most_categories,
                            cudaStream_t stream) {
  const std::int32_t capacity = order_capacity(settings, scratch, most_categories);
  const std::size_t shared_bytes =
      capacity > shared_categories
          ? 0
          : static_cast<std::size_t>(capacity) * (sizeof(double) + sizeof(std::uint16_t));
  const std::int64_t blocks =
      std::min<std::int64_t>(std::int64_t{work.units} * parts, scratch.category_blocks);
  launch(search_categories_kernel, blocks, block_threads, shared_bytes, stream, settings, work, scratch,
         parts, capacity);
}

}  // namespace ramet::cuda
