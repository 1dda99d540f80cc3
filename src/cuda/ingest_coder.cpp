#include "cuda/ingest_coder.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "cuda/check.hpp"
#include "cuda/event.hpp"
#include "cuda/ingest_plan.hpp"
#include "cuda/ingest_rows.hpp"
#include "cuda/memory.hpp"

namespace ramet::cuda {
namespace {

std::vector<std::int32_t> columns_of(const std::vector<data::RemoteFeature>& features) {
  std::vector<std::int32_t> columns;
  for (const data::RemoteFeature& feature : features) columns.push_back(feature.column);
  return columns;
}

class Coder {
 public:
  Coder(const data::DeviceTable& table, std::span<const data::RemoteFeature> features,
        data::DatasetData& data, const IngestLimits& limits, Tasks& tasks, cudaStream_t stream);

  data::RemoteCodes run();

 private:
  // Consecutive rows of a page: their columns, then their packed rows, in page-locked memory.
  struct Chunk {
    PinnedArray<std::uint8_t> codes;
    Event done;
    data::Page* page = nullptr;
    std::int64_t page_row = 0;
    std::int64_t rows = 0;
  };

  std::int64_t most_rows(const IngestLimits& limits) const;
  void start(Chunk& chunk);
  void finish(Chunk& chunk);
  data::RemoteCodes results();

  data::DatasetData& data_;
  Tasks& tasks_;
  cudaStream_t stream_;
  CodingPlan plan_;
  std::vector<std::int32_t> columns_;
  const data::DeviceTable& table_;
  std::int64_t chunk_rows_;
  RowReader reader_;
  std::array<Chunk, 2> chunks_;
  DeviceArray<std::uint8_t> codes_;
  DeviceArray<std::uint32_t> missing_;
  DeviceArray<unsigned long long> fingerprint_;
};

// Half of the device's share is for cuts, half for rows.
Coder::Coder(const data::DeviceTable& table, std::span<const data::RemoteFeature> features,
             data::DatasetData& data, const IngestLimits& limits, Tasks& tasks, cudaStream_t stream)
    : data_(data),
      tasks_(tasks),
      stream_(stream),
      plan_(features, data, limits.device_bytes / 2),
      columns_(columns_of(plan_.features())),
      table_(table),
      chunk_rows_(most_rows(limits)),
      reader_(table, columns_, chunk_rows_, false, tasks, stream),
      codes_(static_cast<std::size_t>(2 * chunk_rows_ * data.layout.row_bytes)),
      missing_(features.size()),
      fingerprint_(1) {
  for (Chunk& chunk : chunks_) chunk.codes = PinnedArray<std::uint8_t>(codes_.size());
  // Padding, and the places of features that are coded elsewhere.
  fill_zero(codes_.data(), codes_.size(), stream_);
  fill_zero(missing_.data(), missing_.size(), stream_);
  fill_zero(fingerprint_.data(), 1, stream_);
}

std::int64_t Coder::most_rows(const IngestLimits& limits) const {
  const auto row_bytes = static_cast<std::size_t>(2 * data_.layout.row_bytes);
  const std::int64_t on_device =
      rows_within(limits.device_bytes / 2, row_bytes + RowReader::device_bytes(table_, columns_, false));
  const std::int64_t pinned =
      rows_within(limits.pinned_bytes, 2 * row_bytes + RowReader::pinned_bytes(table_, columns_, false));
  std::int64_t longest = 1;
  for (const data::Page& page : data_.pages) longest = std::max<std::int64_t>(longest, page.rows);
  return std::min({on_device, pinned, longest});
}

// The device codes a chunk while the host copies the one before it to its page.
data::RemoteCodes Coder::run() {
  std::size_t chunks = 0;
  for (data::Page& page : data_.pages) {
    for (std::int64_t row = 0; row < page.rows; row += chunk_rows_) {
      Chunk& chunk = chunks_[chunks++ % chunks_.size()];
      chunk.page = &page;
      chunk.page_row = row;
      chunk.rows = std::min(chunk_rows_, page.rows - row);
      start(chunk);
      finish(chunks_[chunks % chunks_.size()]);
    }
  }
  for (Chunk& chunk : chunks_) finish(chunk);
  return results();
}

void Coder::start(Chunk& chunk) {
  const std::int64_t rank_row = chunk.page->first_row + chunk.page_row;
  const auto bytes = static_cast<std::size_t>(chunk.rows * data_.layout.row_bytes);
  const CodeOutput output{.columns = codes_.data(),
                          .packed = codes_.data() + chunk_rows_ * data_.layout.row_bytes,
                          .row_bytes = data_.layout.row_bytes,
                          .missing = missing_.data(),
                          .fingerprint = fingerprint_.data()};
  plan_.code(reader_.read(rank_row, chunk.rows), data_.first_global_row + rank_row, output, stream_);
  copy(chunk.codes.data(), static_cast<const std::uint8_t*>(output.columns), bytes, stream_);
  copy(chunk.codes.data() + bytes, static_cast<const std::uint8_t*>(output.packed), bytes, stream_);
  chunk.done.record(stream_);
}

void Coder::finish(Chunk& chunk) {
  if (chunk.page == nullptr) return;
  chunk.done.synchronize();
  data::Page& page = *chunk.page;
  const std::int64_t row_bytes = data_.layout.row_bytes;
  const std::uint8_t* packed = chunk.codes.data() + chunk.rows * row_bytes;
  constexpr std::int64_t grain = std::int64_t{1} << 18;  // bytes
  tasks_.for_ranges(chunk.rows * row_bytes, grain, [&](std::int64_t begin, std::int64_t end) {
    std::memcpy(page.packed.data() + chunk.page_row * row_bytes + begin, packed + begin,
                static_cast<std::size_t>(end - begin));
  });
  tasks_.for_each(static_cast<std::int64_t>(columns_.size()), [&](std::int64_t k) {
    const data::StoredColumn* column = plan_.stored(static_cast<std::size_t>(k));
    if (column == nullptr) return;
    std::memcpy(page.columns.data() + column->byte_offset * page.rows + chunk.page_row * column->width,
                chunk.codes.data() + column->byte_offset * chunk.rows,
                static_cast<std::size_t>(chunk.rows * column->width));
  });
  chunk.page = nullptr;
}

data::RemoteCodes Coder::results() {
  std::vector<std::uint32_t> missing(missing_.size());
  unsigned long long fingerprint = 0;
  copy(missing.data(), static_cast<const std::uint32_t*>(missing_.data()), missing.size(), stream_);
  copy(&fingerprint, static_cast<const unsigned long long*>(fingerprint_.data()), 1, stream_);
  check(cudaStreamSynchronize(stream_), "binning rows");
  data::RemoteCodes codes{.has_missing = std::vector<std::int64_t>(data_.layout.columns.size(), 0),
                          .fingerprint = fingerprint};
  for (std::size_t k = 0; k < missing.size(); ++k) {
    const std::int32_t column = data_.layout.column_of_feature[plan_.features()[k].feature];
    if (column >= 0) codes.has_missing[column] = missing[k] != 0 ? 1 : 0;
  }
  return codes;
}

}  // namespace

data::RemoteCodes code_table(const data::DeviceTable& table, std::span<const data::RemoteFeature> features,
                             data::DatasetData& data, const IngestLimits& limits, Tasks& tasks,
                             cudaStream_t stream) {
  if (features.empty())
    return {.has_missing = std::vector<std::int64_t>(data.layout.columns.size(), 0), .fingerprint = 0};
  return Coder(table, features, data, limits, tasks, stream).run();
}

}  // namespace ramet::cuda
