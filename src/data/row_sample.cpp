#include "data/row_sample.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>

#include "comm/agree.hpp"

namespace ramet::data {
namespace {

// The value at `place` in ascending order, of hashes that lie evenly between 0 and `limit`. Where few are
// larger, only those that may be among them are put in order.
std::uint64_t nth_smallest(std::span<const std::uint64_t> hashes, std::int64_t place, std::uint64_t limit) {
  const auto size = static_cast<std::int64_t>(hashes.size());
  const std::int64_t larger = size - 1 - place;
  const double share = 1 - 2 * static_cast<double>(larger + 64) / static_cast<double>(size);
  const auto bound = share > 0 ? static_cast<std::uint64_t>(share * static_cast<double>(limit)) : 0;
  std::vector<std::uint64_t> last;
  std::copy_if(hashes.begin(), hashes.end(), std::back_inserter(last),
               [&](std::uint64_t hash) { return hash >= bound; });
  auto rank = static_cast<std::int64_t>(last.size()) - 1 - larger;
  if (rank < 0) {
    last.assign(hashes.begin(), hashes.end());
    rank = place;
  }
  std::nth_element(last.begin(), last.begin() + rank, last.end());
  return last[static_cast<std::size_t>(rank)];
}

}  // namespace

std::int64_t sample_size(const BinParams& params, std::int64_t columns) {
  constexpr std::int64_t most_values = std::int64_t{1} << 30;
  if (params.bin_sample == 0) return 0;
  return std::min(params.bin_sample, std::max<std::int64_t>(1, most_values / columns));
}

RowCandidates::RowCandidates(const BinParams& params, std::int64_t columns, std::int64_t total_rows)
    : key_(math::stream_key(params.seed, math::Stream::bin_sample)), size_(sample_size(params, columns)) {
  if (size_ == 0) size_ = std::numeric_limits<std::int64_t>::max();
  // Six standard deviations more than needed. Only speed depends on this: too few candidates are noticed.
  const auto wanted = static_cast<double>(size_);
  const double share = (wanted + 6 * std::sqrt(wanted) + 64) / static_cast<double>(total_rows);
  if (size_ < total_rows && share < 0.9) limit_ = static_cast<std::uint64_t>(share * 0x1p64);
}

std::optional<std::vector<bool>> RowCandidates::choose(Communicator& communicator,
                                                       std::span<const std::int64_t> mine,
                                                       std::int64_t first_global_row,
                                                       std::int64_t positive_rows) {
  const std::int64_t needed = std::min(size_, positive_rows);
  const std::int64_t found = comm::sum(communicator, static_cast<std::int64_t>(mine.size()));
  if (found < needed) {
    limit_ = all_hashes;
    return std::nullopt;
  }
  if (found == needed) return std::vector<bool>(mine.size(), true);
  std::vector<std::uint64_t> hashes(mine.size());
  std::transform(mine.begin(), mine.end(), hashes.begin(),
                 [&](std::int64_t row) { return hash(first_global_row + row); });
  std::vector<std::uint64_t> of_all;
  std::span<const std::uint64_t> all(hashes);
  if (communicator.size() > 1) {
    const std::vector<std::byte> bytes = communicator.all_gather(std::as_bytes(std::span(hashes)));
    of_all.resize(bytes.size() / sizeof(std::uint64_t));
    if (!of_all.empty()) std::memcpy(of_all.data(), bytes.data(), bytes.size());
    all = of_all;
  }
  const std::uint64_t last = needed > 0 ? nth_smallest(all, needed - 1, limit_) : 0;
  std::vector<bool> chosen(mine.size());
  for (std::size_t i = 0; i < mine.size(); ++i) chosen[i] = needed > 0 && hashes[i] <= last;
  return chosen;
}

}  // namespace ramet::data
