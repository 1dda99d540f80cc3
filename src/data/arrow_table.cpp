// Arrow record batches on a device as tables.
#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "data/arrow_abi.hpp"
#include "data/device_table.hpp"

namespace ramet::data {
namespace {

// Device types, the numbers of DLPack.
constexpr std::int32_t cuda = 2;
constexpr std::int32_t cuda_host = 3;
constexpr std::int32_t cuda_managed = 13;

struct Format {
  std::string_view text;
  NumberType type;
};
constexpr std::array formats{Format{"f", NumberType::float32}, Format{"g", NumberType::float64},
                             Format{"c", NumberType::int8},    Format{"s", NumberType::int16},
                             Format{"i", NumberType::int32},   Format{"l", NumberType::int64},
                             Format{"C", NumberType::uint8},   Format{"S", NumberType::uint16},
                             Format{"I", NumberType::uint32},  Format{"L", NumberType::uint64}};

std::string_view text_or_empty(const char* text) { return text != nullptr ? text : ""; }

NumberType type_of(const ArrowSchema& schema, const std::string& name) {
  if (schema.dictionary != nullptr) {
    fail(ErrorCode::invalid_data,
         "column `{}` is dictionary-encoded: copy it to the host and use Dataset::from_columns", name);
  }
  const std::string_view format = text_or_empty(schema.format);
  const auto* found = std::find_if(formats.begin(), formats.end(),
                                   [&](const Format& candidate) { return candidate.text == format; });
  if (found == formats.end()) {
    fail(ErrorCode::invalid_data,
         "column `{}` has format `{}`: must be float (f, g) or an integer (c, s, i, l, C, S, I, L)", name,
         format);
  }
  return found->type;
}

// How the column is called in messages.
std::string name_of(const ArrowSchema& schema, std::int64_t position) {
  const std::string_view name = text_or_empty(schema.name);
  return name.empty() ? fmt::format("f{}", position) : std::string(name);
}

void check_range(const ArrowArray& array, std::string_view name) {
  if (array.length < 0) fail(ErrorCode::invalid_data, "{}: length = {} is negative", name, array.length);
  if (array.offset < 0) fail(ErrorCode::invalid_data, "{}: offset = {} is negative", name, array.offset);
  if (array.null_count < -1)
    fail(ErrorCode::invalid_data, "{}: null_count = {} is below -1", name, array.null_count);
  if (array.offset > std::numeric_limits<std::int64_t>::max() / 16 - array.length)
    fail(ErrorCode::invalid_data, "{}: offset = {} and length = {} exceed the address space", name,
         array.offset, array.length);
}

// `first`: the batch's first row in its columns.
TableColumn column_of(const ArrowSchema& schema, const ArrowArray& array, std::int64_t position,
                      std::int64_t first, std::int64_t rows) {
  const std::string name = name_of(schema, position);
  const std::string where = fmt::format("column `{}`", name);
  TableColumn column{.name = name, .type = type_of(schema, name)};
  check_range(array, where);
  if (array.length < first + rows) {
    fail(ErrorCode::invalid_data, "{}: length = {}, but rows {} to {} are needed", where, array.length, first,
         first + rows);
  }
  if (array.n_buffers != 2)
    fail(ErrorCode::invalid_data, "{}: n_buffers = {}: must be 2", where, array.n_buffers);
  if (rows == 0) return column;
  if (array.buffers == nullptr || array.buffers[1] == nullptr)
    fail(ErrorCode::invalid_data, "{}: its buffer of values is null", where);
  if (array.buffers[0] == nullptr && array.null_count > 0)
    fail(ErrorCode::invalid_data, "{}: null_count = {}, but its validity bitmap is null", where,
         array.null_count);
  const std::int64_t offset = array.offset + first;
  check_aligned(where, array.buffers[1], column.type);
  column.values = static_cast<const std::byte*>(array.buffers[1]) + offset * bytes_of(column.type);
  if (array.buffers[0] != nullptr && array.null_count != 0) {
    column.validity = static_cast<const std::uint8_t*>(array.buffers[0]);
    column.validity_offset = offset;
  }
  return column;
}

void check_batch(const ArrowArray& batch, const ArrowSchema& schema) {
  if (text_or_empty(schema.format) != "+s") {
    fail(ErrorCode::invalid_data, "schema: format `{}`: must be a record batch (`+s`)",
         text_or_empty(schema.format));
  }
  if (batch.release == nullptr) fail(ErrorCode::invalid_data, "array: it was released");
  check_range(batch, "array");
  if (batch.n_children < 1)
    fail(ErrorCode::invalid_data, "array: n_children = {}: a data set needs at least one column",
         batch.n_children);
  if (batch.n_children != schema.n_children) {
    fail(ErrorCode::invalid_data, "array: n_children = {}, but the schema has {}", batch.n_children,
         schema.n_children);
  }
  if (batch.n_children > std::numeric_limits<std::int32_t>::max())
    fail(ErrorCode::invalid_data, "array: n_children = {}: must be below 2^31", batch.n_children);
  const bool bitmap = batch.n_buffers > 0 && batch.buffers != nullptr && batch.buffers[0] != nullptr;
  if (bitmap && batch.null_count != 0)
    fail(ErrorCode::invalid_data, "array: null_count = {}: rows of a record batch must not be null",
         batch.null_count);
}

}  // namespace

DeviceTable table_of(const ArrowDeviceArray* array, const ArrowSchema* schema) {
  if (array == nullptr) fail(ErrorCode::invalid_data, "array is null");
  if (schema == nullptr) fail(ErrorCode::invalid_data, "schema is null");
  const std::int32_t kind = array->device_type;
  if (kind != cuda && kind != cuda_host && kind != cuda_managed) {
    fail(ErrorCode::invalid_data, "array: device_type = {}: must be 2, 3 or 13 (CUDA){}", kind,
         kind == 1 ? "; for host memory use Dataset::from_columns" : "");
  }
  // Page-locked and managed memory may come without a device.
  const std::int64_t least = kind == cuda ? 0 : -1;
  if (array->device_id < least || array->device_id > std::numeric_limits<std::int32_t>::max())
    fail(ErrorCode::invalid_data, "array: device_id = {}: must be the number of a CUDA device",
         array->device_id);
  const ArrowArray& batch = array->array;
  check_batch(batch, *schema);
  DeviceTable table{.rows = batch.length, .named = true, .device = static_cast<int>(array->device_id)};
  if (array->sync_event != nullptr) table.ready = *static_cast<void**>(array->sync_event);
  for (std::int64_t c = 0; c < batch.n_children; ++c) {
    if (batch.children == nullptr || batch.children[c] == nullptr || schema->children == nullptr ||
        schema->children[c] == nullptr) {
      fail(ErrorCode::invalid_data, "array: child {} is null", c);
    }
    table.columns.push_back(
        column_of(*schema->children[c], *batch.children[c], c, batch.offset, batch.length));
  }
  return table;
}

}  // namespace ramet::data
