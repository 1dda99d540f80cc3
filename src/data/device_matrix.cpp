// Foreign descriptions of one array as a DeviceMatrix: DLPack and the CUDA Array Interface.
#include <bit>
#include <span>
#include <string>

#include "base/error.hpp"
#include "data/device_table.hpp"
#include "data/dlpack_abi.hpp"

namespace ramet {
namespace {

namespace dlpack = data::dlpack;

// Sets rows, cols and strides from one or two dimensions; `strides` (elements) is empty for row-major.
void set_shape(DeviceMatrix& matrix, std::span<const std::int64_t> shape,
               std::span<const std::int64_t> strides) {
  if (shape.size() != 1 && shape.size() != 2)
    fail(ErrorCode::invalid_data, "the shape has {} dimensions: must be 1 or 2", shape.size());
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] < 0) fail(ErrorCode::invalid_data, "shape[{}] = {}: must not be negative", d, shape[d]);
  }
  matrix.rows = shape[0];
  matrix.cols = shape.size() == 2 ? shape[1] : 1;
  if (strides.empty()) return;
  // The stride of a dimension with at most one entry means nothing and may be anything.
  matrix.row_stride = matrix.rows > 1 ? strides[0] : 1;
  matrix.col_stride = matrix.cols > 1 ? strides[1] : 1;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] > 1 && strides[d] < 1)
      fail(ErrorCode::invalid_data, "strides[{}] = {}: must be positive", d, strides[d]);
  }
}

DeviceMatrix matrix_of(const dlpack::Tensor& tensor, void* stream) {
  DeviceMatrix matrix{.device = tensor.device.id, .stream = stream};
  switch (tensor.device.type) {
    case dlpack::cuda:
    case dlpack::cuda_managed:
      break;
    case dlpack::cuda_host:
      matrix.on_host = true;
      break;
    case dlpack::cpu:
      fail(ErrorCode::invalid_data,
           "device.device_type = 1 (host memory): must be 2, 3 or 13 (CUDA); use Dataset::from_dense");
    default:
      fail(ErrorCode::invalid_data, "device.device_type = {}: must be 2, 3 or 13 (CUDA)", tensor.device.type);
  }
  if (tensor.device.id < 0)
    fail(ErrorCode::invalid_data, "device.device_id = {}: must not be negative", tensor.device.id);
  const dlpack::DataType type = tensor.dtype;
  if (type.code != dlpack::float_code || (type.bits != 32 && type.bits != 64) || type.lanes != 1) {
    fail(ErrorCode::invalid_data,
         "dtype has code {}, {} bits and {} lanes: must be 32-bit or 64-bit floats (code 2, 1 lane)",
         type.code, type.bits, type.lanes);
  }
  matrix.type = type.bits == 32 ? DeviceMatrix::Type::float32 : DeviceMatrix::Type::float64;
  if (tensor.ndim != 1 && tensor.ndim != 2)
    fail(ErrorCode::invalid_data, "ndim = {}: must be 1 or 2", tensor.ndim);
  if (tensor.shape == nullptr) fail(ErrorCode::invalid_data, "shape is null");
  const auto dimensions = static_cast<std::size_t>(tensor.ndim);
  set_shape(matrix, {tensor.shape, dimensions},
            {tensor.strides, tensor.strides != nullptr ? dimensions : std::size_t{0}});
  if (tensor.data != nullptr) matrix.data = static_cast<const std::byte*>(tensor.data) + tensor.byte_offset;
  data::table_of(matrix);
  return matrix;
}

// The item size that divides strides.
std::int64_t set_type(DeviceMatrix& matrix, const std::string& typestr) {
  if (typestr == "<f4") {
    matrix.type = DeviceMatrix::Type::float32;
    return 4;
  }
  if (typestr == "<f8") {
    matrix.type = DeviceMatrix::Type::float64;
    return 8;
  }
  fail(ErrorCode::invalid_data, "typestr = \"{}\": must be \"<f4\" or \"<f8\"", typestr);
}

// CUDA's handles of the default streams are 1 and 2 as well, but the first also goes by null.
void* stream_of(const CudaArrayInterface& array) {
  if (!array.stream) return nullptr;
  if (*array.stream == 0) {
    fail(ErrorCode::invalid_data,
         "stream = 0: not allowed, for it could be either default stream; 1 is the legacy, 2 the per-thread "
         "one");
  }
  return *array.stream == 1 ? nullptr : std::bit_cast<void*>(*array.stream);
}

}  // namespace

DeviceMatrix device_matrix_from_dlpack(const DLManagedTensor* tensor, void* stream) {
  if (tensor == nullptr) fail(ErrorCode::invalid_data, "tensor is null");
  return matrix_of(tensor->tensor, stream);
}

DeviceMatrix device_matrix_from_dlpack(const DLManagedTensorVersioned* tensor, void* stream) {
  if (tensor == nullptr) fail(ErrorCode::invalid_data, "tensor is null");
  if (tensor->version.major != dlpack::major_version) {
    fail(ErrorCode::invalid_data, "version = {}.{}: the tensor's DLPack version must be {}.x",
         tensor->version.major, tensor->version.minor, dlpack::major_version);
  }
  return matrix_of(tensor->tensor, stream);
}

DeviceMatrix device_matrix_from_cuda_array_interface(const CudaArrayInterface& array) {
  if (array.version < 0 || array.version > 3)
    fail(ErrorCode::invalid_data, "version = {}: must be between 0 and 3", array.version);
  if (array.has_mask)
    fail(ErrorCode::invalid_data,
         "mask: arrays with a mask are not read; write NaN where a value is missing");
  DeviceMatrix matrix{.data = array.data, .device = -1, .stream = stream_of(array)};
  const std::int64_t item = set_type(matrix, array.typestr);
  std::vector<std::int64_t> strides;
  if (array.strides) {
    if (array.strides->size() != array.shape.size()) {
      fail(ErrorCode::invalid_data, "strides has {} entries but shape has {}", array.strides->size(),
           array.shape.size());
    }
    for (std::size_t d = 0; d < array.shape.size(); ++d) {
      const std::int64_t bytes = (*array.strides)[d];
      if (array.shape[d] > 1 && bytes % item != 0) {
        fail(ErrorCode::invalid_data, "strides[{}] = {} bytes: must be a multiple of the values' {} bytes", d,
             bytes, item);
      }
      strides.push_back(bytes / item);
    }
  }
  set_shape(matrix, array.shape, strides);
  data::table_of(matrix);
  return matrix;
}

}  // namespace ramet
