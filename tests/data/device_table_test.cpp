// Descriptions of device data (plain, DLPack, CUDA Array Interface, Arrow) as tables, and what is refused. No
// device is needed: addresses are only computed with.
#include "data/device_table.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <limits>
#include <string>
#include <string_view>

#include "data/arrow_abi.hpp"
#include "data/dlpack_abi.hpp"
#include "ramet/error.hpp"

namespace ramet::data {
namespace {

const void* address(std::uintptr_t value) { return reinterpret_cast<const void*>(value); }

void expect_error(const std::function<void()>& run, std::string_view text) {
  try {
    run();
    ADD_FAILURE() << "no error; expected: " << text;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::invalid_data);
    EXPECT_NE(std::string_view(e.what()).find(text), std::string_view::npos) << e.what();
  }
}

const DeviceMatrix good{.data = address(0x1000), .rows = 10, .cols = 3};

void expect_matrix_error(const std::function<void(DeviceMatrix&)>& spoil, std::string_view text) {
  DeviceMatrix matrix = good;
  spoil(matrix);
  expect_error([&] { table_of(matrix); }, text);
}

TEST(DeviceTable, Matrices) {
  const DeviceTable table = table_of(good);
  ASSERT_EQ(table.columns.size(), 3u);
  EXPECT_EQ(table.rows, 10);
  EXPECT_FALSE(table.named);
  EXPECT_EQ(table.columns[2].values, address(0x1008));
  EXPECT_EQ(table.columns[2].stride, 3);
  EXPECT_EQ(table.columns[2].type, NumberType::float32);

  DeviceMatrix columns = good;
  columns.type = DeviceMatrix::Type::float64;
  columns.row_stride = 1;
  columns.col_stride = 10;
  columns.device = -1;
  columns.stream = &columns;
  const DeviceTable by_column = table_of(columns);
  EXPECT_EQ(by_column.columns[2].values, address(0x1000 + 2 * 10 * 8));
  EXPECT_EQ(by_column.columns[2].stride, 1);
  EXPECT_EQ(by_column.columns[2].type, NumberType::float64);
  EXPECT_EQ(by_column.device, -1);
  EXPECT_EQ(by_column.stream, &columns);

  EXPECT_EQ(table_of(DeviceMatrix{.rows = 0, .cols = 2}).columns.size(), 2u);
}

TEST(DeviceTable, MatrixErrors) {
  expect_matrix_error([](DeviceMatrix& m) { m.rows = -1; }, "rows = -1: must not be negative");
  expect_matrix_error([](DeviceMatrix& m) { m.cols = 0; }, "cols = 0: a data set needs at least one column");
  expect_matrix_error([](DeviceMatrix& m) { m.cols = std::int64_t{1} << 31; }, "must be below 2^31");
  expect_matrix_error([](DeviceMatrix& m) { m.data = nullptr; }, "data is null but rows = 10");
  expect_matrix_error([](DeviceMatrix& m) { m.data = address(0x1002); },
                      "data = 0x1002: must be a multiple of the values' 4 bytes");
  expect_matrix_error(
      [](DeviceMatrix& m) {
        m.data = address(0x1004);
        m.type = DeviceMatrix::Type::float64;
      },
      "data = 0x1004: must be a multiple of the values' 8 bytes");
  expect_matrix_error([](DeviceMatrix& m) { m.row_stride = -3; }, "row_stride = -3: must not be negative");
  expect_matrix_error([](DeviceMatrix& m) { m.col_stride = 0; }, "col_stride = 0: must be at least 1");
  expect_matrix_error([](DeviceMatrix& m) { m.col_stride = 2; }, "needs col_stride = 1, not 2");
  expect_matrix_error([](DeviceMatrix& m) { m.row_stride = std::numeric_limits<std::int64_t>::max() / 8; },
                      "exceed the address space");
  expect_matrix_error([](DeviceMatrix& m) { m.type = static_cast<DeviceMatrix::Type>(7); },
                      "type = 7: must be float32 or float64");
  expect_matrix_error([](DeviceMatrix& m) { m.device = -2; }, "device = -2");
  expect_matrix_error(
      [](DeviceMatrix& m) {
        m.device = -1;
        m.on_host = true;
      },
      "device = -1: data on the host needs");
}

// A DLPack tensor whose arrays live beside it.
struct TensorParts {
  std::array<std::int64_t, 3> shape{10, 3, 1};
  std::array<std::int64_t, 3> strides{3, 1, 1};
  dlpack::Tensor tensor{.data = const_cast<void*>(address(0x1000)),
                        .device = {.type = 2, .id = 1},
                        .ndim = 2,
                        .dtype = {.code = 2, .bits = 32, .lanes = 1},
                        .shape = shape.data(),
                        .strides = strides.data(),
                        .byte_offset = 64};

  DeviceMatrix matrix(void* stream = nullptr) const {
    const DLManagedTensor managed{.tensor = tensor};
    const DLManagedTensorVersioned versioned{.version = {.major = 1, .minor = 9}, .tensor = tensor};
    const DeviceMatrix matrix = device_matrix_from_dlpack(&managed, stream);
    const DeviceMatrix same = device_matrix_from_dlpack(&versioned, stream);
    EXPECT_EQ(matrix.data, same.data);
    EXPECT_EQ(matrix.row_stride, same.row_stride);
    return matrix;
  }
};

void expect_tensor_error(const std::function<void(TensorParts&)>& spoil, std::string_view text) {
  TensorParts parts;
  spoil(parts);
  expect_error([&] { parts.matrix(); }, text);
}

// The layout of the structs is fixed: offsets as a C compiler of the other side has them.
TEST(Dlpack, Layout) {
  EXPECT_EQ(sizeof(dlpack::Tensor), 48u);
  EXPECT_EQ(offsetof(dlpack::Tensor, ndim), 16u);
  EXPECT_EQ(offsetof(dlpack::Tensor, shape), 24u);
  EXPECT_EQ(offsetof(dlpack::Tensor, byte_offset), 40u);
  EXPECT_EQ(sizeof(DLManagedTensor), 64u);
  EXPECT_EQ(offsetof(DLManagedTensorVersioned, flags), 24u);
  EXPECT_EQ(offsetof(DLManagedTensorVersioned, tensor), 32u);
}

TEST(Dlpack, Tensors) {
  TensorParts parts;
  int stream = 0;
  const DeviceMatrix matrix = parts.matrix(&stream);
  EXPECT_EQ(matrix.data, address(0x1040));
  EXPECT_EQ(matrix.rows, 10);
  EXPECT_EQ(matrix.cols, 3);
  EXPECT_EQ(matrix.row_stride, 3);
  EXPECT_EQ(matrix.col_stride, 1);
  EXPECT_EQ(matrix.device, 1);
  EXPECT_EQ(matrix.stream, &stream);
  EXPECT_FALSE(matrix.on_host);

  parts.tensor.strides = nullptr;
  parts.tensor.dtype.bits = 64;
  EXPECT_EQ(parts.matrix().row_stride, 0);
  EXPECT_EQ(parts.matrix().type, DeviceMatrix::Type::float64);

  parts.tensor.strides = parts.strides.data();
  parts.strides = {1, 10, 1};
  EXPECT_EQ(parts.matrix().col_stride, 10);
  // A single row or column may have any stride.
  parts.shape = {1, 3, 1};
  parts.strides = {0, 2, 1};
  EXPECT_EQ(parts.matrix().col_stride, 2);
  parts.shape = {5, 1, 1};
  parts.strides = {2, -7, 1};
  EXPECT_EQ(parts.matrix().row_stride, 2);
  parts.tensor.ndim = 1;
  EXPECT_EQ(parts.matrix().cols, 1);
  EXPECT_EQ(parts.matrix().row_stride, 2);

  parts.tensor.device.type = 3;
  EXPECT_TRUE(parts.matrix().on_host);
  parts.tensor.device.type = 13;
  EXPECT_FALSE(parts.matrix().on_host);
}

TEST(Dlpack, Errors) {
  expect_tensor_error([](TensorParts& p) { p.tensor.device.type = 1; }, "use Dataset::from_dense");
  expect_tensor_error([](TensorParts& p) { p.tensor.device.type = 10; }, "device.device_type = 10");
  expect_tensor_error([](TensorParts& p) { p.tensor.device.id = -1; }, "device.device_id = -1");
  expect_tensor_error([](TensorParts& p) { p.tensor.dtype.code = 0; }, "dtype has code 0, 32 bits");
  expect_tensor_error([](TensorParts& p) { p.tensor.dtype.bits = 16; }, "dtype has code 2, 16 bits");
  expect_tensor_error([](TensorParts& p) { p.tensor.dtype.lanes = 4; }, "4 lanes");
  expect_tensor_error([](TensorParts& p) { p.tensor.ndim = 3; }, "ndim = 3");
  expect_tensor_error([](TensorParts& p) { p.tensor.ndim = 0; }, "ndim = 0");
  expect_tensor_error([](TensorParts& p) { p.tensor.shape = nullptr; }, "shape is null");
  expect_tensor_error([](TensorParts& p) { p.shape[1] = -3; }, "shape[1] = -3");
  expect_tensor_error([](TensorParts& p) { p.strides[0] = -3; }, "strides[0] = -3: must be positive");
  expect_tensor_error([](TensorParts& p) { p.strides[1] = 0; }, "strides[1] = 0: must be positive");
  expect_tensor_error([](TensorParts& p) { p.tensor.byte_offset = 2; }, "data = 0x1002");
  expect_tensor_error([](TensorParts& p) { p.tensor.data = nullptr; }, "data is null");
  expect_error([] { device_matrix_from_dlpack(static_cast<const DLManagedTensor*>(nullptr)); },
               "tensor is null");
  expect_error([] { device_matrix_from_dlpack(static_cast<const DLManagedTensorVersioned*>(nullptr)); },
               "tensor is null");
  const DLManagedTensorVersioned newer{.version = {.major = 2, .minor = 0}};
  expect_error([&] { device_matrix_from_dlpack(&newer); }, "version = 2.0");
}

CudaArrayInterface good_array() {
  return {.shape = {10, 3}, .typestr = "<f4", .data = address(0x1000), .stream = 1};
}

void expect_array_error(const std::function<void(CudaArrayInterface&)>& spoil, std::string_view text) {
  CudaArrayInterface array = good_array();
  spoil(array);
  expect_error([&] { device_matrix_from_cuda_array_interface(array); }, text);
}

TEST(CudaArrayInterfaces, Arrays) {
  CudaArrayInterface array = good_array();
  DeviceMatrix matrix = device_matrix_from_cuda_array_interface(array);
  EXPECT_EQ(matrix.data, address(0x1000));
  EXPECT_EQ(matrix.rows, 10);
  EXPECT_EQ(matrix.cols, 3);
  EXPECT_EQ(matrix.row_stride, 0);
  EXPECT_EQ(matrix.device, -1);
  EXPECT_EQ(matrix.stream, nullptr);

  array.typestr = "<f8";
  array.strides = {{8, 80}};
  array.stream = 2;
  matrix = device_matrix_from_cuda_array_interface(array);
  EXPECT_EQ(matrix.row_stride, 1);
  EXPECT_EQ(matrix.col_stride, 10);
  EXPECT_EQ(matrix.type, DeviceMatrix::Type::float64);
  EXPECT_EQ(matrix.stream, address(2));
  array.stream = 0x7000;
  EXPECT_EQ(device_matrix_from_cuda_array_interface(array).stream, address(0x7000));
  array.stream.reset();
  EXPECT_EQ(device_matrix_from_cuda_array_interface(array).stream, nullptr);

  array = {.shape = {4}, .typestr = "<f4", .data = address(0x1000), .strides = {{12}}, .version = 2};
  matrix = device_matrix_from_cuda_array_interface(array);
  EXPECT_EQ(matrix.cols, 1);
  EXPECT_EQ(matrix.row_stride, 3);
  EXPECT_EQ(device_matrix_from_cuda_array_interface({.shape = {0, 3}, .typestr = "<f4"}).rows, 0);
}

TEST(CudaArrayInterfaces, Errors) {
  expect_array_error([](CudaArrayInterface& a) { a.stream = 0; }, "stream = 0: not allowed");
  expect_array_error([](CudaArrayInterface& a) { a.typestr = ">f4"; }, "typestr = \">f4\"");
  expect_array_error([](CudaArrayInterface& a) { a.typestr = "<i4"; }, "typestr = \"<i4\"");
  expect_array_error([](CudaArrayInterface& a) { a.version = 4; }, "version = 4");
  expect_array_error([](CudaArrayInterface& a) { a.has_mask = true; }, "mask");
  expect_array_error([](CudaArrayInterface& a) { a.shape = {10, 3, 2}; }, "the shape has 3 dimensions");
  expect_array_error([](CudaArrayInterface& a) { a.shape = {}; }, "the shape has 0 dimensions");
  expect_array_error([](CudaArrayInterface& a) { a.shape[0] = -1; }, "shape[0] = -1");
  expect_array_error([](CudaArrayInterface& a) { a.strides = {{12}}; },
                     "strides has 1 entries but shape has 2");
  expect_array_error([](CudaArrayInterface& a) { a.strides = {{14, 4}}; }, "strides[0] = 14 bytes");
  expect_array_error([](CudaArrayInterface& a) { a.strides = {{-12, 4}}; }, "strides[0] = -3");
  expect_array_error([](CudaArrayInterface& a) { a.data = nullptr; }, "data is null");
  expect_array_error([](CudaArrayInterface& a) { a.data = address(0x1001); }, "data = 0x1001");
}

// A record batch of two columns; what it points to lives beside it.
struct BatchParts {
  const void* no_buffers[1] = {nullptr};
  const void* first_buffers[2] = {nullptr, address(0x1000)};
  const void* second_buffers[2] = {address(0x2000), address(0x3000)};
  ArrowSchema first_schema{.format = "f", .name = "a"};
  ArrowSchema second_schema{.format = "l", .name = "b"};
  ArrowArray first{.length = 20, .n_buffers = 2, .buffers = first_buffers};
  ArrowArray second{.length = 13, .null_count = -1, .offset = 5, .n_buffers = 2, .buffers = second_buffers};
  ArrowSchema* schemas[2] = {&first_schema, &second_schema};
  ArrowArray* arrays[2] = {&first, &second};
  ArrowSchema schema{.format = "+s", .n_children = 2, .children = schemas};
  ArrowDeviceArray array{.array = {.length = 10,
                                   .offset = 3,
                                   .n_buffers = 1,
                                   .n_children = 2,
                                   .buffers = no_buffers,
                                   .children = arrays,
                                   .release = [](ArrowArray*) {}},
                         .device_id = 1,
                         .device_type = 2};

  DeviceTable table() const { return table_of(&array, &schema); }
};

void expect_batch_error(const std::function<void(BatchParts&)>& spoil, std::string_view text) {
  BatchParts parts;
  spoil(parts);
  expect_error([&] { parts.table(); }, text);
}

TEST(ArrowTables, Layout) {
  EXPECT_EQ(sizeof(ArrowSchema), 72u);
  EXPECT_EQ(sizeof(ArrowArray), 80u);
  EXPECT_EQ(sizeof(ArrowDeviceArray), 128u);
  EXPECT_EQ(offsetof(ArrowDeviceArray, sync_event), 96u);
}

TEST(ArrowTables, Batches) {
  BatchParts parts;
  DeviceTable table = parts.table();
  EXPECT_TRUE(table.named);
  EXPECT_EQ(table.rows, 10);
  EXPECT_EQ(table.device, 1);
  EXPECT_EQ(table.ready, nullptr);
  ASSERT_EQ(table.columns.size(), 2u);
  EXPECT_EQ(table.columns[0].name, "a");
  EXPECT_EQ(table.columns[0].type, NumberType::float32);
  EXPECT_EQ(table.columns[0].values, address(0x1000 + 3 * 4));
  EXPECT_EQ(table.columns[0].validity, nullptr);
  EXPECT_EQ(table.columns[1].type, NumberType::int64);
  EXPECT_EQ(table.columns[1].values, address(0x3000 + 8 * 8));
  EXPECT_EQ(table.columns[1].validity, address(0x2000));
  EXPECT_EQ(table.columns[1].validity_offset, 8);

  parts.second.null_count = 0;
  EXPECT_EQ(parts.table().columns[1].validity, nullptr);
  void* event = &parts;
  parts.array.sync_event = &event;
  EXPECT_EQ(parts.table().ready, &parts);
  parts.array.device_type = 3;
  parts.array.device_id = -1;
  EXPECT_EQ(parts.table().device, -1);
}

TEST(ArrowTables, Errors) {
  expect_error([] { table_of(nullptr, nullptr); }, "array is null");
  const BatchParts parts;
  expect_error([&] { table_of(&parts.array, nullptr); }, "schema is null");
  expect_batch_error([](BatchParts& p) { p.array.device_type = 1; }, "use Dataset::from_columns");
  expect_batch_error([](BatchParts& p) { p.array.device_type = 10; }, "array: device_type = 10");
  expect_batch_error([](BatchParts& p) { p.array.device_id = -1; }, "array: device_id = -1");
  expect_batch_error([](BatchParts& p) { p.schema.format = "f"; }, "schema: format `f`");
  expect_batch_error([](BatchParts& p) { p.array.array.release = nullptr; }, "array: it was released");
  expect_batch_error([](BatchParts& p) { p.array.array.length = -1; }, "array: length = -1");
  expect_batch_error([](BatchParts& p) { p.array.array.offset = -1; }, "array: offset = -1");
  expect_batch_error([](BatchParts& p) { p.array.array.n_children = 0; }, "needs at least one column");
  expect_batch_error([](BatchParts& p) { p.array.array.n_children = 1; },
                     "n_children = 1, but the schema has 2");
  expect_batch_error([](BatchParts& p) { p.arrays[1] = nullptr; }, "child 1 is null");
  expect_batch_error([](BatchParts& p) { p.schemas[0] = nullptr; }, "child 0 is null");
  expect_batch_error(
      [](BatchParts& p) {
        p.no_buffers[0] = address(0x5000);
        p.array.array.null_count = 1;
      },
      "rows of a record batch must not be null");
  expect_batch_error([](BatchParts& p) { p.first_schema.format = "u"; }, "column `a` has format `u`");
  expect_batch_error([](BatchParts& p) { p.first_schema.format = nullptr; }, "column `a` has format ``");
  expect_batch_error([](BatchParts& p) { p.first_schema.dictionary = &p.second_schema; },
                     "column `a` is dictionary-encoded");
  expect_batch_error([](BatchParts& p) { p.first_schema.name = nullptr, p.first_schema.format = "b"; },
                     "column `f0` has format `b`");
  expect_batch_error([](BatchParts& p) { p.second.length = 12; },
                     "column `b`: length = 12, but rows 3 to 13");
  expect_batch_error([](BatchParts& p) { p.second.length = -1; }, "column `b`: length = -1");
  expect_batch_error([](BatchParts& p) { p.second.offset = -1; }, "column `b`: offset = -1");
  expect_batch_error([](BatchParts& p) { p.second.null_count = -2; }, "column `b`: null_count = -2");
  expect_batch_error([](BatchParts& p) { p.second.offset = std::numeric_limits<std::int64_t>::max() / 4; },
                     "exceed the address space");
  expect_batch_error([](BatchParts& p) { p.second.n_buffers = 3; }, "column `b`: n_buffers = 3");
  expect_batch_error([](BatchParts& p) { p.second.buffers = nullptr; }, "column `b`: its buffer of values");
  expect_batch_error([](BatchParts& p) { p.first_buffers[1] = nullptr; }, "column `a`: its buffer of values");
  expect_batch_error([](BatchParts& p) { p.first.null_count = 2; }, "its validity bitmap is null");
  expect_batch_error([](BatchParts& p) { p.second_buffers[1] = address(0x3004); }, "column `b` = 0x3004");
}

}  // namespace
}  // namespace ramet::data
