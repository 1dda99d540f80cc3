#include "cuda/columns.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "cuda/check.hpp"

namespace ramet::cuda {
namespace {

// Columns start where vector loads are aligned.
constexpr std::int64_t column_alignment = 256;

std::int64_t column_bytes(const data::StoredColumn& column, std::int64_t rows) {
  return (rows * column.width + column_alignment - 1) / column_alignment * column_alignment;
}

}  // namespace

std::int64_t DeviceColumns::bytes(const data::Layout& layout, std::int64_t rows) {
  std::int64_t total = static_cast<std::int64_t>(layout.columns.size() * sizeof(DeviceColumn));
  for (const data::StoredColumn& column : layout.columns) total += column_bytes(column, rows);
  return total;
}

DeviceColumns::DeviceColumns(const data::DatasetData& data, RowSpan rows, cudaStream_t stream)
    : rows_(rows.size()) {
  if (rows_ > most_rows) {
    fail(ErrorCode::unsupported, "{} rows on one device: at most {}; use more devices", rows_, most_rows);
  }
  const std::vector<data::StoredColumn>& stored = data.layout.columns;
  codes_ = DeviceArray<std::uint8_t>(static_cast<std::size_t>(bytes(data.layout, rows_)));
  std::uint8_t* at = codes_.data();
  for (const data::StoredColumn& column : stored) {
    const data::FeatureBins& bins = data.bins->features[static_cast<std::size_t>(column.feature)];
    columns_.push_back({.codes = at,
                        .width = column.width,
                        .feature = column.feature,
                        .value_bins = column.value_bins,
                        .has_missing = column.has_missing,
                        .categorical = bins.type == ColumnType::categorical});
    at += column_bytes(column, rows_);
  }
  for (const data::Page& page : data.pages) {
    const std::int64_t begin = std::max(page.first_row, rows.begin);
    const std::int64_t end = std::min(page.first_row + page.rows, rows.end);
    if (begin >= end) continue;
    for (std::size_t c = 0; c < stored.size(); ++c) {
      const std::int64_t width = stored[c].width;
      const std::uint8_t* from =
          page.columns.data() + stored[c].byte_offset * page.rows + (begin - page.first_row) * width;
      std::uint8_t* to = codes_.data() + (columns_[c].codes - codes_.data()) + (begin - rows.begin) * width;
      copy_bytes(to, from, static_cast<std::size_t>((end - begin) * width), stream);
    }
  }
  on_device_ = DeviceArray<DeviceColumn>(columns_.size());
  copy(on_device_.data(), columns_.data(), columns_.size(), stream);
  check(cudaStreamSynchronize(stream), "uploading the data set");
}

}  // namespace ramet::cuda
