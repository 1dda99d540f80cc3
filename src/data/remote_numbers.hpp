// Numeric columns that stay where they are, in a device's memory: sampled and binned there, never scanned.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/tasks.hpp"
#include "data/cuts.hpp"
#include "data/dataset_data.hpp"

namespace ramet::data {

// Whether a feature has missing values, and others.
struct Presence {
  bool missing = false;
  bool value = false;
};

// A feature that is binned by cuts, and the source's column it comes from.
struct RemoteFeature {
  std::int32_t feature = 0;  // index in the schema
  std::int32_t column = 0;
};

// What binning tells beside the codes, of this rank's rows.
struct RemoteCodes {
  std::vector<std::int64_t> has_missing;  // one flag per stored column; 0 for those of other features
  std::uint64_t fingerprint = 0;          // sum over the features' cells
};

// Part of a source (Source::remote). Results are those of a scan of the same values, to the bit. No function
// is collective; each throws what its device does (Error{device, out_of_memory}).
class RemoteNumbers {
 public:
  virtual ~RemoteNumbers() = default;

  // Before the first scan: the columns that scans have to deliver all the same, for they are labels of
  // categories. The chunks of all others have no values.
  virtual void scan_columns(std::span<const std::int32_t> columns) = 0;

  // Per column: the distinct values in these rows (local, ascending).
  virtual std::vector<DistinctValues> distinct(std::span<const std::int32_t> columns,
                                               std::span<const std::int64_t> rows, Tasks& tasks) = 0;
  // Per column, over all rows.
  virtual std::vector<Presence> presence(std::span<const std::int32_t> columns, Tasks& tasks) = 0;

  // Writes the features' codes to `data`'s pages, whose schema, bins and layout are set. Bytes of packed rows
  // that belong to other features are overwritten.
  virtual RemoteCodes bin(std::span<const RemoteFeature> features, DatasetData& data, Tasks& tasks) = 0;
};

}  // namespace ramet::data
