#include "data/binner.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/error.hpp"
#include "data/fingerprint.hpp"
#include "data/fingerprint_kernel.hpp"

namespace ramet::data {
namespace {

// What binning one column of a tile works with.
template <class Code>
struct Target {
  std::int64_t rows = 0;
  std::int64_t first_row = 0;  // of the rank, for messages
  const std::uint64_t* row_keys = nullptr;
  std::uint64_t column_key = 0;
  Code* codes = nullptr;

  std::uint64_t hash(std::int64_t i, std::uint64_t bits) const {
    return cell_hash(row_keys[i], column_key, bits);
  }
};

// The numbers of a tile as floats or doubles side by side: the chunk's own memory where it has that form.
template <class Value>
struct Contiguous {
  const Value* values = nullptr;
  std::vector<Value> copy;
};

template <class T>
auto make_contiguous(const Strided<T>& column, std::int64_t rows) {
  using Value = std::conditional_t<std::is_same_v<T, float>, float, double>;
  Contiguous<Value> result;
  if constexpr (std::is_same_v<T, Value>) {
    if (column.stride == 1) {
      result.values = column.base;
      return result;
    }
  }
  result.copy.resize(static_cast<std::size_t>(rows));
  for (std::int64_t i = 0; i < rows; ++i) {
    if constexpr (std::is_same_v<T, Value>) {
      result.copy[i] = column[i];
    } else {
      result.copy[i] = number_of(column[i]);
    }
  }
  result.values = result.copy.data();
  return result;
}

void check_booleans(const std::string& name, const Strided<std::uint8_t>& column, std::int64_t first_row,
                    std::int64_t rows) {
  for (std::int64_t i = 0; i < rows; ++i) {
    if (column[i] > 1 && column[i] != 255) {
      fail(ErrorCode::invalid_data, "column `{}`, row {}: boolean {} must be 0, 1 or 255 (missing)", name,
           first_row + i, column[i]);
    }
  }
}

// Each returns the tile's share of the fingerprint.
template <class T, class Code>
std::uint64_t bin_numbers(const FeatureInput& input, const BinLookup& lookup, const Strided<T>& column,
                          const Target<Code>& target) {
  if constexpr (std::is_same_v<T, std::uint8_t>)
    check_booleans(input.name, column, target.first_row, target.rows);
  const auto numbers = make_contiguous(column, target.rows);
  lookup.codes(numbers.values, target.rows, target.codes);
  return hash_numbers(numbers.values, target.row_keys, target.rows, target.column_key);
}

template <class T, class Code>
std::uint64_t bin_categories(const FeatureInput& input, const CategoryCodes& categories,
                             const Strided<T>& column, const Target<Code>& target) {
  std::uint64_t sum = 0;
  for (std::int64_t i = 0; i < target.rows; ++i) {
    CategoryCode category;
    if (input.reading == Reading::codes) {
      category = categories.of_code(category_code_of(column[i]), input.name, target.first_row + i);
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      category = categories.of_number(column[i]);
    } else {
      category = categories.of_number(number_of(column[i]));
    }
    target.codes[i] = static_cast<Code>(category.code);
    sum += target.hash(i, category.bits);
  }
  return sum;
}

bool has_missing_code(const std::uint8_t* codes, std::int64_t rows) {
  return std::memchr(codes, missing_code, static_cast<std::size_t>(rows)) != nullptr;
}

bool has_missing_code(const std::uint16_t* codes, std::int64_t rows) {
  return std::find(codes, codes + rows, missing_code) != codes + rows;
}

template <class Code>
void pack(const Code* codes, std::int64_t rows, std::int64_t row_bytes, std::uint8_t* packed) {
  for (std::int64_t i = 0; i < rows; ++i) std::memcpy(packed + i * row_bytes, codes + i, sizeof(Code));
}

}  // namespace

Binner::Binner(Source& source, const std::vector<FeatureInput>& features, DatasetData& data)
    : cols_(static_cast<std::int64_t>(source.columns().size())),
      data_(data),
      has_missing_(data.layout.columns.size()) {
  for (std::size_t f = 0; f < features.size(); ++f) {
    if (source.remote() != nullptr && features[f].reading == Reading::numbers) continue;
    Feature feature{.input = features[f],
                    .stored = data.layout.column_of_feature[f],
                    .column_key = fingerprint_column_key(static_cast<std::int64_t>(f)),
                    .lookup = BinLookup(data.bins->features[f].cuts)};
    if (features[f].reading != Reading::numbers) {
      feature.categories = std::make_unique<CategoryCodes>(data.schema->features[f].categories,
                                                           source.columns()[features[f].column].dictionary);
    }
    features_.push_back(std::move(feature));
  }
}

void Binner::add(const Batch& batch, std::int64_t first_row, Tasks& tasks) {
  const std::vector<Work> work = split(first_row, batch.rows);
  tasks.for_each(static_cast<std::int64_t>(work.size()), [&](std::int64_t i) { bin_tile(batch, work[i]); });
}

std::vector<Binner::Work> Binner::split(std::int64_t first_row, std::int64_t rows) const {
  check_internal(first_row + rows <= data_.rows,
                 "a source has more rows in its second scan than in its first");
  const std::int64_t step = tile_rows(cols_);
  std::vector<Work> all;
  for (std::int64_t row = first_row; row < first_row + rows;) {
    // All pages but the last are equally long.
    Page* page = &data_.pages[row / data_.pages.front().rows];
    const std::int64_t end = std::min({row + step, first_row + rows, page->first_row + page->rows});
    all.push_back({.batch_row = row - first_row,
                   .page = page,
                   .page_row = row - page->first_row,
                   .rows = end - row,
                   .rank_row = row});
    row = end;
  }
  return all;
}

void Binner::bin_tile(const Batch& batch, const Work& work) {
  const Tile tile = make_tile(batch, cols_, work.batch_row, work.rows);
  std::vector<std::uint64_t> row_keys(static_cast<std::size_t>(work.rows));
  for (std::int64_t i = 0; i < work.rows; ++i)
    row_keys[i] = fingerprint_row_key(data_.first_global_row + work.rank_row + i);
  std::uint64_t sum = 0;
  for (const Feature& feature : features_) {
    const ColumnChunk& chunk = tile.columns[feature.input.column];
    const bool wide = feature.stored >= 0 && data_.layout.columns[feature.stored].width == 2;
    sum += wide ? bin_feature<std::uint16_t>(feature, chunk, work, row_keys)
                : bin_feature<std::uint8_t>(feature, chunk, work, row_keys);
  }
  fingerprint_.fetch_add(sum, std::memory_order_relaxed);
}

template <class Code>
std::uint64_t Binner::bin_feature(const Feature& feature, const ColumnChunk& chunk, const Work& work,
                                  const std::vector<std::uint64_t>& row_keys) {
  const StoredColumn* stored = feature.stored >= 0 ? &data_.layout.columns[feature.stored] : nullptr;
  Page& page = *work.page;
  std::vector<Code> unused;
  Code* codes = nullptr;
  if (stored != nullptr) {
    codes = reinterpret_cast<Code*>(page.columns.data() + stored->byte_offset * page.rows) + work.page_row;
  } else {
    unused.resize(static_cast<std::size_t>(work.rows));
    codes = unused.data();
  }
  const Target<Code> target{.rows = work.rows,
                            .first_row = work.rank_row,
                            .row_keys = row_keys.data(),
                            .column_key = feature.column_key,
                            .codes = codes};
  const std::uint64_t sum = std::visit(
      [&](const auto& column) {
        return feature.categories != nullptr
                   ? bin_categories(feature.input, *feature.categories, column, target)
                   : bin_numbers(feature.input, feature.lookup, column, target);
      },
      chunk);
  if (stored != nullptr) {
    pack(codes, work.rows, data_.layout.row_bytes,
         page.packed.data() + work.page_row * data_.layout.row_bytes + stored->byte_offset);
    if (has_missing_code(codes, work.rows)) has_missing_[feature.stored].store(1, std::memory_order_relaxed);
  }
  return sum;
}

std::vector<std::int64_t> Binner::has_missing() const {
  std::vector<std::int64_t> flags;
  for (const auto& flag : has_missing_) flags.push_back(flag.load(std::memory_order_relaxed));
  return flags;
}

}  // namespace ramet::data
