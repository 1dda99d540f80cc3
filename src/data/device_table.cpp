#include "data/device_table.hpp"

#include <limits>

#include "base/error.hpp"

namespace ramet::data {
namespace {

void check_strides(const DeviceMatrix& matrix) {
  if (matrix.row_stride < 0)
    fail(ErrorCode::invalid_data, "row_stride = {}: must not be negative", matrix.row_stride);
  if (matrix.col_stride < 1)
    fail(ErrorCode::invalid_data, "col_stride = {}: must be at least 1", matrix.col_stride);
  if (matrix.row_stride == 0 && matrix.col_stride != 1) {
    fail(ErrorCode::invalid_data, "row_stride = 0 (row-major) needs col_stride = 1, not {}",
         matrix.col_stride);
  }
}

void check_shape(const DeviceMatrix& matrix) {
  if (matrix.rows < 0) fail(ErrorCode::invalid_data, "rows = {}: must not be negative", matrix.rows);
  if (matrix.cols < 1)
    fail(ErrorCode::invalid_data, "cols = {}: a data set needs at least one column", matrix.cols);
  if (matrix.cols > std::numeric_limits<std::int32_t>::max())
    fail(ErrorCode::invalid_data, "cols = {}: must be below 2^31", matrix.cols);
}

void check_extent(const DeviceMatrix& matrix, std::int64_t row_stride) {
  const __int128_t last = static_cast<__int128_t>(matrix.rows - 1) * row_stride +
                          static_cast<__int128_t>(matrix.cols - 1) * matrix.col_stride;
  if (last >= std::numeric_limits<std::int64_t>::max() / 8) {
    fail(ErrorCode::invalid_data, "rows = {} and cols = {} with strides {} and {} exceed the address space",
         matrix.rows, matrix.cols, row_stride, matrix.col_stride);
  }
}

NumberType number_type(DeviceMatrix::Type type) {
  switch (type) {
    case DeviceMatrix::Type::float32:
      return NumberType::float32;
    case DeviceMatrix::Type::float64:
      return NumberType::float64;
  }
  fail(ErrorCode::invalid_data, "type = {}: must be float32 or float64", static_cast<int>(type));
}

}  // namespace

void check_aligned(std::string_view field, const void* values, NumberType type) {
  const auto address = reinterpret_cast<std::uintptr_t>(values);
  const auto bytes = static_cast<std::uintptr_t>(bytes_of(type));
  if (address % bytes != 0)
    fail(ErrorCode::invalid_data, "{} = {:#x}: must be a multiple of the values' {} bytes", field, address,
         bytes);
}

DeviceTable table_of(const DeviceMatrix& matrix) {
  check_shape(matrix);
  const NumberType type = number_type(matrix.type);
  if (matrix.device < -1)
    fail(ErrorCode::invalid_data, "device = {}: must be the number of a CUDA device, or -1", matrix.device);
  if (matrix.on_host && matrix.device < 0)
    fail(ErrorCode::invalid_data, "device = -1: data on the host needs the number of a CUDA device");
  DeviceTable table{
      .rows = matrix.rows, .on_host = matrix.on_host, .device = matrix.device, .stream = matrix.stream};
  table.columns.resize(static_cast<std::size_t>(matrix.cols), TableColumn{.type = type});
  if (matrix.rows == 0) return table;
  if (matrix.data == nullptr) fail(ErrorCode::invalid_data, "data is null but rows = {}", matrix.rows);
  check_aligned("data", matrix.data, type);
  check_strides(matrix);
  const std::int64_t row_stride = matrix.row_stride != 0 ? matrix.row_stride : matrix.cols;
  check_extent(matrix, row_stride);
  for (std::int64_t c = 0; c < matrix.cols; ++c) {
    TableColumn& column = table.columns[c];
    column.values = static_cast<const std::byte*>(matrix.data) + c * matrix.col_stride * bytes_of(type);
    column.stride = row_stride;
  }
  return table;
}

}  // namespace ramet::data
