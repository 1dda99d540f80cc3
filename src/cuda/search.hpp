// Searching nodes, or whole levels of symmetric trees, for their best split (contract, rule 4).
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "backend/search_settings.hpp"
#include "cuda/histogram_layout.hpp"
#include "cuda/memory.hpp"
#include "cuda/scale.hpp"

namespace ramet::cuda {

struct SearchSettings : backend::SearchSettings {
  // The sums of h count rows; else rows are counted by the third plane, where the layout has one. (Where it
  // has none, min_rows is at most 1 and min_child_weight above 0, so that H says enough.)
  bool h_counts_rows = false;
};

// Whether the settings need a plane that counts rows.
bool needs_counts(const TrainParams& params, bool constant_hessian, bool many_category_columns);
SearchSettings search_settings(const TrainParams& params, bool constant_hessian);

// Quantised sums of a node, as the search found them.
struct DeviceSums {
  std::int64_t g = 0;
  std::int64_t h = 0;
  std::int64_t rows = 0;  // as h_counts_rows or the third plane has it; else 0
};

// One node to search, in device memory.
struct SearchTask {
  std::int64_t* histogram = nullptr;  // of the node
  const std::int64_t* parent =
      nullptr;  // not null: the node's histogram is first set to parent - sibling, cell by
  const std::int64_t* sibling = nullptr;  // cell; `parent` may be `histogram` itself
  const LayoutView* layout = nullptr;
  const DeviceScale* scale = nullptr;
  const std::uint32_t* allowed = nullptr;  // bit per column (of DeviceColumns); null: all of the layout
  std::int32_t search = 1;                 // 0: only subtract and sum
};

// A unit's best split; gain 0: none is worth it.
struct DeviceCandidate {
  double gain = 0;
  std::int32_t column = -1;   // of DeviceColumns
  std::int32_t feature = -1;  // ties: higher gain, lower feature, lower order, missing left first
  std::uint32_t order = 0;    // numeric: bin; one against rest: code; many: length, + 1,000,000 from the back
  std::uint32_t missing_left = 0;
  std::uint32_t categorical = 0;
  std::uint32_t padding = 0;
};

// A symmetric tree's level: tasks [first, first + count).
struct LevelTask {
  std::int32_t first = 0;
  std::int32_t count = 0;
};

// How many of what one call may search, for buffers.
struct SearchLimits {
  std::int32_t nodes = 0;             // tasks of a call
  std::int32_t tiles = 0;             // of a layout
  std::int64_t cells = 0;             // of a plane of a part
  std::int32_t most_categories = 0;   // of a many-against-many column; 0: there is none
  std::int32_t category_columns = 0;  // that kind of columns
  bool levels = false;                // symmetric trees: needs prefix sums of all tasks' histograms
  std::int32_t planes = 3;            // most of a layout
  std::int32_t blocks = 4'096;        // that a launch is divided into, if there is enough to do
};

struct SearchWork;

class SplitSearch {
 public:
  SplitSearch(const SearchSettings& settings, const SearchLimits& limits);

  // For each task: its histogram (see SearchTask), sums[i], and the best split candidates[i]; its category
  // set, if it has one, goes to words + i * category_words() (bit k = category k goes left). All on the
  // device. Of the layout only the device's own part is read and searched; with none there are no sums.
  // Enqueues.
  void search_nodes(const SearchTask* tasks, std::int32_t count, DeviceSums* sums,
                    DeviceCandidate* candidates, std::uint32_t* words, cudaStream_t stream);
  // The same for levels: candidates[l] and words of level l; `count` tasks in all, `level_count` levels of
  // them. A level's first task says which columns are allowed, and whether it is searched.
  void search_levels(const SearchTask* tasks, std::int32_t count, const LevelTask* levels,
                     std::int32_t level_count, DeviceSums* sums, DeviceCandidate* candidates,
                     std::uint32_t* words, cudaStream_t stream);

  // Words of a category set: enough for the widest categorical column.
  std::int32_t category_words() const { return category_words_; }
  static std::int32_t category_words(const SearchLimits& limits, std::int32_t max_onehot);
  static std::int64_t bytes(const SearchLimits& limits);

 private:
  void search(const SearchWork& work, cudaStream_t stream);

  SearchSettings settings_;
  SearchLimits limits_;
  std::int32_t category_words_ = 0;
  DeviceArray<std::uint8_t> memory_;  // SearchScratch
};

}  // namespace ramet::cuda
