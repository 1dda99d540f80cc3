#include "cpu/side_by_side.hpp"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/side_by_side.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ramet::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::int64_t block_rows = 64;
using Columns = std::span<const SideBySideCells::Column>;
using Values = std::int64_t[block_rows][lanes_side_by_side];

HWY_ATTR inline void add_cell(const std::int64_t* value, std::int64_t* cell) {
  const hn::CappedTag<std::int64_t, lanes_side_by_side> d;
  for (std::size_t lane = 0; lane < lanes_side_by_side; lane += hn::Lanes(d)) {
    hn::Store(hn::Add(hn::Load(d, cell + lane), hn::Load(d, value + lane)), d, cell + lane);
  }
}

HWY_ATTR inline void add_row(Columns bytes, Columns shorts, const std::uint8_t* row,
                             const std::int64_t* value, std::int64_t* cells) {
  for (const SideBySideCells::Column& c : bytes) {
    add_cell(value, cells + (c.base + row[c.byte_offset]) * static_cast<std::int64_t>(lanes_side_by_side));
  }
  for (const SideBySideCells::Column& c : shorts) {
    std::uint16_t code;
    std::memcpy(&code, row + c.byte_offset, sizeof code);
    add_cell(value, cells + (c.base + code) * static_cast<std::int64_t>(lanes_side_by_side));
  }
}

HWY_ATTR void add_rows_target(Columns columns, std::size_t byte_columns, std::int64_t row_bytes,
                              const RowSlice& rows, std::span<const std::uint32_t* const> gradients,
                              std::int64_t* cells) {
  const Columns bytes = columns.first(byte_columns);
  const Columns shorts = columns.subspan(byte_columns);
  const std::uint8_t* packed = rows.page->packed.data();
  alignas(64) Values values = {};
  for (std::int64_t* value = values[0]; value != values[0] + block_rows * lanes_side_by_side;
       value += lanes_side_by_side)
    value[most_side_by_side] = 1;
  for (std::int64_t begin = 0; begin < rows.count; begin += block_rows) {
    const std::int64_t count = std::min(block_rows, rows.count - begin);
    const auto row_at = [&](std::int64_t i) {
      return rows.ids != nullptr ? std::int64_t{rows.ids[begin + i]} : rows.first + begin + i;
    };
    for (std::size_t k = 0; k < gradients.size(); ++k) {
      for (std::int64_t i = 0; i < count; ++i) values[i][k] = packed_gradient(gradients[k][row_at(i)]);
    }
    for (std::int64_t i = 0; i < count; ++i)
      add_row(bytes, shorts, packed + row_at(i) * row_bytes, values[i], cells);
  }
}

}  // namespace ramet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ramet::cpu {
namespace {

constexpr std::int64_t lanes = lanes_side_by_side;
constexpr std::int64_t most_cells = 8'192;  // 512 KB

}  // namespace

HWY_EXPORT(add_rows_target);

bool SideBySideCells::fit(const HistogramLayout& layout, std::int32_t begin, std::int32_t end) {
  std::int64_t cells = 0;
  for (std::int32_t c = begin; c < end; ++c) cells += layout.columns[static_cast<std::size_t>(c)].cells;
  return cells <= most_cells;
}

void SideBySideCells::start(const HistogramLayout& layout, std::int32_t begin, std::int32_t end) {
  columns_.clear();
  byte_columns_ = static_cast<std::size_t>(std::clamp(layout.byte_columns, begin, end) - begin);
  std::int64_t cells = 0;
  for (std::int32_t c = begin; c < end; ++c) {
    const HistogramColumn& column = layout.columns[static_cast<std::size_t>(c)];
    columns_.push_back({&column, column.byte_offset, cells, cells - column.first_code()});
    cells += column.cells;
  }
  const auto needed = static_cast<std::size_t>(cells * lanes);
  if (cells_.size() < needed) cells_ = Buffer<std::int64_t>(needed);
  std::fill_n(cells_.data(), needed, 0);
}

void SideBySideCells::add(std::int64_t row_bytes, const RowSlice& rows,
                          std::span<const std::uint32_t* const> gradients) {
  HWY_DYNAMIC_DISPATCH(add_rows_target)(columns_, byte_columns_, row_bytes, rows, gradients, cells_.data());
}

void SideBySideCells::copy(int output, std::int64_t* cells) const {
  for (const Column& c : columns_) {
    const std::int64_t* from = cells_.data() + c.first_cell * lanes;
    std::int64_t* to = cells + c.column->first_cell;
    for (std::int32_t i = 0; i < c.column->cells; ++i, from += lanes, to += c.column->step()) {
      to[0] = from[output];
      if (c.column->counted) to[1] = from[most_side_by_side];
    }
  }
}

}  // namespace ramet::cpu
#endif
