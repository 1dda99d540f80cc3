// The columns that a tree is grown on, and where their cells lie in its histograms.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/split.hpp"
#include "cuda/histogram_layout.hpp"
#include "cuda/plan.hpp"
#include "data/dataset_data.hpp"

namespace ramet::cuda {

class TreeColumns {
 public:
  // Reserves memory for `most` of the columns. `columns` must outlive this.
  TreeColumns(const DeviceColumns& columns, std::int32_t most, bool counted, HistogramParts parts);

  // Packs the stored ones of these features (null: of all). Enqueues.
  void choose(const data::Layout& layout, const backend::FeatureSet& features, cudaStream_t stream);

  bool empty() const { return chosen_.empty(); }
  const HistogramLayout& layout() const { return layout_; }
  const ColumnCells& cells(std::int32_t column) const { return cells_[static_cast<std::size_t>(column)]; }
  // Whether this device searches the column.
  bool owns(std::int32_t column) const { return owned_[static_cast<std::size_t>(column)] != 0; }

 private:
  HistogramLayout layout_;
  std::vector<std::int32_t> chosen_;
  std::vector<ColumnCells> cells_;  // per column of the data set; codes = 0: not chosen
  std::vector<std::uint8_t> owned_;
};

}  // namespace ramet::cuda
