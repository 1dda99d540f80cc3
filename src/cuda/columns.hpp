// A data set's columns on the device.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/memory.hpp"
#include "data/dataset_data.hpp"
#include "math/host_device.hpp"

namespace ramet::cuda {

// Of one device, so that a row's number and twice its number fit 32 bits.
inline constexpr std::int64_t most_rows = 0x7fffffff;

// Consecutive rows of a rank: those of one device.
struct RowSpan {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t size() const { return end - begin; }
};

// What kernels know of a stored column (index into Layout::columns).
struct DeviceColumn {
  const std::uint8_t* codes = nullptr;  // of the device's row 0, `width` bytes each, row after row
  std::int32_t width = 1;               // 1 or 2
  std::int32_t feature = 0;             // schema index
  std::int32_t value_bins = 0;          // codes 1 .. value_bins; 0 is missing
  std::uint8_t has_missing = 0;
  std::uint8_t categorical = 0;
};

// Reads code `row` of a column.
RAMET_HD inline std::uint32_t code_at(const std::uint8_t* codes, std::int32_t width, std::int64_t row) {
  return width == 1 ? codes[row] : reinterpret_cast<const std::uint16_t*>(codes)[row];
}

class DeviceColumns {
 public:
  // Uploads these rows of `data`; waits. Throws Error{unsupported} beyond most_rows. The columns have their
  // own memory.
  DeviceColumns(const data::DatasetData& data, RowSpan rows, cudaStream_t stream);

  std::int64_t rows() const { return rows_; }
  std::span<const DeviceColumn> columns() const { return columns_; }
  const DeviceColumn* device() const { return on_device_.data(); }

  static std::int64_t bytes(const data::Layout& layout, std::int64_t rows);

 private:
  std::int64_t rows_ = 0;
  std::vector<DeviceColumn> columns_;
  DeviceArray<std::uint8_t> codes_;
  DeviceArray<DeviceColumn> on_device_;
};

}  // namespace ramet::cuda
