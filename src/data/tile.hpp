// A few consecutive rows of a batch as columns, whatever form the batch has: what one task bins at a time.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/buffer.hpp"
#include "base/error.hpp"
#include "data/source.hpp"

namespace ramet::data {

struct Tile {
  std::int64_t rows = 0;
  std::vector<ColumnChunk> columns;  // one per source column; row i of the tile is element i
  Buffer<float> dense;               // of sparse rows
};

// Rows [begin, begin + rows) of the batch, which must have been checked.
Tile make_tile(const Batch& batch, std::int64_t cols, std::int64_t begin, std::int64_t rows);

// Whether floats hold all of a column's values (numeric or boolean), as those of sparse rows.
bool is_float(const Batch& batch, std::int32_t column);

// Where the numbers of a column go.
using NumbersOut = std::variant<float*, double*>;

// out[k][i] = row rows[i] of column wanted[k] (numeric or boolean); NaN if missing. Floats: is_float.
void gather_numbers(const Batch& batch, std::int64_t cols, std::span<const std::int64_t> rows,
                    std::span<const std::int32_t> wanted, std::span<const NumbersOut> out);

// Rows a tile, such that the tile's input of `cols` columns fits the second-level cache.
std::int64_t tile_rows(std::int64_t cols);

// One value of a numeric or boolean column. Bytes are booleans: 0, 1, or 255 (missing).
inline double number_of(float value) { return static_cast<double>(value); }
inline double number_of(double value) { return value; }
inline double number_of(std::int64_t value) { return static_cast<double>(value); }
inline double number_of(std::int32_t value) { return static_cast<double>(value); }
inline double number_of(std::uint8_t value) {
  return value != 255 ? static_cast<double>(value) : std::numeric_limits<double>::quiet_NaN();
}

// One value of a column of dictionary codes; -1 is missing. Throws Error{internal} for other types.
inline std::int64_t category_code_of(std::int64_t value) { return value; }
inline std::int64_t category_code_of(std::int32_t value) { return value; }
template <class T>
[[noreturn]] std::int64_t category_code_of(T) {
  fail(ErrorCode::internal, "a source gives a categorical column values that are no codes");
}

}  // namespace ramet::data
