// Data sets from device memory: made by the backend whose devices can read it.
#include "ramet/device_data.hpp"

#include "backend/registry.hpp"
#include "base/error.hpp"
#include "data/device_table.hpp"
#include "data/source.hpp"

namespace ramet {
namespace {

std::shared_ptr<data::Source> source_of(const data::DeviceTable& table) {
  const std::string device = table.device < 0 ? "cuda" : fmt::format("cuda:{}", table.device);
  const backend::Backend& backend = backend::backend_for(device);
  if (backend.bin_matrix == nullptr)
    fail(ErrorCode::unsupported, "device = {}: the backend `{}` does not bin data", device, backend.name);
  return backend.bin_matrix(table);
}

}  // namespace

Dataset from_device(const DeviceMatrix& matrix, const DatasetOptions& options) {
  return Dataset::from_source([&] { return source_of(data::table_of(matrix)); }, options);
}

Dataset from_arrow_device(const ArrowDeviceArray* array, const ArrowSchema* schema,
                          const DatasetOptions& options) {
  return Dataset::from_source([&] { return source_of(data::table_of(array, schema)); }, options);
}

}  // namespace ramet
