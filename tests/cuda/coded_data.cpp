#include "cuda/coded_data.hpp"

#include <algorithm>
#include <cstring>

namespace ramet::cuda::test {

CodedColumn random_column(std::int32_t value_bins, std::int64_t rows, std::mt19937& random, double missing,
                          bool categorical) {
  CodedColumn column{value_bins, categorical, {}};
  std::uniform_int_distribution<std::uint32_t> code(1, static_cast<std::uint32_t>(value_bins));
  std::bernoulli_distribution is_missing(missing);
  for (std::int64_t r = 0; r < rows; ++r) column.codes.push_back(is_missing(random) ? 0 : code(random));
  return column;
}

data::DatasetData coded_dataset(std::span<const CodedColumn> columns, std::int64_t page_rows) {
  data::DatasetData data;
  auto bins = std::make_shared<data::Bins>();
  for (const CodedColumn& from : columns) {
    data::FeatureBins feature;
    feature.type = from.categorical ? ColumnType::categorical : ColumnType::numeric;
    bins->features.push_back(feature);
    data::StoredColumn column;
    column.feature = static_cast<std::int32_t>(data.layout.columns.size());
    column.width = from.value_bins > 255 ? 2 : 1;
    column.byte_offset = (data.layout.row_bytes + column.width - 1) / column.width * column.width;
    column.value_bins = from.value_bins;
    column.has_missing = std::ranges::count(from.codes, 0u) > 0;
    data.layout.row_bytes = column.byte_offset + column.width;
    data.layout.byte_columns += column.width == 1 ? 1 : 0;
    data.layout.column_of_feature.push_back(column.feature);
    data.layout.columns.push_back(column);
  }
  data.bins = bins;
  data.rows = data.total_rows = static_cast<std::int64_t>(columns[0].codes.size());
  for (std::int64_t first = 0; first < data.rows; first += page_rows) {
    data::Page page;
    page.first_row = first;
    page.rows = static_cast<std::int32_t>(std::min(page_rows, data.rows - first));
    page.columns = Buffer<std::uint8_t>(static_cast<std::size_t>(page.rows * data.layout.row_bytes));
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const data::StoredColumn& column = data.layout.columns[c];
      std::uint8_t* to = page.columns.data() + column.byte_offset * page.rows;
      for (std::int32_t r = 0; r < page.rows; ++r) {
        const std::uint32_t code = columns[c].codes[static_cast<std::size_t>(first + r)];
        const std::uint8_t bytes[2] = {static_cast<std::uint8_t>(code & 255),
                                       static_cast<std::uint8_t>(code >> 8)};
        std::memcpy(to + std::int64_t{r} * column.width, bytes, static_cast<std::size_t>(column.width));
      }
    }
    data.pages.push_back(std::move(page));
  }
  return data;
}

}  // namespace ramet::cuda::test
