#include "cpu/list_writer.hpp"

#include <algorithm>
#include <bit>

#include "cpu/differing_bytes.hpp"

namespace ramet::cpu {
namespace {

constexpr std::int64_t rounded_up(std::int64_t cells, std::int64_t multiple) {
  return (cells + multiple - 1) / multiple * multiple;
}

}  // namespace

ListWriter::ListWriter(const data::DatasetData& data, const HistogramLayout& layout, const SparseRows& sparse)
    : spare_(static_cast<std::uint32_t>(layout.total_cells)) {
  const auto bytes = static_cast<std::size_t>(data.layout.byte_columns);
  frequent_codes_.resize(bytes);
  columns_.resize(bytes);
  counted_.resize((bytes + 63) / 64);
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    const HistogramColumn& column = layout.columns[c];
    const data::StoredColumn& stored = data.layout.columns[static_cast<std::size_t>(column.column)];
    if (stored.width == 2) {
      wide_[column.counted ? 1 : 0].push_back({stored.byte_offset, &column, sparse.frequent_cells[c]});
      continue;
    }
    const auto at = static_cast<std::size_t>(stored.byte_offset);
    columns_[at] = &column;
    frequent_codes_[at] = static_cast<std::uint8_t>(column.code(sparse.frequent_cells[c]));
    if (column.counted) counted_[at / 64] |= std::uint64_t{1} << (at % 64);
  }
}

std::int64_t ListWriter::WideColumn::cell(const std::uint8_t* row) const {
  std::uint16_t code;
  __builtin_memcpy(&code, row + byte_offset, sizeof code);
  return cells->cell(code);
}

void ListWriter::find_listed(const std::uint8_t* row, Listed& listed) const {
  listed.resize(counted_.size());
  differing_bytes(row, frequent_codes_.data(), static_cast<std::int64_t>(frequent_codes_.size()),
                  listed.data());
}

std::int64_t ListWriter::size(const std::uint8_t* row, Listed& listed) const {
  find_listed(row, listed);
  std::int64_t sizes[2] = {};
  for (std::size_t w = 0; w < listed.size(); ++w) {
    sizes[0] += std::popcount(listed[w] & ~counted_[w]);
    sizes[1] += std::popcount(listed[w] & counted_[w]);
  }
  for (int counted = 0; counted < 2; ++counted) {
    sizes[counted] += std::count_if(wide_[counted].begin(), wide_[counted].end(),
                                    [&](const WideColumn& c) { return c.cell(row) != c.frequent_cell; });
  }
  return rounded_up(sizes[0], SparseRow::plain_at_once) + rounded_up(sizes[1], SparseRow::counted_at_once);
}

std::uint32_t ListWriter::write(const std::uint8_t* row, std::uint32_t at, SparseRow& of_row,
                                std::uint32_t* cells, Listed& listed) const {
  find_listed(row, listed);
  const auto list = [&](bool counted) {
    for (std::size_t w = 0; w < listed.size(); ++w) {
      for (std::uint64_t bits = listed[w] & (counted ? counted_[w] : ~counted_[w]); bits != 0;
           bits &= bits - 1) {
        const std::size_t byte = w * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        cells[at++] = static_cast<std::uint32_t>(columns_[byte]->cell(row[byte]));
      }
    }
    for (const WideColumn& c : wide_[counted ? 1 : 0]) {
      const std::int64_t cell = c.cell(row);
      if (cell != c.frequent_cell) cells[at++] = static_cast<std::uint32_t>(cell);
    }
  };
  of_row.begin = at;
  list(false);
  for (std::uint32_t spare = spare_; (at - of_row.begin) % SparseRow::plain_at_once != 0;)
    cells[at++] = spare++;
  of_row.counted = at;
  list(true);
  if ((at - of_row.counted) % SparseRow::counted_at_once != 0)
    cells[at++] = spare_ + SparseRow::plain_at_once;
  return at;
}

}  // namespace ramet::cpu
