#include "cpu/tree_rows.hpp"

#include <algorithm>
#include <numeric>

#include "math/random.hpp"

namespace ramet::cpu {

namespace {

constexpr std::int32_t chunk_rows = 1 << 16;

// Appends the sampled rows of [begin, end) of a page to `ids`, which has room for all of them; returns how
// many.
std::uint32_t keep_sampled(const data::DatasetData& data, const data::Page& page,
                           const backend::RowSample& sample, std::int32_t begin, std::int32_t end,
                           std::uint32_t* ids) {
  std::uint32_t kept = 0;
  for (std::int32_t r = begin; r < end; ++r) {
    const auto global = static_cast<std::uint64_t>(data.first_global_row + page.first_row + r);
    ids[kept] = static_cast<std::uint32_t>(r);
    kept += math::in_sample(sample.key, global, sample.fraction) ? 1 : 0;
  }
  return kept;
}

}  // namespace

SampledRows sample_rows(const data::DatasetData& data, const backend::RowSample& sample, Tasks& tasks) {
  SampledRows result;
  result.all = sample.fraction >= 1.0;
  for (const data::Page& page : data.pages) result.per_page.push_back(static_cast<std::uint32_t>(page.rows));
  if (!result.all) {
    result.ids = Buffer<std::uint32_t>(static_cast<std::size_t>(data.rows));
    Buffer<std::uint32_t> scattered(static_cast<std::size_t>(data.rows));
    for (std::size_t p = 0; p < data.pages.size(); ++p) {
      const data::Page& page = data.pages[p];
      const std::int64_t chunks = (page.rows + chunk_rows - 1) / chunk_rows;
      std::vector<std::uint32_t> starts(static_cast<std::size_t>(chunks) + 1);
      std::uint32_t* from = scattered.data() + page.first_row;
      tasks.for_each(chunks, [&](std::int64_t c) {
        const auto begin = static_cast<std::int32_t>(c * chunk_rows);
        const std::int32_t end = std::min(begin + chunk_rows, page.rows);
        starts[static_cast<std::size_t>(c) + 1] = keep_sampled(data, page, sample, begin, end, from + begin);
      });
      std::partial_sum(starts.begin(), starts.end(), starts.begin());
      std::uint32_t* to = result.ids.data() + page.first_row;
      tasks.for_each(chunks, [&](std::int64_t c) {
        const auto at = static_cast<std::size_t>(c);
        std::copy_n(from + c * chunk_rows, starts[at + 1] - starts[at], to + starts[at]);
      });
      result.per_page[p] = starts.back();
    }
  }
  result.rows = std::accumulate(result.per_page.begin(), result.per_page.end(), std::int64_t{0});
  return result;
}

void TreeRows::start(const data::DatasetData& data, const SampledRows& sample) {
  data_ = &data;
  sample_ = &sample;
  const auto rows = static_cast<std::size_t>(data.rows);
  for (Buffer<std::uint32_t>& ids : ids_) {
    if (ids.size() != rows) ids = Buffer<std::uint32_t>(rows);
  }
}

std::vector<Segment> TreeRows::root() const {
  std::vector<Segment> segments;
  for (const std::uint32_t count : sample_->per_page) segments.push_back({0, count});
  return segments;
}

RowSlice TreeRows::slice(std::int32_t p, Segment segment, Side side) const {
  const data::Page& page = data_->pages[static_cast<std::size_t>(p)];
  RowSlice slice{&page, nullptr, segment.begin, segment.size()};
  if (side == Side::root && sample_->all) return slice;
  const std::uint32_t* ids = side == Side::root ? sample_->ids.data() : ids_[side == Side::a ? 0 : 1].data();
  slice.ids = ids + page.first_row + segment.begin;
  return slice;
}

std::uint32_t* TreeRows::ids(std::int32_t p, Side side) {
  return ids_[side == Side::a ? 0 : 1].data() + data_->pages[static_cast<std::size_t>(p)].first_row;
}

}  // namespace ramet::cpu
