#include "data/memory_sources.hpp"

#include <limits>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"

namespace ramet::data {
namespace {

// One batch of everything.
class MemorySource final : public Source {
 public:
  MemorySource(std::vector<SourceColumn> columns, Batch batch, bool named)
      : columns_(std::move(columns)), batch_(std::move(batch)), named_(named) {}

  std::span<const SourceColumn> columns() const override { return columns_; }
  std::int64_t rows() const override { return batch_.rows; }
  bool named() const override { return named_; }
  bool in_memory() const override { return true; }
  void scan(const std::function<void(const Batch&)>& visit) override {
    if (batch_.rows > 0) visit(batch_);
  }

  std::vector<SourceColumn> columns_;
  Batch batch_;
  bool named_ = false;
  std::vector<std::vector<std::int32_t>> codes_;  // of text columns
};

std::vector<SourceColumn> unnamed_columns(std::int64_t count) {
  if (count < 1) fail(ErrorCode::invalid_data, "cols = {}: a data set needs at least one column", count);
  return std::vector<SourceColumn>(static_cast<std::size_t>(count));
}

// Whether (rows - 1) * row_stride + (cols - 1) * col_stride is a valid offset of elements of 8 bytes.
bool fits(std::int64_t rows, std::int64_t row_stride, std::int64_t cols, std::int64_t col_stride) {
  const __int128_t last =
      static_cast<__int128_t>(rows - 1) * row_stride + static_cast<__int128_t>(cols - 1) * col_stride;
  return last < std::numeric_limits<std::int64_t>::max() / 8;
}

// Strings as codes in the order of their first occurrence; "" is missing.
std::vector<std::int32_t> encode(std::span<const std::string> values, std::vector<std::string>& dictionary) {
  std::unordered_map<std::string_view, std::int32_t> codes{{std::string_view{}, -1}};
  std::vector<std::int32_t> result;
  result.reserve(values.size());
  for (const std::string& value : values) {
    const auto [found, is_new] = codes.try_emplace(value, static_cast<std::int32_t>(dictionary.size()));
    if (is_new) dictionary.push_back(value);
    result.push_back(found->second);
  }
  return result;
}

template <class T>
ColumnChunk chunk_of(std::span<const T> values) {
  return Strided<T>{values.data(), 1};
}

ColumnType type_of(const Column::Values& values) {
  if (std::holds_alternative<std::span<const std::uint8_t>>(values)) return ColumnType::boolean;
  const bool codes = std::holds_alternative<std::span<const std::int32_t>>(values);
  const bool text = std::holds_alternative<std::span<const std::string>>(values);
  return codes || text ? ColumnType::categorical : ColumnType::numeric;
}

std::int64_t size_of(const Column::Values& values) {
  return std::visit([](const auto& span) { return static_cast<std::int64_t>(span.size()); }, values);
}

}  // namespace

template <class T>
std::unique_ptr<Source> make_dense_source(const T* x, std::int64_t rows, int cols, std::int64_t row_stride,
                                          std::int64_t col_stride) {
  if (rows < 0) fail(ErrorCode::invalid_data, "rows = {}: must not be negative", rows);
  std::vector<SourceColumn> columns = unnamed_columns(cols);
  Batch batch{.rows = rows};
  if (rows > 0) {
    if (x == nullptr) fail(ErrorCode::invalid_data, "x is null but rows = {}", rows);
    if (row_stride == 0 && col_stride != 1)
      fail(ErrorCode::invalid_data, "row_stride = 0 (row-major) needs col_stride = 1, not {}", col_stride);
    if (row_stride == 0) row_stride = cols;
    if (row_stride < 0) fail(ErrorCode::invalid_data, "row_stride = {}: must not be negative", row_stride);
    if (col_stride < 1) fail(ErrorCode::invalid_data, "col_stride = {}: must be at least 1", col_stride);
    if (!fits(rows, row_stride, cols, col_stride)) {
      fail(ErrorCode::invalid_data, "rows = {} and cols = {} with strides {} and {} exceed the address space",
           rows, cols, row_stride, col_stride);
    }
    for (int c = 0; c < cols; ++c) batch.columns.emplace_back(Strided<T>{x + c * col_stride, row_stride});
  }
  return std::make_unique<MemorySource>(std::move(columns), std::move(batch), false);
}
template std::unique_ptr<Source> make_dense_source(const float*, std::int64_t, int, std::int64_t,
                                                   std::int64_t);
template std::unique_ptr<Source> make_dense_source(const double*, std::int64_t, int, std::int64_t,
                                                   std::int64_t);

std::unique_ptr<Source> make_columns_source(std::span<const Column> columns, Tasks& tasks) {
  auto source = std::make_unique<MemorySource>(unnamed_columns(static_cast<std::int64_t>(columns.size())),
                                               Batch{}, true);
  source->codes_.resize(columns.size());
  source->batch_.columns.resize(columns.size());
  source->batch_.rows = size_of(columns.front().values);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const Column& column = columns[c];
    if (size_of(column.values) != source->batch_.rows) {
      fail(ErrorCode::invalid_data, "column `{}` has {} rows but column `{}` has {}", column.name,
           size_of(column.values), columns.front().name, source->batch_.rows);
    }
    if (!column.dictionary.empty() && !std::holds_alternative<std::span<const std::int32_t>>(column.values))
      fail(ErrorCode::invalid_data, "column `{}` has a dictionary, which goes with int32 codes only",
           column.name);
    source->columns_[c] = {
        .name = column.name, .type = type_of(column.values), .dictionary = column.dictionary};
  }
  tasks.for_each(static_cast<std::int64_t>(columns.size()), [&](std::int64_t c) {
    const Column::Values& values = columns[c].values;
    std::visit(
        [&](const auto& span) {
          if constexpr (std::is_same_v<decltype(span), const std::span<const std::string>&>) {
            source->codes_[c] = encode(span, source->columns_[c].dictionary);
            source->batch_.columns[c] = chunk_of<std::int32_t>(source->codes_[c]);
          } else {
            source->batch_.columns[c] = chunk_of(span);
          }
        },
        values);
  });
  return source;
}

std::unique_ptr<Source> make_csr_source(const CsrView& csr) {
  std::vector<SourceColumn> columns = unnamed_columns(csr.cols);
  if (csr.row_offsets.empty())
    fail(ErrorCode::invalid_data, "row_offsets is empty: it must have one entry more than there are rows");
  if (csr.columns.size() != csr.values.size()) {
    fail(ErrorCode::invalid_data, "columns has {} entries but values has {}: they must be equally many",
         csr.columns.size(), csr.values.size());
  }
  if (csr.row_offsets.front() != 0 ||
      csr.row_offsets.back() != static_cast<std::int64_t>(csr.values.size())) {
    fail(ErrorCode::invalid_data, "row_offsets goes from {} to {}: it must go from 0 to the {} values",
         csr.row_offsets.front(), csr.row_offsets.back(), csr.values.size());
  }
  Batch batch{.rows = static_cast<std::int64_t>(csr.row_offsets.size()) - 1,
              .csr = CsrChunk{.row_offsets = csr.row_offsets,
                              .columns = csr.columns.data(),
                              .values = csr.values.data(),
                              .absent_is_missing = csr.absent_is_missing}};
  return std::make_unique<MemorySource>(std::move(columns), std::move(batch), false);
}

}  // namespace ramet::data
