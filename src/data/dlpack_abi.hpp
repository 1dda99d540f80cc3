// The structs of the DLPack ABI, version 1, and of the unversioned one before it (github.com/dmlc/dlpack).
// Not together with DLPack's own header.
#pragma once

#include <cstdint>

namespace ramet::data::dlpack {

inline constexpr std::uint32_t major_version = 1;

// Device types.
inline constexpr std::int32_t cpu = 1;
inline constexpr std::int32_t cuda = 2;
inline constexpr std::int32_t cuda_host = 3;  // page-locked
inline constexpr std::int32_t cuda_managed = 13;

inline constexpr std::uint8_t float_code = 2;  // of a data type

struct Version {
  std::uint32_t major;
  std::uint32_t minor;
};

struct Device {
  std::int32_t type;
  std::int32_t id;
};

struct DataType {
  std::uint8_t code;
  std::uint8_t bits;
  std::uint16_t lanes;
};

struct Tensor {
  void* data;
  Device device;
  std::int32_t ndim;
  DataType dtype;
  std::int64_t* shape;    // ndim entries
  std::int64_t* strides;  // ndim entries, in elements; null: row-major
  std::uint64_t byte_offset;
};

}  // namespace ramet::data::dlpack

struct DLManagedTensor {
  ramet::data::dlpack::Tensor tensor;
  void* manager_context;
  void (*deleter)(DLManagedTensor*);
};

struct DLManagedTensorVersioned {
  ramet::data::dlpack::Version version;
  void* manager_context;
  void (*deleter)(DLManagedTensorVersioned*);
  std::uint64_t flags;
  ramet::data::dlpack::Tensor tensor;
};
