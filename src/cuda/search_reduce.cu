// The last step of a search: candidates from the best splits that blocks have found. One block a unit.
#include "cuda/launch.cuh"
#include "cuda/search_best.cuh"

namespace ramet::cuda {
namespace {

// The best of `best` and this thread's share of the entries. `source` says which it is, counted from `base`.
__device__ SearchBest best_of(const SearchBest* entries, std::int32_t count, std::int32_t base,
                              SearchBest best) {
  for (auto e = static_cast<std::int32_t>(threadIdx.x); e < count;
       e += static_cast<std::int32_t>(blockDim.x)) {
    SearchBest entry = entries[e];
    entry.source = base + e;
    if (better(entry, best)) best = entry;
  }
  return best;
}

__global__ __launch_bounds__(block_threads) void reduce_search_kernel(SearchWork work, SearchScratch scratch,
                                                                      std::int32_t tile_parts,
                                                                      std::int32_t category_parts) {
  __shared__ std::int32_t winner[2];  // the set's source, the order
  const auto unit = static_cast<std::int32_t>(blockIdx.x);
  const std::int64_t first_set = std::int64_t{unit} * category_parts;
  // Tiles' entries have sources below 0.
  SearchBest best = best_of(scratch.tile_best + std::int64_t{unit} * tile_parts, tile_parts, -tile_parts, {});
  best = block_best(best_of(scratch.category_best + first_set, category_parts, 0, best));
  if (threadIdx.x == 0) {
    DeviceCandidate candidate;
    if (best.gain > 0) {
      const std::int32_t first_task = work.levels == nullptr ? unit : work.levels[unit].first;
      const DeviceColumn& column = work.tasks[first_task].layout->columns[best.column];
      candidate.gain = best.gain;
      candidate.column = best.column;
      candidate.feature = best.feature;
      candidate.order = best.key / 2;
      candidate.missing_left = 1 - best.key % 2;
      candidate.categorical = column.categorical;
    }
    work.candidates[unit] = candidate;
    winner[0] = best.source;
    winner[1] = candidate.categorical != 0 ? static_cast<std::int32_t>(candidate.order) : 0;
  }
  __syncthreads();
  if (winner[1] == 0) return;
  const bool one = winner[0] < 0;
  const std::int32_t category = winner[1] - 1;
  const std::uint32_t* set =
      scratch.category_sets + (one ? 0 : first_set + winner[0]) * scratch.category_words;
  std::uint32_t* words = work.words + std::int64_t{unit} * scratch.category_words;
  for (auto w = static_cast<std::int32_t>(threadIdx.x); w < scratch.category_words;
       w += static_cast<std::int32_t>(blockDim.x)) {
    words[w] = !one ? set[w] : w == category / 32 ? 1u << (category % 32) : 0;
  }
}

}  // namespace

void launch_search_reduce(const SearchWork& work, const SearchScratch& scratch, std::int32_t tile_parts,
                          std::int32_t category_parts, cudaStream_t stream) {
  // Most units have few entries, for which one warp is enough.
  constexpr std::int32_t few = 128;
  const unsigned threads = tile_parts + category_parts > few ? block_threads : warp_threads;
  launch(reduce_search_kernel, work.units, threads, 0, stream, work, scratch, tile_parts, category_parts);
}

}  // namespace ramet::cuda
