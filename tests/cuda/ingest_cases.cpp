#include "cuda/ingest_cases.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>

#include "cuda/check.hpp"
#include "cuda/ingest.hpp"
#include "data/codes.hpp"

namespace ramet::cuda::test {
namespace {

struct Strides {
  std::int64_t row = 0;
  std::int64_t col = 0;
};

Strides strides_of(const Matrix& x, Form form) {
  switch (form) {
    case Form::rows:
      return {x.cols, 1};
    case Form::columns:
      return {1, x.rows};
    case Form::spread:
      return {x.cols * 3 + 5, 3};
  }
  return {};
}

bool same_page(const data::DatasetData& a, const data::Page& x, const data::Page& y) {
  if (x.first_row != y.first_row || x.rows != y.rows) return false;
  for (const data::StoredColumn& column : a.layout.columns) {
    const std::int64_t at = column.byte_offset * x.rows;
    if (std::memcmp(x.columns.data() + at, y.columns.data() + at,
                    static_cast<std::size_t>(x.rows * column.width)) != 0)
      return false;
    for (std::int64_t r = 0; r < x.rows; ++r) {
      const std::int64_t place = r * a.layout.row_bytes + column.byte_offset;
      if (std::memcmp(x.packed.data() + place, y.packed.data() + place,
                      static_cast<std::size_t>(column.width)) != 0)
        return false;
    }
  }
  return true;
}

}  // namespace

template <class T>
Upload upload(const Matrix& x, Form form, bool on_host) {
  const Strides strides = strides_of(x, form);
  const std::int64_t size = (x.rows - 1) * strides.row + (x.cols - 1) * strides.col + 1;
  std::vector<T> values(static_cast<std::size_t>(size), std::numeric_limits<T>::signaling_NaN());
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t c = 0; c < x.cols; ++c)
      values[r * strides.row + c * strides.col] = static_cast<T>(x.at(r, c));
  }
  const auto bytes = std::as_bytes(std::span(values));
  Upload result{.host = {bytes.begin(), bytes.end()}};
  if (!on_host) {
    result.memory = DeviceArray<std::byte>(bytes.size());
    copy(result.memory.data(), static_cast<const std::byte*>(result.host.data()), bytes.size(), nullptr);
    check(cudaStreamSynchronize(nullptr), "uploading");
  }
  result.matrix = {
      .data = on_host ? result.host.data() : result.memory.data(),
      .type = sizeof(T) == sizeof(float) ? DeviceMatrix::Type::float32 : DeviceMatrix::Type::float64,
      .rows = x.rows,
      .cols = x.cols,
      .row_stride = strides.row,
      .col_stride = strides.col,
      .on_host = on_host};
  return result;
}
template Upload upload<float>(const Matrix&, Form, bool);
template Upload upload<double>(const Matrix&, Form, bool);

Dataset bin_on_device(const DeviceMatrix& matrix, const DatasetOptions& options,
                      std::optional<IngestLimits> limits) {
  return Dataset::from_source(
      [&] { return std::shared_ptr<data::Source>(open_table(data::table_of(matrix), limits)); }, options);
}

Dataset bin_on_host(const Matrix& x, const DatasetOptions& options) {
  return Dataset::from_dense(x.values.data(), x.rows, static_cast<int>(x.cols), options);
}

void expect_same_bytes(const Dataset& expected, const Dataset& found) {
  const data::DatasetData& a = expected.data();
  const data::DatasetData& b = found.data();
  ASSERT_TRUE(ramet::test::same_bins(expected, found));
  EXPECT_EQ(a.fingerprint, b.fingerprint);
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.first_global_row, b.first_global_row);
  EXPECT_EQ(a.total_rows, b.total_rows);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.weights, b.weights);
  ASSERT_EQ(a.pages.size(), b.pages.size());
  for (std::size_t p = 0; p < a.pages.size(); ++p)
    EXPECT_TRUE(same_page(a, a.pages[p], b.pages[p])) << "page " << p;
}

void expect_as_on_host(const Matrix& x, const DatasetOptions& options, std::optional<IngestLimits> limits) {
  const Dataset expected = bin_on_host(x, options);
  for (const bool on_host : {false, true}) {
    for (const Form form : all_forms) {
      SCOPED_TRACE(testing::Message() << (on_host ? "host" : "device") << " form " << static_cast<int>(form));
      expect_same_bytes(expected, bin_on_device(upload<float>(x, form, on_host).matrix, options, limits));
      expect_same_bytes(expected, bin_on_device(upload<double>(x, form, on_host).matrix, options, limits));
    }
  }
}

}  // namespace ramet::cuda::test
