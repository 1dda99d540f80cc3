// Prediction kernels. Rows become codes first, a binary search per value, since each is then compared in many
// trees. A block sends 256 rows through tiles of trees in shared memory.
#include "cuda/dynamic_shared.cuh"
#include "cuda/launch.cuh"
#include "cuda/predict_kernels.hpp"

namespace ramet::cuda {
namespace {

static_assert(panel_rows == block_threads, "a thread per row of a panel");
constexpr unsigned warp_threads = 32;

// Encoding works on tiles of so many rows and columns.
constexpr std::int32_t tile_rows = 64;
constexpr std::int32_t tile_columns = 32;

constexpr int walk_blocks_per_multiprocessor = 4;
// Of codes in shared memory; more columns are read from where they are.
constexpr std::size_t most_staged_bytes = std::size_t{64} * 1024;
constexpr std::size_t node_bytes = most_tile_nodes * sizeof(PredictNode);

// ---- Values to codes

// How many of the ascending `values` are below x.
template <class T>
__device__ std::uint32_t count_below(const T* values, std::uint32_t count, T x) {
  std::uint32_t low = 0;
  while (count > 0) {
    const std::uint32_t half = count / 2;
    const bool below = values[low + half] < x;
    low += below ? half + 1 : 0;
    count = below ? count - half - 1 : half;
  }
  return low;
}

template <class T>
__device__ std::uint32_t code_of(const EncodeJob<T>& job, const PredictColumn& column, T x) {
  if (x != x) return 0;
  if (column.categories == 0) return 1 + count_below(job.cuts + column.first, column.count, x);
  if (job.category_codes) {
    if (!(x >= 0 && x < static_cast<T>(column.categories))) return 0;
    const auto category = static_cast<std::uint32_t>(x);
    return static_cast<T>(category) == x ? category + 1 : 0;
  }
  const auto number = static_cast<double>(x);
  const std::uint32_t at = column.first + count_below(job.numbers + column.first, column.count, number);
  return at < column.first + column.count && job.numbers[at] == number ? job.number_codes[at] : 0;
}

// A block per tile; the matrix is read along whichever way its values are close together.
template <class T, class Code>
__global__ void __launch_bounds__(block_threads) encode_kernel(EncodeJob<T> job, Code* codes) {
  __shared__ T values[tile_columns][tile_rows + 1];
  const std::int32_t groups = (job.column_count - 1) / tile_columns + 1;
  const std::int64_t first_row = blockIdx.x / groups * std::int64_t{tile_rows};
  const std::int32_t first_column = static_cast<std::int32_t>(blockIdx.x % groups) * tile_columns;
  const std::int32_t left = job.column_count - first_column;
  const std::int32_t columns = left < tile_columns ? left : tile_columns;
  const bool along_rows = job.row_stride <= job.col_stride;
  for (auto i = static_cast<std::int32_t>(threadIdx.x); i < columns * tile_rows;
       i += static_cast<std::int32_t>(block_threads)) {
    const std::int32_t r = along_rows ? i % tile_rows : i / columns;
    const std::int32_t c = along_rows ? i / tile_rows : i % columns;
    const std::int32_t column = job.by_column ? first_column + c : job.columns[first_column + c].feature;
    const std::int64_t row = first_row + r;
    values[c][r] = row < job.rows ? job.values[row * job.row_stride + column * job.col_stride] : T{0};
  }
  __syncthreads();
  const unsigned lane = threadIdx.x % warp_threads;
  for (auto c = static_cast<std::int32_t>(threadIdx.x / warp_threads); c < columns;
       c += static_cast<std::int32_t>(block_threads / warp_threads)) {
    const PredictColumn column = job.columns[first_column + c];
    const std::int64_t panel = first_row / panel_rows;
    Code* to = codes + (panel * job.column_count + first_column + c) * panel_rows + first_row % panel_rows;
    for (unsigned r = lane; r < tile_rows; r += warp_threads) {
      to[r] = static_cast<Code>(code_of(job, column, values[c][r]));
    }
  }
}

template <class T, class Code>
void launch_encode(const EncodeJob<T>& job, Code* codes, cudaStream_t stream) {
  if (job.column_count == 0) return;
  const std::int64_t row_tiles = blocks_for(job.rows, panel_rows) * (panel_rows / tile_rows);
  launch(encode_kernel<T, Code>, row_tiles * blocks_for(job.column_count, tile_columns), block_threads, 0,
         stream, job, codes);
}

// ---- Codes through trees

// A row's leaf: what it adds. `codes`: of the row, those of a column panel_rows after those of the one
// before.
template <class Code>
__device__ std::int64_t walk(const PredictNode* nodes, const std::uint32_t* words, const Code* codes) {
  PredictNode node = nodes[0];
  while (node.left != 0) {
    const std::uint32_t code = codes[static_cast<std::size_t>(node.column & ~set_column) * panel_rows];
    bool right = code - node.bias > node.threshold;
    if ((node.column & set_column) != 0) {
      right = (words[node.bias + code / 32] >> (code % 32) & 1u) == 0;
    }
    node = nodes[node.left + (right ? 1 : 0)];
  }
  return static_cast<std::int64_t>(std::uint64_t{node.threshold} << 32 | node.bias);
}

// Rows of a panel, dealt to threads such that no two of a warp have codes of a column in the same word: then
// they never meet in a bank of shared memory, whatever columns they read.
template <class Code>
__device__ unsigned row_of_thread() {
  constexpr unsigned in_word = 4 / sizeof(Code);
  const unsigned warp = threadIdx.x / warp_threads;
  const unsigned lane = threadIdx.x % warp_threads;
  return (warp / in_word * warp_threads + lane) * in_word + warp % in_word;
}

// Copies 16 bytes a thread. Both sides are aligned to that.
__device__ void copy_block(void* to, const void* from, std::size_t bytes) {
  for (std::size_t i = threadIdx.x; i < bytes / sizeof(uint4); i += block_threads) {
    static_cast<uint4*>(to)[i] = static_cast<const uint4*>(from)[i];
  }
}

__device__ void add_score(const WalkJob& job, std::int64_t row, std::int32_t output, std::int64_t sum,
                          std::int64_t* scores) {
  if (row >= job.rows || sum == 0) return;
  atomicAdd(reinterpret_cast<unsigned long long*>(scores + row * job.outputs + output),
            static_cast<unsigned long long>(sum));
}

// Block b: panel b / splits, and of the tiles the part number b % splits. `staged`: the panel's codes are in
// shared memory.
template <class Code, bool staged>
__global__ void __launch_bounds__(block_threads, walk_blocks_per_multiprocessor)
    walk_kernel(WalkJob job, const Code* codes, unsigned splits, std::int64_t* scores) {
  auto* shared_nodes = dynamic_shared<PredictNode>();
  const std::int64_t panel = blockIdx.x / splits;
  const std::int64_t split = blockIdx.x % splits;
  const unsigned row = row_of_thread<Code>();
  const std::size_t panel_codes = static_cast<std::size_t>(job.column_count) * panel_rows;
  const Code* of_panel = codes + panel * static_cast<std::int64_t>(panel_codes);
  if constexpr (staged) {
    auto* shared_codes = reinterpret_cast<Code*>(shared_nodes + most_tile_nodes);
    copy_block(shared_codes, of_panel, panel_codes * sizeof(Code));
    of_panel = shared_codes;
  }
  std::int32_t output = 0;
  std::int64_t sum = 0;
  const auto end = static_cast<std::int32_t>((split + 1) * job.tile_count / splits);
  for (auto i = static_cast<std::int32_t>(split * job.tile_count / splits); i < end; ++i) {
    const PredictTile tile = job.tiles[i];
    const bool cached = tile.nodes <= most_tile_nodes;
    __syncthreads();  // all threads are done with the tile before
    if (cached) copy_block(shared_nodes, job.nodes + tile.first_node, tile.nodes * sizeof(PredictNode));
    __syncthreads();
    for (std::int32_t t = tile.first_tree; t < tile.end_tree; ++t) {
      const PredictTree tree = job.trees[t];
      if (tree.output != output) {
        add_score(job, panel * panel_rows + row, output, sum, scores);
        output = tree.output;
        sum = 0;
      }
      sum += cached ? walk(shared_nodes + (tree.first_node - tile.first_node), job.words, of_panel + row)
                    : walk(job.nodes + tree.first_node, job.words, of_panel + row);
    }
  }
  add_score(job, panel * panel_rows + row, output, sum, scores);
}

template <class Code, bool staged>
void launch_walk(const WalkJob& job, const Code* codes, std::size_t code_bytes, std::int64_t* scores,
                 cudaStream_t stream) {
  const std::int64_t panels = blocks_for(job.rows, panel_rows);
  if (panels == 0 || job.tile_count == 0) return;
  // Few rows: several blocks share a panel.
  const std::int64_t wanted = blocks_for(resident_blocks(walk_blocks_per_multiprocessor), panels);
  const std::int64_t splits = wanted < job.tile_count ? wanted : job.tile_count;
  launch(walk_kernel<Code, staged>, panels * splits, block_threads, node_bytes + (staged ? code_bytes : 0),
         stream, job, codes, static_cast<unsigned>(splits), scores);
}

template <class Code>
void launch_walk(const WalkJob& job, const Code* codes, std::int64_t* scores, cudaStream_t stream) {
  const std::size_t bytes = static_cast<std::size_t>(job.column_count) * panel_rows * sizeof(Code);
  if (bytes <= most_staged_bytes) return launch_walk<Code, true>(job, codes, bytes, scores, stream);
  launch_walk<Code, false>(job, codes, bytes, scores, stream);
}

__global__ void start_scores_kernel(const std::int64_t* base, std::int32_t outputs, std::int64_t count,
                                    std::int64_t* scores) {
  const std::int64_t stride = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += stride) {
    scores[i] = base[i % outputs];
  }
}

}  // namespace

template <class T>
void encode_values(const EncodeJob<T>& job, int code_bytes, void* codes, cudaStream_t stream) {
  if (code_bytes == 1) return launch_encode(job, static_cast<std::uint8_t*>(codes), stream);
  if (code_bytes == 2) return launch_encode(job, static_cast<std::uint16_t*>(codes), stream);
  launch_encode(job, static_cast<std::uint32_t*>(codes), stream);
}
template void encode_values(const EncodeJob<float>&, int, void*, cudaStream_t);
template void encode_values(const EncodeJob<double>&, int, void*, cudaStream_t);

void walk_trees(const WalkJob& job, int code_bytes, const void* codes, std::int64_t* scores,
                cudaStream_t stream) {
  if (code_bytes == 1) return launch_walk(job, static_cast<const std::uint8_t*>(codes), scores, stream);
  if (code_bytes == 2) return launch_walk(job, static_cast<const std::uint16_t*>(codes), scores, stream);
  launch_walk(job, static_cast<const std::uint32_t*>(codes), scores, stream);
}

void prepare_walks() {
  allow_shared(walk_kernel<std::uint8_t, true>, node_bytes + most_staged_bytes);
  allow_shared(walk_kernel<std::uint16_t, true>, node_bytes + most_staged_bytes);
  allow_shared(walk_kernel<std::uint32_t, true>, node_bytes + most_staged_bytes);
}

void start_scores(const std::int64_t* base, std::int32_t outputs, std::int64_t rows, std::int64_t* scores,
                  cudaStream_t stream) {
  const std::int64_t needed = blocks_for(rows * outputs, block_threads);
  const std::int64_t resident = resident_blocks(8);
  launch(start_scores_kernel, needed < resident ? needed : resident, block_threads, 0, stream, base, outputs,
         rows * outputs, scores);
}

}  // namespace ramet::cuda
