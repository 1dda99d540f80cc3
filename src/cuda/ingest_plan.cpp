#include "cuda/ingest_plan.hpp"

#include <algorithm>
#include <limits>

#include "cuda/check.hpp"
#include "data/bin_lookup.hpp"
#include "data/fingerprint.hpp"

namespace ramet::cuda {
namespace {

std::size_t entries_of(const CodedFeature& feature) { return std::size_t{1} << feature.steps; }

}  // namespace

CodingPlan::CodingPlan(std::span<const data::RemoteFeature> features, const data::DatasetData& data,
                       std::size_t tree_bytes)
    : data_(data), features_(features.begin(), features.end()) {
  const auto place = [&](const data::RemoteFeature& f) {
    const std::int32_t stored = data.layout.column_of_feature[f.feature];
    return stored >= 0 ? stored : std::numeric_limits<std::int32_t>::max();
  };
  std::stable_sort(features_.begin(), features_.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
  for (std::size_t k = 0; k < features_.size(); ++k) {
    const std::int32_t feature = features_[k].feature;
    const data::StoredColumn* column = stored(k);
    coded_.push_back({.steps = data::BinLookup(data.bins->features[feature].cuts).steps(),
                      .width = column != nullptr ? column->width : 1,
                      .column_key = data::fingerprint_column_key(feature),
                      .offset = column != nullptr ? column->byte_offset : -1});
  }
  group_features();
  std::size_t most = 0;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    std::size_t entries = 0;
    for (std::int32_t k = groups_[g].begin; k < groups_[g].end; ++k) entries += entries_of(coded_[k]);
    if (loads_.empty() || (loads_.back().entries + entries) * sizeof(double) > tree_bytes)
      loads_.push_back({.begin = g, .end = g});
    loads_.back().end = g + 1;
    loads_.back().entries += entries;
    most = std::max(most, loads_.back().entries);
  }
  device_trees_ = DeviceArray<double>(most);
  device_coded_ = DeviceArray<CodedFeature>(coded_.size());
  device_groups_ = DeviceArray<FeatureGroup>(groups_.size());
}

const data::StoredColumn* CodingPlan::stored(std::size_t k) const {
  const std::int32_t column = data_.layout.column_of_feature[features_[k].feature];
  return column >= 0 ? &data_.layout.columns[column] : nullptr;
}

void CodingPlan::group_features() {
  for (std::int32_t k = 0; k < static_cast<std::int32_t>(coded_.size()); ++k) {
    CodedFeature& feature = coded_[k];
    const std::size_t entries = entries_of(feature);
    const bool shared = entries <= most_shared_entries;
    const auto needed = shared ? static_cast<std::int32_t>(entries) : 0;
    if (groups_.empty() || k - groups_.back().begin == tile_columns ||
        groups_.back().shared_entries + needed > most_shared_entries) {
      groups_.push_back({.begin = k, .end = k});
    }
    FeatureGroup& group = groups_.back();
    feature.shared_at = shared ? group.shared_entries : -1;
    group.shared_entries += needed;
    group.end = k + 1;
  }
}

void CodingPlan::load(const Load& load, cudaStream_t stream) {
  // The device may still be reading what the last load copied from here.
  check(cudaStreamSynchronize(stream), "uploading cuts");
  trees_.clear();
  for (std::int32_t k = groups_[load.begin].begin; k < groups_[load.end - 1].end; ++k) {
    const data::BinLookup lookup(data_.bins->features[features_[k].feature].cuts);
    coded_[k].tree = device_trees_.data() + trees_.size();
    trees_.insert(trees_.end(), lookup.tree().begin(), lookup.tree().end());
  }
  copy(device_trees_.data(), trees_.data(), trees_.size(), stream);
  copy(device_coded_.data(), coded_.data(), coded_.size(), stream);
  copy(device_groups_.data(), groups_.data(), groups_.size(), stream);
}

void CodingPlan::code(const ReadableRows& rows, std::int64_t first_global_row, const CodeOutput& output,
                      cudaStream_t stream) {
  for (std::size_t l = 0; l < loads_.size(); ++l) {
    if (loaded_ != l) load(loads_[l], stream);
    loaded_ = l;
    std::int32_t most_entries = 0;
    for (std::size_t g = loads_[l].begin; g < loads_[l].end; ++g)
      most_entries = std::max(most_entries, groups_[g].shared_entries);
    code_rows(rows, first_global_row, device_coded_.data(), device_groups_.data() + loads_[l].begin,
              static_cast<std::int32_t>(loads_[l].end - loads_[l].begin), most_entries, output, stream);
  }
}

}  // namespace ramet::cuda
