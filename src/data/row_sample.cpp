#include "data/row_sample.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "comm/agree.hpp"

namespace ramet::data {

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
                                                       std::int64_t positive_rows) {
  const std::int64_t needed = std::min(size_, positive_rows);
  const std::int64_t found = comm::sum(communicator, static_cast<std::int64_t>(mine.size()));
  if (found < needed) {
    limit_ = all_hashes;
    return std::nullopt;
  }
  if (found == needed) return std::vector<bool>(mine.size(), true);
  std::vector<std::uint64_t> hashes(mine.size());
  std::transform(mine.begin(), mine.end(), hashes.begin(), [&](std::int64_t row) { return hash(row); });
  const std::vector<std::byte> bytes = communicator.all_gather(std::as_bytes(std::span(hashes)));
  std::vector<std::uint64_t> all(bytes.size() / sizeof(std::uint64_t));
  if (!all.empty()) std::memcpy(all.data(), bytes.data(), bytes.size());
  std::uint64_t last = 0;  // the largest hash in the sample
  if (needed > 0) {
    const auto nth = all.begin() + (needed - 1);
    std::nth_element(all.begin(), nth, all.end());
    last = *nth;
  }
  std::vector<bool> chosen(mine.size());
  for (std::size_t i = 0; i < mine.size(); ++i) chosen[i] = needed > 0 && hashes[i] <= last;
  return chosen;
}

}  // namespace ramet::data
