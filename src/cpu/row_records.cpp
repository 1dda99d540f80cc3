#include "cpu/row_records.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ramet::cpu {
namespace {

constexpr std::int64_t chunk_rows = 8'192;
constexpr std::int64_t gradient_bytes = sizeof(std::uint32_t);
constexpr std::int64_t line_bytes = 64;
// Of a row with its gradient. Many shorter ones share a cache line as it is, so that storing the gradients
// takes what it saves, unless second-level caches hold few of them; beside longer ones a gradient elsewhere
// is a small part of what is read.
constexpr std::int64_t least_bytes = 20;
constexpr std::int64_t least_bytes_of_many = 10;
constexpr std::int64_t many_bytes = std::int64_t{4} << 20;
constexpr std::int64_t most_bytes = 2 * line_bytes;

std::int64_t rounded(std::int64_t bytes, std::int64_t to) { return (bytes + to - 1) / to * to; }

}  // namespace

void RowRecords::set_shape(std::int64_t codes, std::int64_t gradients) {
  const std::int64_t at = rounded(codes, gradient_bytes);
  const std::int64_t whole = at + gradient_bytes;
  row_bytes = codes;
  gradient_at = 0;
  const std::int64_t least = gradients * whole >= many_bytes ? least_bytes_of_many : least_bytes;
  if (gradients == 0 || whole < least || whole > most_bytes) return;
  row_bytes =
      whole <= 16 ? whole : static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(whole)));
  gradient_at = at;
}

data::Page& RowRecords::add_page(const data::Page& page) {
  data::Page& to = pages.emplace_back();
  to.first_row = page.first_row;
  to.rows = page.rows;
  to.packed = Buffer<std::uint8_t>(static_cast<std::size_t>(page.rows * row_bytes));
  return to;
}

void RowRecords::store(std::int32_t p, const RowSlice& rows, const std::uint32_t* gradients) {
  std::uint8_t* const first = pages[static_cast<std::size_t>(p)].packed.data() + gradient_at;
  const std::int64_t step = row_bytes;  // a local number, which no store can change
  for (std::int64_t i = 0; i < rows.count; ++i) {
    const std::int64_t row = rows.ids != nullptr ? rows.ids[i] : rows.first + i;
    std::memcpy(first + row * step, gradients + row, gradient_bytes);
  }
}

std::shared_ptr<RowRecords> make_row_records(const data::DatasetData& data, Tasks& tasks) {
  auto records = std::make_shared<RowRecords>();
  const std::int64_t codes = data.layout.row_bytes;
  records->set_shape(codes, data.rows);
  if (!records->with_gradients()) return nullptr;
  for (const data::Page& page : data.pages) {
    std::uint8_t* to = records->add_page(page).packed.data();
    tasks.for_ranges(page.rows, chunk_rows, [&](std::int64_t begin, std::int64_t end) {
      const std::uint8_t* from = page.packed.data();
      for (std::int64_t r = begin; r < end; ++r)
        std::memcpy(to + r * records->row_bytes, from + r * codes, static_cast<std::size_t>(codes));
    });
  }
  return records;
}

}  // namespace ramet::cpu
