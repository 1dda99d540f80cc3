// What a search for splits needs to know, and what it finds.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/search_settings.hpp"
#include "backend/split.hpp"
#include "cpu/cells.hpp"
#include "cpu/histogram_pool.hpp"
#include "data/dataset_data.hpp"
#include "math/quantise.hpp"

namespace ramet::cpu {

// The same for all nodes of one tree.
struct SearchSettings : backend::SearchSettings {
  math::GradientScale scale;
  double g_unit = 1;  // 2^-g_exponent
  double h_unit = 1;
};

SearchSettings search_settings(const TrainParams& params, const math::GradientScale& scale);

// One stored column as the search sees it.
struct SearchColumn {
  const HistogramColumn* cells = nullptr;
  std::int32_t feature = 0;
  std::int32_t value_bins = 0;
  bool has_missing = false;
  bool categorical = false;
};

// A node to search: its histogram and its sums.
struct SearchNode {
  Histogram histogram;
  backend::NodeSums sums;
  double parent_score = 0;  // node_score of the sums

  double g(const SearchSettings& s) const { return static_cast<double>(sums.g) * s.g_unit; }
  double h(const SearchSettings& s) const { return static_cast<double>(sums.h) * s.h_unit; }
};

// Sets parent_score; false if the node's hessian leaves nothing to search.
bool prepare_node(const SearchSettings& settings, SearchNode& node);

// The best split so far. Order: higher gain, lower feature, lower `order`, missing left first.
struct BestSplit {
  double gain = 0;
  std::int32_t feature = -1;
  std::uint32_t order = 0;  // numeric: bin; categorical: the tie number
  bool missing_left = false;
  bool categorical = false;
  std::vector<std::uint32_t> left_categories;

  bool loses_to(double other_gain, std::int32_t other_feature, std::uint32_t other_order,
                bool other_left) const {
    if (other_gain != gain) return other_gain > gain;
    if (other_feature != feature) return other_feature < feature;
    if (other_order != order) return other_order < order;
    return other_left && !missing_left;
  }
  bool loses_to(const BestSplit& other) const {
    return other.feature >= 0 &&
           (feature < 0 || loses_to(other.gain, other.feature, other.order, other.missing_left));
  }
  // Makes a candidate the best split if it is; whether it did. The caller sets a categorical one's left side.
  bool offer(double other_gain, std::int32_t other_feature, std::uint32_t other_order, bool other_left,
             bool other_categorical) {
    if (feature >= 0 && !loses_to(other_gain, other_feature, other_order, other_left)) return false;
    gain = other_gain;
    feature = other_feature;
    order = other_order;
    missing_left = other_left;
    categorical = other_categorical;
    left_categories.clear();
    return true;
  }
  backend::SplitRule rule() const;
};

}  // namespace ramet::cpu
