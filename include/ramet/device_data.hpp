// Data sets from numbers in the memory of a CUDA device, binned there: plain matrices, DLPack tensors, arrays
// with the CUDA Array Interface, and Arrow record batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ramet/dataset.hpp"

// The structs of DLPack and of the Arrow C data interfaces, as their own headers define them.
struct DLManagedTensor;
struct DLManagedTensorVersioned;
struct ArrowDeviceArray;
struct ArrowSchema;

namespace ramet {

// Element (r, c) is data[r * row_stride + c * col_stride]. NaN is missing; infinities are ordinary values.
struct DeviceMatrix {
  enum class Type : std::uint8_t { float32, float64 };

  const void* data = nullptr;
  Type type = Type::float32;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t row_stride = 0;  // elements; 0 = row-major, i.e. cols, with col_stride 1
  std::int64_t col_stride = 1;  // elements
  int device = 0;               // number of the CUDA device; -1: the one whose memory `data` is in
  // cudaStream_t with the work that produces the values: they are read after all that is on it now. Null: the
  // legacy default stream.
  void* stream = nullptr;
  bool on_host = false;  // `data` is ordinary memory of the host; `device` bins it all the same
};

// The data set that Dataset::from_dense makes of the same values, equal in every byte; only the work is done
// on the device. The values are read during the call only. Columns in `options.categorical` go through the
// host. Throws what from_dense does, Error{unsupported} without a CUDA backend, Error{device, out_of_memory}.
Dataset from_device(const DeviceMatrix& matrix, const DatasetOptions& options = {});

// The matrix that a DLPack tensor describes: one or two dimensions (one is a column) of 32-bit or 64-bit
// floats in memory of a CUDA device, managed or page-locked memory. The caller keeps the tensor, whose
// deleter is not called, for as long as the matrix is in use. `stream`: see DeviceMatrix. Throws
// Error{invalid_data} naming the field at fault, also for a version of the ABI other than 1.
DeviceMatrix device_matrix_from_dlpack(const DLManagedTensor* tensor, void* stream = nullptr);
DeviceMatrix device_matrix_from_dlpack(const DLManagedTensorVersioned* tensor, void* stream = nullptr);

// The entries of a `__cuda_array_interface__`, versions 0 to 3.
struct CudaArrayInterface {
  std::vector<std::int64_t> shape;                   // one entry (a column) or two
  std::string typestr;                               // "<f4" or "<f8"
  const void* data = nullptr;                        // the pointer; null if there are no rows
  std::optional<std::vector<std::int64_t>> strides;  // bytes; none: row-major
  std::optional<std::uintptr_t> stream;  // none, 1 (legacy default), 2 (per-thread default), a cudaStream_t
  bool has_mask = false;                 // must be false
  int version = 3;
};

// Throws Error{invalid_data} naming the entry at fault.
DeviceMatrix device_matrix_from_cuda_array_interface(const CudaArrayInterface& array);

// The data set that Dataset::from_columns makes of the same columns as doubles with NaN where a value is
// null. `array` is a record batch (a struct array) on a CUDA device whose columns are 32-bit or 64-bit floats
// or integers of up to 64 bits; its sync_event is waited for. Columns are known by name; nameless ones are
// "f0", "f1", ... by position. Both structs stay the caller's, who releases them.
Dataset from_arrow_device(const ArrowDeviceArray* array, const ArrowSchema* schema,
                          const DatasetOptions& options = {});

}  // namespace ramet
