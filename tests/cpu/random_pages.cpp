#include "random_pages.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace ramet::test {
namespace {

std::int32_t width_of(const ColumnSpec& spec) { return spec.value_bins > 255 ? 2 : 1; }

void put_code(data::Page& page, const data::Layout& layout, const data::StoredColumn& column,
              std::int32_t row, std::uint32_t code) {
  std::uint8_t bytes[2] = {static_cast<std::uint8_t>(code & 255), static_cast<std::uint8_t>(code >> 8)};
  const auto width = static_cast<std::size_t>(column.width);
  std::memcpy(page.columns.data() + column.byte_offset * page.rows + row * column.width, bytes, width);
  std::memcpy(page.packed.data() + row * layout.row_bytes + column.byte_offset, bytes, width);
}

}  // namespace

data::Layout make_layout(const std::vector<ColumnSpec>& specs) {
  data::Layout layout;
  std::vector<std::int32_t> order(specs.size());
  std::iota(order.begin(), order.end(), 0);
  const auto spec = [&](std::int32_t f) -> const ColumnSpec& { return specs[static_cast<std::size_t>(f)]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int32_t a, std::int32_t b) { return width_of(spec(a)) < width_of(spec(b)); });
  layout.column_of_feature.resize(specs.size());
  for (const std::int32_t f : order) {
    data::StoredColumn column;
    column.feature = f;
    column.width = width_of(spec(f));
    layout.row_bytes += layout.row_bytes % column.width;  // two-byte codes are aligned
    column.byte_offset = layout.row_bytes;
    column.has_missing = spec(f).has_missing;
    column.value_bins = spec(f).value_bins;
    column.first_cell = layout.total_cells;
    layout.total_cells += (column.cells() + 7) / 8 * 8;
    layout.row_bytes += column.width;
    layout.byte_columns += column.width == 1 ? 1 : 0;
    layout.column_of_feature[static_cast<std::size_t>(f)] = static_cast<std::int32_t>(layout.columns.size());
    layout.columns.push_back(column);
  }
  return layout;
}

data::DatasetData random_dataset(const std::vector<ColumnSpec>& specs, std::int64_t rows,
                                 std::int64_t page_rows, std::uint32_t seed) {
  data::DatasetData data;
  data.layout = make_layout(specs);
  auto bins = std::make_shared<data::Bins>();
  for (const ColumnSpec& spec : specs) {
    data::FeatureBins feature;
    feature.type = spec.categorical ? ColumnType::categorical : ColumnType::numeric;
    feature.categories = spec.categorical ? spec.value_bins : 0;
    for (int b = 1; !spec.categorical && b < spec.value_bins; ++b) feature.cuts.push_back(b);
    bins->features.push_back(feature);
  }
  data.bins = bins;
  data.rows = rows;
  data.total_rows = rows;
  data.communicator = single_communicator();
  std::mt19937 random(seed);
  for (std::int64_t first = 0; first < rows; first += page_rows) {
    data::Page page;
    page.first_row = first;
    page.rows = static_cast<std::int32_t>(std::min(page_rows, rows - first));
    page.columns = Buffer<std::uint8_t>(static_cast<std::size_t>(page.rows * data.layout.row_bytes));
    page.packed = Buffer<std::uint8_t>(static_cast<std::size_t>(page.rows * data.layout.row_bytes));
    for (std::int32_t r = 0; r < page.rows; ++r) {
      for (const data::StoredColumn& column : data.layout.columns) {
        const auto value = 1 + random() % static_cast<std::uint32_t>(column.value_bins);
        const bool missing = column.has_missing && random() % 8 == 0;
        put_code(page, data.layout, column, r, missing ? 0 : static_cast<std::uint32_t>(value));
      }
    }
    data.pages.push_back(std::move(page));
  }
  return data;
}

std::uint32_t code_at(const data::Page& page, const data::StoredColumn& column, std::int64_t row) {
  if (column.width == 1) return page.column<std::uint8_t>(column)[row];
  return page.column<std::uint16_t>(column)[row];
}

}  // namespace ramet::test
