#include "cuda/tree_columns.hpp"

#include <algorithm>

namespace ramet::cuda {

TreeColumns::TreeColumns(const DeviceColumns& columns, std::int32_t most, bool counted, HistogramParts parts)
    : layout_(columns, most, counted, parts),
      cells_(columns.columns().size()),
      owned_(columns.columns().size()) {}

void TreeColumns::choose(const data::Layout& layout, const backend::FeatureSet& features,
                         cudaStream_t stream) {
  chosen_.clear();
  if (features == nullptr) {
    for (std::size_t c = 0; c < layout.columns.size(); ++c) chosen_.push_back(static_cast<std::int32_t>(c));
  } else {
    for (const std::int32_t feature : *features) {
      const std::int32_t column = layout.column_of_feature[static_cast<std::size_t>(feature)];
      if (column >= 0) chosen_.push_back(column);
    }
    std::sort(chosen_.begin(), chosen_.end());
  }
  std::fill(cells_.begin(), cells_.end(), ColumnCells{});
  if (chosen_.empty()) return;
  layout_.choose(chosen_, stream);
  std::fill(owned_.begin(), owned_.end(), std::uint8_t{0});
  for (std::size_t t = 0; t < layout_.tiles().size(); ++t) {
    const Tile& tile = layout_.tiles()[t];
    const bool owned = layout_.owns(static_cast<std::int32_t>(t));
    for (std::int32_t slot = 0; slot < tile.slots; ++slot) {
      const std::int32_t column = layout_.slot_columns()[static_cast<std::size_t>(tile.first_slot + slot)];
      if (column < 0) continue;
      cells_[static_cast<std::size_t>(column)] = {
          .first = tile.first_cell + slot, .stride = tile.slots, .codes = tile.codes};
      owned_[static_cast<std::size_t>(column)] = owned ? 1 : 0;
    }
  }
}

}  // namespace ramet::cuda
