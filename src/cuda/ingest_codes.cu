#include "cuda/ingest_codes.hpp"

#include <algorithm>

#include "cuda/block_reduce.cuh"
#include "cuda/dynamic_shared.cuh"
#include "cuda/ingest_tile.cuh"
#include "cuda/launch.cuh"
#include "data/fingerprint.hpp"

namespace ramet::cuda {
namespace {

constexpr std::int32_t warps = block_threads / warp_threads;
static_assert(tile_rows == warp_threads);

// Rows of codes are 17 words apart, so that a warp that writes a column has no bank conflicts.
using CodeTile = std::uint16_t[tile_rows][tile_columns + 2];

// What a block knows of its features.
struct Group {
  CodedFeature features[tile_columns];
  NumberView views[tile_columns];
};

// A plain comparison with each tree node in place of branches: false for NaN, so that its place is the first.
__device__ std::uint32_t code_of(const double* tree, std::int32_t steps, double value) {
  std::uint32_t node = 1;
  for (std::int32_t s = 0; s < steps; ++s) node = 2 * node + (tree[node] < value ? 1u : 0u);
  return value == value ? node - (1u << steps) + 1 : 0u;
}

__device__ void load_group(const ReadableRows& rows, const CodedFeature* features, const FeatureGroup& group,
                           Group& shared, double* trees) {
  const std::int32_t count = group.end - group.begin;
  for (auto c = static_cast<std::int32_t>(threadIdx.x); c < count;
       c += static_cast<std::int32_t>(blockDim.x)) {
    shared.features[c] = features[group.begin + c];
    shared.views[c] = rows.views[group.begin + c];
  }
  __syncthreads();
  for (std::int32_t c = 0; c < count; ++c) {
    const CodedFeature& feature = shared.features[c];
    if (feature.shared_at < 0) continue;
    for (unsigned i = threadIdx.x; i < 1u << feature.steps; i += blockDim.x)
      trees[feature.shared_at + static_cast<std::int32_t>(i)] = feature.tree[i];
  }
}

// One feature of a tile by a warp, a row a lane. Returns the lane's hash.
__device__ std::uint64_t code_column(const CodedFeature& feature, const double* trees, double value,
                                     std::uint64_t row_key, std::int64_t row, std::int64_t rows,
                                     const CodeOutput& output, std::uint32_t& code) {
  code = feature.shared_at >= 0 ? code_of(trees + feature.shared_at, feature.steps, value)
                                : code_of(feature.tree, feature.steps, value);
  if (feature.offset >= 0) {
    std::uint8_t* column = output.columns + feature.offset * rows;
    if (feature.width == 1) {
      column[row] = static_cast<std::uint8_t>(code);
    } else {
      reinterpret_cast<std::uint16_t*>(column)[row] = static_cast<std::uint16_t>(code);
    }
  }
  return data::cell_hash(row_key, feature.column_key, data::value_bits(value));
}

// The tile's codes, columns side by side.
__device__ void pack_codes(const Group& group, std::int32_t columns, const CodeTile& codes,
                           std::int64_t first_row, std::int32_t rows, const CodeOutput& output) {
  const auto cells = static_cast<unsigned>(columns * rows);
  for (unsigned i = threadIdx.x; i < cells; i += blockDim.x) {
    const unsigned row = i / static_cast<unsigned>(columns);
    const unsigned c = i % static_cast<unsigned>(columns);
    const CodedFeature& feature = group.features[c];
    if (feature.offset < 0) continue;
    std::uint8_t* place = output.packed + (first_row + row) * output.row_bytes + feature.offset;
    if (feature.width == 1) {
      *place = static_cast<std::uint8_t>(codes[row][c]);
    } else {
      *reinterpret_cast<std::uint16_t*>(place) = codes[row][c];
    }
  }
}

__device__ void add_fingerprint(unsigned long long hashes, unsigned long long* sum) {
  for (unsigned distance = warp_threads / 2; distance > 0; distance /= 2)
    hashes += __shfl_down_sync(all_lanes, hashes, distance);
  if (threadIdx.x % warp_threads == 0) atomicAdd(sum, hashes);
}

// Block b codes group b % group_count of every (blocks / group_count)th tile.
__global__ void __launch_bounds__(block_threads)
    code_tiles(ReadableRows rows, std::int64_t first_global_row, const CodedFeature* __restrict__ features,
               const FeatureGroup* __restrict__ groups, std::int32_t group_count, CodeOutput output) {
  __shared__ NumberTile values;
  __shared__ CodeTile codes;
  __shared__ std::uint64_t row_keys[tile_rows];
  // Plain bytes, for shared objects may have no initialisers.
  __shared__ __align__(16) unsigned char group_bytes[sizeof(Group)];
  Group& group = *reinterpret_cast<Group*>(group_bytes);
  double* trees = dynamic_shared<double>();
  const FeatureGroup mine = groups[blockIdx.x % static_cast<unsigned>(group_count)];
  const std::int32_t columns = mine.end - mine.begin;
  load_group(rows, features, mine, group, trees);
  __syncthreads();

  const auto lane = static_cast<std::int32_t>(threadIdx.x % warp_threads);
  const auto warp = static_cast<std::int32_t>(threadIdx.x / warp_threads);
  const std::int64_t tiles = (rows.count + tile_rows - 1) / tile_rows;
  const std::int64_t step = gridDim.x / static_cast<unsigned>(group_count);
  unsigned long long hashes = 0;
  for (std::int64_t t = blockIdx.x / static_cast<unsigned>(group_count); t < tiles; t += step) {
    const std::int64_t first = t * tile_rows;
    const std::int32_t present = rows_of_tile(rows, first);
    load_tile(rows, group.views, columns, first, values);
    if (threadIdx.x < tile_rows) {
      row_keys[threadIdx.x] =
          data::fingerprint_row_key(first_global_row + first + static_cast<std::int64_t>(threadIdx.x));
    }
    __syncthreads();
    for (std::int32_t c = warp; c < columns; c += warps) {
      std::uint32_t code = 1;
      if (lane < present) {
        hashes += code_column(group.features[c], trees, values[c][lane], row_keys[lane], first + lane,
                              rows.count, output, code);
        codes[lane][c] = static_cast<std::uint16_t>(code);
      }
      if (__any_sync(all_lanes, code == 0) && lane == 0) output.missing[mine.begin + c] = 1;
    }
    __syncthreads();
    pack_codes(group, columns, codes, first, present, output);
  }
  add_fingerprint(hashes, output.fingerprint);
}

}  // namespace

void code_rows(const ReadableRows& rows, std::int64_t first_global_row, const CodedFeature* features,
               const FeatureGroup* groups, std::int32_t group_count, std::int32_t most_entries,
               const CodeOutput& output, cudaStream_t stream) {
  if (rows.count == 0 || group_count == 0) return;
  constexpr int blocks_a_multiprocessor = 8;
  const std::int64_t tiles = blocks_for(rows.count, tile_rows);
  const std::int64_t shares =
      std::min(tiles, std::max<std::int64_t>(1, resident_blocks(blocks_a_multiprocessor) / group_count));
  launch(code_tiles, shares * group_count, block_threads,
         static_cast<std::size_t>(most_entries) * sizeof(double), stream, rows, first_global_row, features,
         groups, group_count, output);
}

}  // namespace ramet::cuda
