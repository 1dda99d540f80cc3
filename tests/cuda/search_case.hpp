// Random trees' histograms in layouts of all kinds, searched on the device and by the naive twin.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "cuda/naive_search.hpp"
#include "cuda/search.hpp"

namespace ramet::cuda::test {

// How a column's codes are drawn.
struct ColumnSpec {
  std::int32_t value_bins = 2;
  double missing = 0;  // share of missing values
  double skew = 1;     // > 1: low codes are frequent, high ones mostly empty
  bool categorical = false;
  std::int32_t twin_of = -1;  // the same codes as an earlier column
};

// How gradients are drawn: g uniform over [-largest_g, largest_g] + mean_g, h over [0, largest_h].
struct GradientSpec {
  std::int64_t largest_g = 1'000;
  std::int64_t mean_g = 0;
  std::int64_t largest_h = 1'000;
  bool constant_hessian = false;  // all h are 1
  bool up_if_missing = false;     // |g| where column 0 is missing, -|g| elsewhere
  std::int32_t g_exponent = 8;
  std::int32_t h_exponent = 8;
};

struct CaseSpec {
  std::vector<ColumnSpec> columns;
  GradientSpec gradients;
  std::int32_t slots = 32;  // of byte tiles; columns with more than 255 bins get wide ones
  std::int32_t rows = 200;
  std::int32_t nodes = 1;
  bool counted = true;     // a third plane
  bool leave_gaps = true;  // garbage between tiles, and padding slots within them
  std::int32_t parts = 1;  // of the histogram, each of which another device would search
};

// One tree's columns, and the histograms of some of its nodes. Features are numbered at random.
class SearchCase {
 public:
  SearchCase(const CaseSpec& spec, std::mt19937& random);

  const CaseSpec& spec() const { return spec_; }
  const DeviceScale& scale() const { return scale_; }
  std::int32_t column_count() const { return static_cast<std::int32_t>(columns_.size()); }
  std::int64_t histogram_size() const { return cells_ * planes() * spec_.parts; }
  std::int32_t planes() const { return spec_.counted ? 3 : 2; }
  DeviceSums total(std::int32_t node) const;

  // Allowed columns' sums of nodes [first, first + count).
  std::vector<NaiveColumn> naive_columns(std::int32_t first, std::int32_t count,
                                         const std::vector<std::uint32_t>& allowed) const;
  // What lies where in a node's histogram; garbage elsewhere.
  std::vector<std::int64_t> histogram(std::int32_t node, std::mt19937& random) const;
  // Whether this is a cell of a column's code, and not garbage.
  std::vector<bool> used_cells() const;
  // Raises the limits to what this tree needs.
  void raise(SearchLimits& limits, const SearchSettings& settings) const;

  // The device's side, as the owner of each part would see it; tiles have no rows.
  std::vector<const LayoutView*> upload();

 private:
  void place_columns(std::mt19937& random);
  void place_tiles(std::mt19937& random);
  void draw_rows(std::mt19937& random);
  std::int64_t cell_of(std::int32_t column, std::int32_t code) const;

  CaseSpec spec_;
  DeviceScale scale_;
  std::vector<DeviceColumn> columns_;
  std::vector<NaiveColumn> sums_;  // of all nodes
  std::vector<Tile> tiles_;
  std::vector<std::int32_t> slot_columns_;
  std::vector<std::int32_t> tile_of_;  // by column
  std::vector<std::int32_t> slot_of_;
  std::vector<std::int32_t> part_ends_;  // tiles
  std::int64_t cells_ = 0;               // of a plane of a part
  DeviceArray<Tile> device_tiles_;
  DeviceArray<std::int32_t> device_slots_;
  DeviceArray<DeviceColumn> device_columns_;
  DeviceArray<LayoutView> device_layout_;
};

// How a node comes by its histogram.
enum class Given { built, difference, difference_in_place };

struct SearchedTask {
  std::int32_t tree = 0;
  std::int32_t node = 0;
  Given given = Given::built;
  std::vector<std::uint32_t> allowed = {};  // empty: all columns
  bool search = true;
};

// One call of SplitSearch: of search_levels if there are levels.
struct SearchCall {
  SearchSettings settings;
  std::vector<SearchCase> trees;
  std::vector<SearchedTask> tasks;
  std::vector<LevelTask> levels;  // their tasks are consecutive nodes of a tree
  std::int32_t blocks = 4'096;    // SearchLimits
  std::int32_t planes = 3;
  std::int32_t parts = 1;  // of all trees' histograms
};

SearchLimits limits_of(const SearchCall& call);

// Makes the call in several orders of threads and compares everything with the naive search: bits of gains,
// rules, sets, sums and histograms. Returns the naive splits of the units.
std::vector<NaiveSplit> expect_as_naive(SearchCall& call, std::mt19937& random);

}  // namespace ramet::cuda::test
