#include "data/tile.hpp"

#include <algorithm>

#include "data/csr.hpp"

namespace ramet::data {

Tile make_tile(const Batch& batch, std::int64_t cols, std::int64_t begin, std::int64_t rows) {
  Tile tile{.rows = rows};
  if (batch.csr) {
    tile.dense = Buffer<float>(static_cast<std::size_t>(cols * rows));
    densify(
        *batch.csr, cols, rows, [&](std::int64_t i) { return begin + i; }, tile.dense.data());
    for (std::int64_t c = 0; c < cols; ++c)
      tile.columns.emplace_back(Strided<float>{tile.dense.data() + c * rows, 1});
    return tile;
  }
  tile.columns = batch.columns;
  for (ColumnChunk& chunk : tile.columns)
    std::visit([&](auto& column) { column.base += begin * column.stride; }, chunk);
  return tile;
}

bool is_float(const Batch& batch, std::int32_t column) {
  if (batch.csr) return true;
  const ColumnChunk& chunk = batch.columns[static_cast<std::size_t>(column)];
  return std::holds_alternative<Strided<float>>(chunk) ||
         std::holds_alternative<Strided<std::uint8_t>>(chunk);
}

void gather_numbers(const Batch& batch, std::int64_t cols, std::span<const std::int64_t> rows,
                    std::span<const std::int32_t> wanted, std::span<const NumbersOut> out) {
  const auto count = static_cast<std::int64_t>(rows.size());
  if (batch.csr) {
    Buffer<float> dense(static_cast<std::size_t>(cols * count));
    densify(
        *batch.csr, cols, count, [&](std::int64_t i) { return rows[i]; }, dense.data());
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      const float* column = dense.data() + wanted[k] * count;
      std::visit([&](auto* numbers) { std::copy(column, column + count, numbers); }, out[k]);
    }
    return;
  }
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    std::visit(
        [&]<class Number>(const auto& column, Number* numbers) {
          for (std::int64_t i = 0; i < count; ++i)
            numbers[i] = static_cast<Number>(number_of(column[rows[i]]));
        },
        batch.columns[wanted[k]], out[k]);
  }
}

std::int64_t tile_rows(std::int64_t cols) {
  constexpr std::int64_t values = std::int64_t{1} << 16;
  return std::clamp<std::int64_t>(values / cols / 64 * 64, 64, 4096);
}

}  // namespace ramet::data
