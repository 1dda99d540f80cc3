#include "cuda/search.hpp"

#include <algorithm>

#include "cuda/search_plan.hpp"

namespace ramet::cuda {
namespace {

// What sets of categories, and the arrays to sort them, may take.
constexpr std::int64_t category_bytes = std::int64_t{32} << 20;

std::int64_t category_word_count(std::int64_t categories) {
  return std::max<std::int64_t>((categories + 31) / 32, 1);
}

// Units x parts, for any number of units, where a unit's work is divided among at most `most` blocks.
std::int64_t most_parts(std::int64_t blocks, const SearchLimits& limits, std::int64_t most) {
  const std::int64_t nodes = std::max(limits.nodes, 1);
  return std::min(std::max(blocks, nodes), nodes * std::max<std::int64_t>(most, 1));
}

std::int64_t level_parts(const SearchLimits& limits) { return (limits.cells + 31) / 32; }

std::int64_t set_blocks(const SearchLimits& limits) {
  const std::int64_t set_bytes = category_word_count(limits.most_categories) * 4;
  return std::clamp<std::int64_t>(category_bytes / set_bytes, 1, limits.blocks);
}

// Hands out consecutive parts of one allocation; without one it only counts.
class Divider {
 public:
  explicit Divider(std::uint8_t* memory) : memory_(memory) {}

  template <class T>
  T* take(std::int64_t count) {
    T* part = memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + used_);
    used_ += (count * static_cast<std::int64_t>(sizeof(T)) + alignment - 1) / alignment * alignment;
    return part;
  }
  std::int64_t used() const { return used_; }

 private:
  static constexpr std::int64_t alignment = 256;
  std::uint8_t* memory_;
  std::int64_t used_ = 0;
};

void divide_category_scratch(const SearchLimits& limits, Divider& divider, SearchScratch& scratch) {
  const std::int64_t units = most_parts(set_blocks(limits), limits, limits.category_columns);
  if (limits.most_categories > shared_categories) {
    scratch.sort_size = shared_categories;
    while (scratch.sort_size < limits.most_categories) scratch.sort_size *= 2;
  }
  scratch.carry_size = limits.levels ? limits.nodes : 1;
  const std::int64_t block_bytes = scratch.sort_size * 10 + 2 * scratch.carry_size * 24;
  const std::int64_t blocks =
      std::min(units, std::clamp<std::int64_t>(category_bytes / block_bytes, 1, limits.blocks));
  scratch.category_blocks = static_cast<std::int32_t>(blocks);
  scratch.category_best = divider.take<SearchBest>(units);
  scratch.category_sets = divider.take<std::uint32_t>(units * category_word_count(limits.most_categories));
  scratch.ratios = divider.take<double>(blocks * scratch.sort_size);
  scratch.codes = divider.take<std::uint16_t>(blocks * scratch.sort_size);
  scratch.carries = divider.take<DeviceSums>(blocks * 2 * scratch.carry_size);
}

// Returns the bytes used.
std::int64_t divide_scratch(const SearchLimits& limits, std::uint8_t* memory, SearchScratch& scratch) {
  Divider divider(memory);
  scratch.counted = limits.planes == 3;
  scratch.parent_scores = divider.take<double>(limits.nodes);
  scratch.tile_best = divider.take<SearchBest>(
      most_parts(limits.blocks, limits, limits.levels ? level_parts(limits) : limits.tiles));
  if (limits.category_columns > 0) divide_category_scratch(limits, divider, scratch);
  if (limits.levels) {
    scratch.prefix_size = limits.cells * limits.planes;
    scratch.prefix = divider.take<std::int64_t>(limits.nodes * scratch.prefix_size);
  }
  return divider.used();
}

}  // namespace

bool needs_counts(const TrainParams& params, bool constant_hessian, bool many_category_columns) {
  if (constant_hessian) return false;  // the sums of h are the counts
  // Otherwise a positive sum of hessians shows that there is at least one row, but not that there are more.
  return params.min_data_in_leaf > 1 || params.min_child_weight <= 0 || many_category_columns;
}

SearchSettings search_settings(const TrainParams& params, bool constant_hessian) {
  SearchSettings s{backend::search_settings(params)};
  s.h_counts_rows = constant_hessian;
  return s;
}

SplitSearch::SplitSearch(const SearchSettings& settings, const SearchLimits& limits)
    : settings_(settings), limits_(limits), category_words_(category_words(limits, settings.max_onehot)) {
  memory_ = DeviceArray<std::uint8_t>(static_cast<std::size_t>(bytes(limits)));
}

std::int32_t SplitSearch::category_words(const SearchLimits& limits, std::int32_t max_onehot) {
  // Columns that stand one against the rest have fewer categories than others.
  const std::int64_t categories =
      limits.category_columns > 0 ? limits.most_categories : std::min<std::int64_t>(max_onehot, limits.cells);
  return static_cast<std::int32_t>(category_word_count(categories));
}

std::int64_t SplitSearch::bytes(const SearchLimits& limits) {
  SearchScratch scratch;
  return divide_scratch(limits, nullptr, scratch);
}

void SplitSearch::search(const SearchWork& work, cudaStream_t stream) {
  SearchScratch scratch;
  divide_scratch(limits_, memory_.data(), scratch);
  std::int32_t parts = 0;
  const std::int32_t tile_parts = parts_of_unit(limits_.blocks, work.count, limits_.tiles);
  if (work.levels == nullptr) {
    parts = tile_parts;
    launch_tile_search(settings_, work, scratch, parts, stream);
  } else {
    parts = parts_of_unit(limits_.blocks, work.units, level_parts(limits_));
    launch_level_prefix(settings_, work, scratch, tile_parts, stream);
    launch_level_search(settings_, work, scratch, parts, stream);
  }
  std::int32_t category_parts = 0;
  scratch.category_words = category_words_;
  if (limits_.category_columns > 0) {
    category_parts = parts_of_unit(set_blocks(limits_), work.units, limits_.category_columns);
    launch_category_search(settings_, work, scratch, category_parts, limits_.most_categories, stream);
  }
  launch_search_reduce(work, scratch, parts, category_parts, stream);
}

void SplitSearch::search_nodes(const SearchTask* tasks, std::int32_t count, DeviceSums* sums,
                               DeviceCandidate* candidates, std::uint32_t* words, cudaStream_t stream) {
  search({.tasks = tasks,
          .count = count,
          .units = count,
          .sums = sums,
          .candidates = candidates,
          .words = words},
         stream);
}

void SplitSearch::search_levels(const SearchTask* tasks, std::int32_t count, const LevelTask* levels,
                                std::int32_t level_count, DeviceSums* sums, DeviceCandidate* candidates,
                                std::uint32_t* words, cudaStream_t stream) {
  search({.tasks = tasks,
          .count = count,
          .levels = levels,
          .units = level_count,
          .sums = sums,
          .candidates = candidates,
          .words = words},
         stream);
}

}  // namespace ramet::cuda
