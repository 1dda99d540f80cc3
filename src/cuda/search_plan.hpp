// Between the search's kernels: where their results meet, and how work is divided over blocks.
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

#include "cuda/search.hpp"

namespace ramet::cuda {

// The best split that one block has seen. gain 0: none.
struct SearchBest {
  double gain = 0;
  std::int32_t feature = 0x7fffffff;
  std::uint32_t key = 0xffffffff;  // 2 * order + (missing values go right)
  std::int32_t column = -1;
  std::int32_t source = 0;  // entry of a list
};

// What one call searches: tasks each on its own, or (levels not null) together by level.
struct SearchWork {
  const SearchTask* tasks = nullptr;
  std::int32_t count = 0;
  const LevelTask* levels = nullptr;
  std::int32_t units = 0;  // that get a candidate: tasks or levels
  DeviceSums* sums = nullptr;
  DeviceCandidate* candidates = nullptr;
  std::uint32_t* words = nullptr;
};

// Scratch memory, divided. A unit's columns are shared out to `parts` blocks, each with a best split.
struct SearchScratch {
  double* parent_scores = nullptr;         // of each task; 0 where it cannot be split
  SearchBest* tile_best = nullptr;         // [unit][part]
  SearchBest* category_best = nullptr;     // [unit][part]
  std::uint32_t* category_sets = nullptr;  // [unit][part][category_words]
  double* ratios = nullptr;                // [block][sort_size]: categories too many for shared memory
  std::uint16_t* codes = nullptr;
  DeviceSums* carries = nullptr;   // [block][direction][task of the level]
  std::int64_t* prefix = nullptr;  // [task][plane][cell]: levels only
  std::int64_t prefix_size = 0;    // of a task
  bool counted = true;             // layouts may have a third plane
  std::int32_t category_words = 1;
  std::int32_t category_blocks = 0;  // that ratios, codes and carries are there for
  std::int64_t sort_size = 0;        // of one block in global memory; 0: shared memory is enough
  std::int64_t carry_size = 0;       // of one block and direction
};

// Categories that are sorted in shared memory.
inline constexpr std::int32_t shared_categories = 4'096;

// Among how many blocks a unit's work is divided.
constexpr std::int32_t parts_of_unit(std::int64_t blocks, std::int32_t units, std::int64_t most) {
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(blocks / std::max(units, 1), 1, std::max<std::int64_t>(most, 1)));
}

// The launchers; each enqueues.
// Histograms, sums, parents' scores; with search, the best splits of numeric and one-against-rest columns.
void launch_tile_search(const SearchSettings& settings, const SearchWork& work, const SearchScratch& scratch,
                        std::int32_t parts, cudaStream_t stream);
// For levels: the same without search, and the prefix sums; then the search.
void launch_level_prefix(const SearchSettings& settings, const SearchWork& work, const SearchScratch& scratch,
                         std::int32_t parts, cudaStream_t stream);
void launch_level_search(const SearchSettings& settings, const SearchWork& work, const SearchScratch& scratch,
                         std::int32_t parts, cudaStream_t stream);
// Many-against-many columns, of nodes or levels. `most_categories`: of a column.
void launch_category_search(const SearchSettings& settings, const SearchWork& work,
                            const SearchScratch& scratch, std::int32_t parts, std::int32_t most_categories,
                            cudaStream_t stream);
// Candidates and category sets from the blocks' best splits. category_parts 0: no such columns.
void launch_search_reduce(const SearchWork& work, const SearchScratch& scratch, std::int32_t tile_parts,
                          std::int32_t category_parts, cudaStream_t stream);

}  // namespace ramet::cuda
