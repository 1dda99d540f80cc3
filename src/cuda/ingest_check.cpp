#include "cuda/ingest_check.hpp"

#include <cuda_runtime_api.h>

#include <string>

#include "base/error.hpp"
#include "cuda/check.hpp"

namespace ramet::cuda {
namespace {

void check_device(int device) {
  int count = 0;
  check(cudaGetDeviceCount(&count), "looking for CUDA devices");
  if (device < count) return;
  fail(ErrorCode::device, "device = {}: there {} {} CUDA device{} here; `ramet devices` lists them", device,
       count == 1 ? "is" : "are", count, count == 1 ? "" : "s");
}

std::string field_of(const data::DeviceTable& table, std::size_t column) {
  return table.named ? fmt::format("column `{}`", table.columns[column].name) : std::string("data");
}

// The device of memory that kernels can read.
int device_of(const void* address, const std::string& field) {
  cudaPointerAttributes attributes{};
  check(cudaPointerGetAttributes(&attributes, address), "asking where data is");
  if (attributes.type == cudaMemoryTypeUnregistered) {
    fail(ErrorCode::invalid_data,
         "{} is not in the memory of a CUDA device: a matrix on the host needs on_host = true", field);
  }
  return attributes.device;
}

// Memory that all devices see, too, has a device: the one that was current when it was allocated.
bool is_bound(const void* address) {
  cudaPointerAttributes attributes{};
  check(cudaPointerGetAttributes(&attributes, address), "asking where data is");
  return attributes.type == cudaMemoryTypeDevice;
}

}  // namespace

int check_memory(const data::DeviceTable& table) {
  check_device(table.device);
  if (table.on_host || table.rows == 0) return table.device < 0 ? 0 : table.device;
  int device = table.device;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const data::TableColumn& column = table.columns[c];
    const auto* first = static_cast<const std::byte*>(column.values);
    const std::string field = field_of(table, c);
    const int holder = device_of(first, field);
    // A wrong shape shows here as an error; in a kernel it would cost the process its device.
    device_of(first + (table.rows - 1) * column.stride * data::bytes_of(column.type), field);
    if (device < 0) device = holder;
    if (is_bound(first) && holder != device)
      fail(ErrorCode::invalid_data, "{} is in the memory of device {}, not of device = {}", field, holder,
           device);
  }
  return device;
}

}  // namespace ramet::cuda
