#include "histogram_case.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/tasks.hpp"

namespace ramet::cpu {
namespace {

std::vector<std::int32_t> every_column(const data::Layout& layout) {
  std::vector<std::int32_t> columns;
  for (std::size_t c = 0; c < layout.columns.size(); ++c) columns.push_back(static_cast<std::int32_t>(c));
  return columns;
}

}  // namespace

HistogramCase::HistogramCase(const std::vector<test::ColumnSpec>& specs, std::int64_t count,
                             std::int64_t page_rows, double fraction, int bits, bool counted)
    : data(test::random_dataset(specs, count, page_rows, 7)),
      layout(make_histogram_layout(data.layout, every_column(data.layout),
                                   std::vector<bool>(data.layout.columns.size(), counted))) {
  std::mt19937 random(3);
  const auto size = static_cast<std::size_t>(count);
  gradients.scale.bits = bits;
  gradients.narrow = Buffer<std::uint32_t>(bits <= 16 ? size : 0);
  gradients.wide = Buffer<WideGradient>(bits > 16 ? size : 0);
  for (std::size_t i = 0; i < size; ++i) {
    // The extremes often, so that anything that can overflow does.
    const std::int32_t limit = bits <= 16 ? 32'767 : 2'147'483'647;
    const auto g = random() % 2 == 0 ? -limit : static_cast<std::int32_t>(random() % 65'536) - 32'768 / 2;
    const auto h = random() % 2 == 0 ? (bits <= 16 ? 65'535u : 0xffff'ffffu) : random() % 65'536;
    if (bits <= 16) gradients.narrow[i] = narrow_gradient(std::max(g, -32'767), static_cast<std::int32_t>(h));
    if (bits > 16) gradients.wide[i] = {g, static_cast<std::uint32_t>(h)};
  }
  Tasks tasks(2);
  sample = sample_rows(data, {fraction, 99}, tasks);
  rows.start(data, sample);
}

std::vector<WideCell> HistogramCase::naive(const OutputGradients& of, const std::vector<Segment>& segments,
                                           Side side) const {
  std::vector<WideCell> cells(static_cast<std::size_t>(layout.total_cells));
  for (std::size_t p = 0; p < segments.size(); ++p) {
    const RowSlice slice = rows.slice(static_cast<std::int32_t>(p), segments[p], side);
    for (std::int64_t i = 0; i < slice.count; ++i) {
      const std::int64_t r = slice.ids != nullptr ? slice.ids[i] : slice.first + i;
      const auto at = static_cast<std::size_t>(slice.page->first_row + r);
      const bool narrow = of.scale.bits <= 16;
      for (const HistogramColumn& column : layout.columns) {
        const auto code = static_cast<std::int32_t>(
            test::code_at(*slice.page, data.layout.columns[static_cast<std::size_t>(column.column)], r));
        WideCell& cell = cells[static_cast<std::size_t>(column.cell(code))];
        cell.g += narrow ? narrow_g(of.narrow[at]) : of.wide[at].g;
        cell.h += narrow ? narrow_h(of.narrow[at]) : of.wide[at].h;
        if (column.counted) ++cells[static_cast<std::size_t>(column.cell(code)) + 1].h;
      }
    }
  }
  return cells;
}

void expect_equal(const Histogram& histogram, const std::vector<WideCell>& naive) {
  for (std::size_t c = 0; c < naive.size(); ++c) {
    const std::int64_t g = histogram.wide ? histogram.wide_cells()[c].g : packed_g(histogram.packed()[c]);
    const std::int64_t h = histogram.wide ? histogram.wide_cells()[c].h : packed_h(histogram.packed()[c]);
    ASSERT_EQ(g, naive[c].g) << "cell " << c;
    ASSERT_EQ(h, naive[c].h) << "cell " << c;
  }
}

}  // namespace ramet::cpu
