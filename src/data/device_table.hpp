// Columns of numbers in the memory of a device, or of the host, for a device to bin: what descriptions of
// device data (ramet/device_data.hpp) become.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ramet/device_data.hpp"

namespace ramet::data {

enum class NumberType : std::uint8_t {
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
};

constexpr std::int32_t bytes_of(NumberType type) {
  constexpr std::int32_t bytes[] = {4, 8, 1, 2, 4, 8, 1, 2, 4, 8};
  return bytes[static_cast<std::size_t>(type)];
}

// Row r's value is element r * stride of `values`. It is missing if it is NaN, or if bit
// validity_offset + r of `validity` (least significant bit of a byte first) is 0.
struct TableColumn {
  std::string name;  // may be empty
  NumberType type = NumberType::float32;
  const void* values = nullptr;
  std::int64_t stride = 1;                 // elements, >= 1
  const std::uint8_t* validity = nullptr;  // null: all valid
  std::int64_t validity_offset = 0;
};

struct DeviceTable {
  std::int64_t rows = 0;
  std::vector<TableColumn> columns;
  bool named = false;    // columns meet a reference's by name
  bool on_host = false;  // in ordinary memory of the host; then without validity
  int device = 0;        // bins the table; -1: whichever holds the first column
  // The work that produced the values: all that is on the stream (cudaStream_t; null: the legacy default
  // one), or what comes before the event (cudaEvent_t), if there is one.
  void* stream = nullptr;
  void* ready = nullptr;
};

// Each checks all that can be seen without a device and throws Error{invalid_data} naming the field at fault.
DeviceTable table_of(const DeviceMatrix& matrix);
DeviceTable table_of(const ArrowDeviceArray* array, const ArrowSchema* schema);

// Throws Error{invalid_data} unless `values` is a multiple of the type's size.
void check_aligned(std::string_view field, const void* values, NumberType type);

}  // namespace ramet::data
