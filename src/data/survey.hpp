// The first pass over the data: what comes with the rows, the dictionaries, and the bins.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/tasks.hpp"
#include "data/bins.hpp"
#include "data/categories.hpp"
#include "data/dataset_data.hpp"
#include "data/features.hpp"
#include "data/remote_numbers.hpp"
#include "data/roles.hpp"
#include "data/sampled_values.hpp"
#include "data/source.hpp"

namespace ramet::data {

class Survey {
 public:
  // The references must outlive the object. `data`: rows, first_global_row, total_rows and communicator are
  // set.
  Survey(Source& source, const std::vector<FeatureInput>& features, Tasks& tasks, DatasetData& data)
      : source_(source), features_(features), tasks_(tasks), data_(data) {}

  // Checks the batches and reads the roles only. Collective.
  void read_roles(Roles& roles);

  struct Result {
    std::vector<std::vector<std::string>> dictionaries;  // one per feature, empty if not categorical
    Bins bins;
    std::vector<bool> varies;  // per feature: whether some rows differ in their codes (missing counts as one)
  };
  // Reads all that bins are made of as well. Collective.
  Result read_all(Roles& roles, const BinParams& params);

 private:
  using Visit = std::function<void(const Batch& batch, std::int64_t first_row)>;

  void scan(const Visit& visit);
  void read_batch(Roles& roles, const Batch& batch, std::int64_t first_row);
  void count_categories(const Batch& batch, std::int64_t first_row);
  void find_presence(const Batch& batch, const std::vector<std::int32_t>& features);
  void find_remote_presence(const std::vector<std::int32_t>& features);
  std::vector<std::int32_t> columns_of(std::span<const std::int32_t> features) const;
  void set_dictionaries(Result& result);
  void set_cuts(Result& result, SampledValues& sample, std::size_t begin, std::size_t end);
  void set_varies(Result& result);

  Source& source_;
  const std::vector<FeatureInput>& features_;
  Tasks& tasks_;
  DatasetData& data_;
  std::vector<std::int32_t> numeric_;      // features binned by cuts
  std::vector<std::int32_t> categorical_;  // the others
  std::vector<CategoryCounter> counters_;  // one per feature
  std::vector<Presence> presence_;         // one per feature
};

}  // namespace ramet::data
