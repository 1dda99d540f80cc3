// The last step of a search: candidates from the best splits that blocks have found. One warp a unit.
#include "cuda/launch.cuh"
#include "cuda/search_best.cuh"

namespace ramet::cuda {
namespace {

// The best of `count` entries and its place among them, in all lanes.
__device__ SearchBest best_of(const SearchBest* entries, std::int32_t count) {
  SearchBest best;
  for (auto e = static_cast<std::int32_t>(threadIdx.x % warp_threads); e < count; e += 32) {
    SearchBest entry = entries[e];
    entry.source = e;
    if (better(entry, best)) best = entry;
  }
  return warp_best(best);
}

__global__ __launch_bounds__(block_threads) void reduce_search_kernel(SearchWork work, SearchScratch scratch,
                                                                      std::int32_t tile_parts,
                                                                      std::int32_t category_parts) {
  const auto unit = static_cast<std::int32_t>((blockIdx.x * block_threads + threadIdx.x) / warp_threads);
  if (unit >= work.units) return;
  const auto lane = static_cast<std::int32_t>(threadIdx.x % warp_threads);
  SearchBest best = best_of(scratch.tile_best + std::int64_t{unit} * tile_parts, tile_parts);
  const std::int64_t first_set = std::int64_t{unit} * category_parts;
  const SearchBest many = best_of(scratch.category_best + first_set, category_parts);
  const bool many_wins = better(many, best);
  if (many_wins) best = many;
  DeviceCandidate candidate;
  std::uint32_t* words = work.words + std::int64_t{unit} * scratch.category_words;
  if (best.gain > 0) {
    const std::int32_t first_task = work.levels == nullptr ? unit : work.levels[unit].first;
    candidate.gain = best.gain;
    candidate.column = best.column;
    candidate.feature = best.feature;
    candidate.order = best.key / 2;
    candidate.missing_left = 1 - best.key % 2;
    candidate.categorical = work.tasks[first_task].layout->columns[best.column].categorical;
  }
  const std::uint32_t* set = scratch.category_sets + (first_set + many.source) * scratch.set_words;
  for (std::int32_t w = lane; candidate.categorical != 0 && w < scratch.category_words; w += 32) {
    const auto category = static_cast<std::int32_t>(candidate.order) - 1;
    const std::uint32_t one = w == category / 32 ? 1u << (category % 32) : 0;
    words[w] = !many_wins ? one : w < scratch.set_words ? set[w] : 0;
  }
  if (lane == 0) work.candidates[unit] = candidate;
}

}  // namespace

void launch_search_reduce(const SearchWork& work, const SearchScratch& scratch, std::int32_t tile_parts,
                          std::int32_t category_parts, cudaStream_t stream) {
  launch(reduce_search_kernel, blocks_for(work.units, block_threads / warp_threads), block_threads, 0, stream,
         work, scratch, tile_parts, category_parts);
}

}  // namespace ramet::cuda
