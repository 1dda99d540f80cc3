// Which rows the bins are computed from: the k rows with the smallest hash of (seed, global row) among those
// of positive weight (numbers contract, rule 8). The hash is a bijection of the row number, so there are no
// ties.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "math/random.hpp"
#include "ramet/communicator.hpp"
#include "ramet/dataset.hpp"

namespace ramet::data {

// k, or 0 for all rows. `columns` >= 1.
std::int64_t sample_size(const BinParams& params, std::int64_t columns);

// Rows that may be in the sample: those whose hash is at most `limit`.
class RowCandidates {
 public:
  RowCandidates(const BinParams& params, std::int64_t columns, std::int64_t total_rows);

  std::uint64_t hash(std::int64_t global_row) const {
    return math::draw64(key_, static_cast<std::uint64_t>(global_row));
  }
  bool all_rows() const { return limit_ == all_hashes; }
  bool contains(std::int64_t global_row) const { return all_rows() || hash(global_row) <= limit_; }

  // Given the candidates' rows (of positive weight) on this rank, whose first row is `first_global_row` of
  // all: which are in the sample, one flag each. Nothing if there were too few candidates: then `*this` is
  // now all rows, and the caller must collect them again. `positive_rows`: rows of positive weight on all
  // ranks. Collective; the same outcome on every rank.
  std::optional<std::vector<bool>> choose(Communicator& communicator, std::span<const std::int64_t> mine,
                                          std::int64_t first_global_row, std::int64_t positive_rows);

 private:
  static constexpr std::uint64_t all_hashes = ~std::uint64_t{0};

  std::uint64_t key_ = 0;
  std::int64_t size_ = 0;  // k
  std::uint64_t limit_ = all_hashes;
};

}  // namespace ramet::data
