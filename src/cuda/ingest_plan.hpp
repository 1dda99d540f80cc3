// Which features are coded together, and where their search trees are.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cuda/ingest_codes.hpp"
#include "cuda/memory.hpp"
#include "data/dataset_data.hpp"
#include "data/remote_numbers.hpp"

namespace ramet::cuda {

// Features in the order of their places in a packed row, those without a place last.
class CodingPlan {
 public:
  // Trees take at most `tree_bytes` on the device at a time, or those of one group. `data` must outlive the
  // object.
  CodingPlan(std::span<const data::RemoteFeature> features, const data::DatasetData& data,
             std::size_t tree_bytes);

  // In the plan's order.
  const std::vector<data::RemoteFeature>& features() const { return features_; }
  // Of each feature, or null.
  const data::StoredColumn* stored(std::size_t k) const;

  // Enqueues the coding of all features. Waits if not all trees fit at once.
  void code(const ReadableRows& rows, std::int64_t first_global_row, const CodeOutput& output,
            cudaStream_t stream);

 private:
  // Consecutive groups whose trees are on the device together.
  struct Load {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t entries = 0;
  };

  void group_features();
  void load(const Load& load, cudaStream_t stream);

  const data::DatasetData& data_;
  std::vector<data::RemoteFeature> features_;
  std::vector<CodedFeature> coded_;
  std::vector<FeatureGroup> groups_;
  std::vector<Load> loads_;
  std::size_t loaded_ = static_cast<std::size_t>(-1);
  std::vector<double> trees_;  // of the load in force
  DeviceArray<double> device_trees_;
  DeviceArray<CodedFeature> device_coded_;
  DeviceArray<FeatureGroup> device_groups_;
};

}  // namespace ramet::cuda
