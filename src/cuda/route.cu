// Rows down finished trees by their codes. Blocks keep as many trees as fit in shared memory and send their
// share of the rows through all of them, so that a row, and each of its scores, is read and written once.
#include "cuda/dynamic_shared.cuh"
#include "cuda/global_pointer.cuh"
#include "cuda/launch.cuh"
#include "cuda/scores.hpp"

namespace ramet::cuda {
namespace {

constexpr std::int32_t most_cached_nodes = 2'048;  // of a block: 32 KB
constexpr std::int32_t most_cached_trees = 64;
constexpr int blocks_per_multiprocessor = 5;

// What a node's test says beside the bin, which takes the low 16 bits.
constexpr std::uint32_t bin_mask = 0xffff;
constexpr std::uint32_t missing_left_flag = 1u << 16;
constexpr std::uint32_t set_flag = 1u << 17;
constexpr std::uint32_t wide_flag = 1u << 18;
constexpr std::uint32_t leaf_flag = 1u << 19;

// A node in shared memory, read in one piece: x and y hold `where` (leaves: the step; else the address of the
// column's codes, or its slot), z the test, w the children: the left one in the low, the right one in the
// high half.
using CachedNode = uint4;

__device__ std::uint64_t where(const CachedNode& node) { return std::uint64_t{node.y} << 32 | node.x; }

__device__ CachedNode cached_node(std::uint64_t where, std::uint32_t test, std::uint32_t children) {
  return make_uint4(static_cast<std::uint32_t>(where), static_cast<std::uint32_t>(where >> 32), test,
                    children);
}

// Some trees of a launch. `cached`: their nodes are in shared memory.
struct TreeTile {
  std::int32_t first;
  std::int32_t end;
  bool cached;
};

struct Cache {
  CachedNode* nodes;
  std::int32_t* first_node;  // of each tree of the tile
  std::int32_t* output;
};

// A block's shared memory: nodes, then the packed rows of its threads, word w of thread t at w * threads + t
// (threads that read different words of their rows never meet in a bank).
constexpr std::size_t shared_bytes(int packed_bytes) {
  return most_cached_nodes * sizeof(CachedNode) + static_cast<std::size_t>(packed_bytes) * block_threads;
}

__device__ TreeTile next_tile(const RouteTree* trees, std::int32_t first, std::int32_t count) {
  std::int32_t nodes = 0;
  std::int32_t end = first;
  while (end < count && end - first < most_cached_trees &&
         nodes + trees[end].node_count <= most_cached_nodes) {
    nodes += trees[end++].node_count;
  }
  // The first one is too large: it stays where it is.
  if (end == first) return {first, first + 1, false};
  return {first, end, true};
}

// The codes of one row: packed in shared memory, or in the columns.
template <int packed_bytes>
struct RowCodes {
  const std::uint32_t* words;  // of this thread's packed row
  std::int64_t row;

  __device__ std::uint32_t code(const CachedNode& node) const {
    if constexpr (packed_bytes > 0) {
      const std::uint32_t slot = node.x;
      return words[slot / 4 * block_threads] >> (slot % 4 * 8) & 0xffu;
    } else {
      const auto* codes = global(reinterpret_cast<const std::uint8_t*>(where(node)));
      return code_at(codes, (node.z & wide_flag) != 0 ? 2 : 1, row);
    }
  }
};

template <int packed_bytes>
__device__ CachedNode compact(const RouteTree& tree, const RouteNode& node, const RouteRows& rows) {
  if (node.column < 0) return cached_node(static_cast<std::uint64_t>(tree.steps[node.leaf]), leaf_flag, 0);
  const std::uint32_t children =
      static_cast<std::uint32_t>(node.left) | static_cast<std::uint32_t>(node.right) << 16;
  std::uint32_t test = node.bin < bin_mask ? node.bin : bin_mask;
  if (node.missing_left != 0) test |= missing_left_flag;
  if (node.first_word >= 0) test |= set_flag;
  if constexpr (packed_bytes > 0) {
    return cached_node(static_cast<std::uint64_t>(rows.slot_of_column[node.column]), test, children);
  } else {
    const DeviceColumn& column = rows.columns[node.column];
    if (column.width == 2) test |= wide_flag;
    return cached_node(reinterpret_cast<std::uint64_t>(column.codes), test, children);
  }
}

// `at`: the number of the node, for its set.
__device__ bool goes_left(const RouteTree& tree, std::int32_t at, std::uint32_t test, std::uint32_t code) {
  const bool not_missing = (code | (test & missing_left_flag)) != 0;
  if ((test & set_flag) == 0) return not_missing & (code <= (test & bin_mask));
  if (code == 0) return not_missing;
  const RouteNode& rule = tree.nodes[at];
  const std::uint32_t word = (code - 1) / 32;
  if (word >= rule.words) return false;
  return (tree.words[static_cast<std::uint32_t>(rule.first_word) + word] >> ((code - 1) % 32) & 1u) != 0;
}

template <int packed_bytes>
__device__ void fill_cache(const RouteTree* trees, const TreeTile& tile, const RouteRows& rows,
                           const Cache& cache) {
  std::int32_t first_node = 0;
  for (std::int32_t t = tile.first; t < tile.end; ++t) {
    const RouteTree tree = trees[t];
    if (threadIdx.x == 0) {
      cache.first_node[t - tile.first] = first_node;
      cache.output[t - tile.first] = tree.output;
    }
    for (auto n = static_cast<std::int32_t>(threadIdx.x); n < tree.node_count;
         n += static_cast<std::int32_t>(block_threads)) {
      const CachedNode node = compact<packed_bytes>(tree, tree.nodes[n], rows);
      cache.nodes[first_node + n] = node;
    }
    first_node += tree.node_count;
  }
}

template <int packed_bytes>
__device__ std::int64_t cached_step(const RouteTree& tree, const CachedNode* nodes,
                                    const RowCodes<packed_bytes>& codes) {
  std::int32_t at = 0;
  CachedNode node = nodes[0];
  while ((node.z & leaf_flag) == 0) {
    const bool left = goes_left(tree, at, node.z, codes.code(node));
    at = static_cast<std::int32_t>(left ? node.w & 0xffffu : node.w >> 16);
    node = nodes[at];
  }
  return static_cast<std::int64_t>(where(node));
}

// The same for a tree that is not cached.
template <int packed_bytes>
__device__ std::int64_t direct_step(const RouteTree& tree, const RouteRows& rows,
                                    const RowCodes<packed_bytes>& codes) {
  std::int32_t at = 0;
  while (tree.nodes[at].column >= 0) {
    const CachedNode node = compact<packed_bytes>(tree, tree.nodes[at], rows);
    const bool left = goes_left(tree, at, node.z, codes.code(node));
    at = left ? tree.nodes[at].left : tree.nodes[at].right;
  }
  return tree.steps[tree.nodes[at].leaf];
}

template <int packed_bytes>
__device__ void load_row(const RouteRows& rows, std::int64_t row, std::uint32_t* words) {
  if constexpr (packed_bytes == 8) {
    const uint2 loaded = reinterpret_cast<const uint2*>(rows.packed)[row];
    words[0] = loaded.x;
    words[block_threads] = loaded.y;
  } else if constexpr (packed_bytes > 0) {
    constexpr int pieces = packed_bytes / 16;
    const uint4* from = reinterpret_cast<const uint4*>(rows.packed) + row * pieces;
    uint4 loaded[pieces];
    for (int p = 0; p < pieces; ++p) loaded[p] = from[p];
    for (int p = 0; p < pieces; ++p) {
      words[(4 * p + 0) * block_threads] = loaded[p].x;
      words[(4 * p + 1) * block_threads] = loaded[p].y;
      words[(4 * p + 2) * block_threads] = loaded[p].z;
      words[(4 * p + 3) * block_threads] = loaded[p].w;
    }
  }
}

// This thread's rows through the tile's trees. Each run of trees of one output is one change of the score.
template <int packed_bytes>
__device__ void add_tile(const RouteTree* trees, const TreeTile& tile, const RouteRows& rows,
                         const Cache& cache, std::uint32_t* words, std::int64_t* scores) {
  const std::int64_t stride = std::int64_t{gridDim.x} * block_threads;
  for (std::int64_t r = std::int64_t{blockIdx.x} * block_threads + threadIdx.x; r < rows.rows; r += stride) {
    load_row<packed_bytes>(rows, r, words);
    const RowCodes<packed_bytes> codes{words, r};
    if (!tile.cached) {
      const RouteTree tree = trees[tile.first];
      scores[tree.output * rows.rows + r] += direct_step(tree, rows, codes);
      continue;
    }
    std::int32_t output = cache.output[0];
    std::int64_t score = scores[output * rows.rows + r];
    for (std::int32_t t = 0; t < tile.end - tile.first; ++t) {
      if (cache.output[t] != output) {
        scores[output * rows.rows + r] = score;
        output = cache.output[t];
        score = scores[output * rows.rows + r];
      }
      score += cached_step(trees[tile.first + t], cache.nodes + cache.first_node[t], codes);
    }
    scores[output * rows.rows + r] = score;
  }
}

template <int packed_bytes>
__global__ void __launch_bounds__(block_threads, blocks_per_multiprocessor)
    add_trees_kernel(const RouteTree* trees, std::int32_t count, RouteRows rows, std::int64_t* scores) {
  __shared__ std::int32_t first_node[most_cached_trees];
  __shared__ std::int32_t output[most_cached_trees];
  auto* nodes = dynamic_shared<CachedNode>();
  const Cache cache{nodes, first_node, output};
  std::uint32_t* words = reinterpret_cast<std::uint32_t*>(nodes + most_cached_nodes) + threadIdx.x;
  TreeTile tile{0, 0, false};
  while (tile.end < count) {
    tile = next_tile(trees, tile.end, count);
    if (tile.cached) {
      __syncthreads();  // all threads are done with the tile before
      fill_cache<packed_bytes>(trees, tile, rows, cache);
      __syncthreads();
    }
    add_tile<packed_bytes>(trees, tile, rows, cache, words, scores);
  }
}

template <int packed_bytes>
void launch_add_trees(const RouteTree* trees, std::int32_t count, const RouteRows& rows, std::int64_t* scores,
                      cudaStream_t stream) {
  const std::int64_t needed = blocks_for(rows.rows, block_threads);
  const std::int64_t resident = resident_blocks(blocks_per_multiprocessor);
  launch(add_trees_kernel<packed_bytes>, needed < resident ? needed : resident, block_threads,
         shared_bytes(packed_bytes), stream, trees, count, rows, scores);
}

}  // namespace

void add_trees(const RouteTree* trees, std::int32_t count, const RouteRows& rows, std::int64_t* scores,
               cudaStream_t stream) {
  if (count == 0) return;
  const int packed_bytes = rows.packed == nullptr ? 0 : rows.packed_bytes;
  switch (packed_bytes) {
    case 8:
      return launch_add_trees<8>(trees, count, rows, scores, stream);
    case 16:
      return launch_add_trees<16>(trees, count, rows, scores, stream);
    case 32:
      return launch_add_trees<32>(trees, count, rows, scores, stream);
    default:
      return launch_add_trees<0>(trees, count, rows, scores, stream);
  }
}

}  // namespace ramet::cuda
