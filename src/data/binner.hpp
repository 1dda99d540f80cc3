// The second pass over the data: values become codes, written to the pages' columns and packed rows while
// they are in cache; on the way they are hashed and missing ones noted.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/tasks.hpp"
#include "data/bin_lookup.hpp"
#include "data/categories.hpp"
#include "data/dataset_data.hpp"
#include "data/features.hpp"
#include "data/source.hpp"
#include "data/tile.hpp"

namespace ramet::data {

class Binner {
 public:
  // `data`: schema, bins, layout and pages are set. The references must outlive the object.
  // Leaves out features that the source bins itself (Source::remote).
  Binner(Source& source, const std::vector<FeatureInput>& features, DatasetData& data);

  bool has_features() const { return !features_.empty(); }

  // The batch whose first row is row `first_row` of this rank.
  void add(const Batch& batch, std::int64_t first_row, Tasks& tasks);

  // Of the rows so far, on this rank. has_missing: one flag per stored column.
  std::vector<std::int64_t> has_missing() const;
  std::uint64_t fingerprint() const { return fingerprint_; }

 private:
  struct Feature {
    FeatureInput input;
    std::int32_t stored = -1;  // stored column
    std::uint64_t column_key = 0;
    BinLookup lookup;                           // numbers
    std::unique_ptr<CategoryCodes> categories;  // codes and labels
  };
  // Consecutive rows of one page.
  struct Work {
    std::int64_t batch_row = 0;
    Page* page = nullptr;
    std::int64_t page_row = 0;
    std::int64_t rows = 0;
    std::int64_t rank_row = 0;
  };

  std::vector<Work> split(std::int64_t first_row, std::int64_t rows) const;
  void bin_tile(const Batch& batch, const Work& work);
  template <class Code>
  std::uint64_t bin_feature(const Feature& feature, const ColumnChunk& chunk, const Work& work,
                            const std::vector<std::uint64_t>& row_keys);

  std::int64_t cols_;
  std::vector<Feature> features_;
  DatasetData& data_;
  std::vector<std::atomic<std::uint8_t>> has_missing_;
  std::atomic<std::uint64_t> fingerprint_{0};
};

}  // namespace ramet::data
