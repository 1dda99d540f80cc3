#include "data/layout.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/error.hpp"

namespace ramet::data {

namespace {

// Numbers first, then categories, fewest first: histograms count rows for many categories, and want those
// columns side by side.
std::vector<std::size_t> order_of_columns(const Bins& bins) {
  std::vector<std::size_t> order(bins.features.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto categories = [&](std::size_t f) {
    return bins.features[f].type == ColumnType::categorical ? bins.features[f].value_bins() : 0;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return categories(a) < categories(b); });
  return order;
}

}  // namespace

Layout make_layout(const Bins& bins, const std::vector<bool>& stored) {
  Layout layout;
  const std::vector<std::size_t> order = order_of_columns(bins);
  layout.column_of_feature.assign(bins.features.size(), -1);
  for (const std::int32_t width : {1, 2}) {
    // Two-byte codes lie at even addresses, in rows as in columns.
    layout.row_bytes = (layout.row_bytes + width - 1) / width * width;
    for (const std::size_t f : order) {
      const std::int32_t value_bins = bins.features[f].value_bins();
      if (!stored[f] || width != (value_bins <= 255 ? 1 : 2)) continue;
      layout.column_of_feature[f] = static_cast<std::int32_t>(layout.columns.size());
      layout.columns.push_back({.feature = static_cast<std::int32_t>(f),
                                .width = width,
                                .byte_offset = layout.row_bytes,
                                .value_bins = value_bins});
      layout.row_bytes += width;
      layout.byte_columns += width == 1 ? 1 : 0;
    }
  }
  if (layout.byte_columns == static_cast<std::int32_t>(layout.columns.size()))
    layout.row_bytes = layout.byte_columns;
  return layout;
}

void number_cells(Layout& layout, const std::vector<bool>& has_missing) {
  std::int64_t cells = 0;
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    StoredColumn& column = layout.columns[c];
    column.has_missing = has_missing[c];
    column.first_cell = static_cast<std::int32_t>(cells);
    cells += (column.cells() + 7) / 8 * 8;
    if (cells > std::numeric_limits<std::int32_t>::max()) {
      fail(ErrorCode::invalid_data,
           "{} features have too many bins together: a histogram must have fewer than 2^31 cells; lower "
           "max_bin",
           layout.column_of_feature.size());
    }
  }
  layout.total_cells = static_cast<std::int32_t>(cells);
}

std::int64_t default_page_rows(const Layout& layout) {
  constexpr std::int64_t most_rows = std::int64_t{1} << 22;
  constexpr std::int64_t most_bytes = (std::int64_t{1} << 31) - 1;
  const std::int64_t fitting = most_bytes / std::max<std::int64_t>(1, layout.row_bytes) / 64 * 64;
  return std::clamp<std::int64_t>(fitting, 64, most_rows);
}

}  // namespace ramet::data
