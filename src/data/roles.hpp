// Labels, weights, base margins and queries: gathered from the options or the source's batches, and checked.
#pragma once

#include <cstdint>

#include "data/dataset_data.hpp"
#include "data/source.hpp"
#include "ramet/dataset.hpp"

namespace ramet::data {

// Fills the rows' fields of `data`, whose `rows` is set. Each function throws Error{invalid_data} naming the
// field and the row at fault; the first three are local to the rank.
class Roles {
 public:
  Roles(DatasetData& data, const DatasetOptions& options, int margin_outputs);

  // The next batch. Afterwards the fields hold its rows too.
  void add(const Batch& batch);
  // After the last batch.
  void finish();

  // Collective: all ranks must have the same fields, no query may be on two ranks, not all weights may be 0.
  // Returns the rows of positive weight on all ranks.
  std::int64_t agree_over_ranks(Communicator& communicator);

 private:
  DatasetData& data_;
  bool has_labels_ = false;  // from the options
  bool has_weights_ = false;
  bool has_margins_ = false;
  bool has_groups_ = false;
  std::int64_t rows_ = 0;  // of the batches so far
};

// What the fields add to the fingerprint on this rank.
std::uint64_t roles_fingerprint(const DatasetData& data);

}  // namespace ramet::data
