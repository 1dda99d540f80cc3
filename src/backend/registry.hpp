// The backends there are: listed explicitly, chosen by the `device` parameter.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/session.hpp"

namespace ramet {
struct NcclOptions;
}
namespace ramet::data {
struct DeviceTable;
class Source;
}  // namespace ramet::data

namespace ramet::backend {

// Plain pointers, so that a backend may live in a module of its own (backend/module.hpp).
struct Backend {
  std::string_view name;  // "cpu": what the devices it handles begin with
  // Whether `device` (e.g. "cuda:1") is this backend's to run.
  bool (*handles)(std::string_view device) = nullptr;
  std::unique_ptr<Session> (*open)(const SessionInput& input) = nullptr;
  std::vector<DeviceInfo> (*devices)() = nullptr;

  MemoryEstimate (*estimate)(const SessionInput& input) = nullptr;

  // The others are null where a backend has no such thing.

  // Behind ramet::nccl_unique_id and ramet::nccl_communicator.
  std::string (*nccl_id)() = nullptr;
  std::shared_ptr<Communicator> (*nccl_communicator)(const NcclOptions& options) = nullptr;
  // A source over the table's columns whose numbers are sampled and binned on the table's device. Throws
  // Error{invalid_data, invalid_parameter, device, out_of_memory}.
  std::unique_ptr<data::Source> (*bin_matrix)(const data::DeviceTable& table) = nullptr;
};

// The backends that are linked into this build. Defined in train/backends.cpp, the one file that names them.
std::span<const Backend> linked_backends();

// The backends that this process can use. The first call looks for those in modules. Thread-safe.
std::span<const Backend> backends();

// The backend that runs `device`. Backends in modules are looked for only if the others do not handle it.
// Throws Error{unsupported} saying why and what to do if its backend is missing, Error{invalid_parameter} if
// there is no such device name.
const Backend& backend_for(std::string_view device);

// Why the backend of that name cannot be used, and what to do; empty if it can, or if there is none such.
std::string missing_reason(std::string_view name);

// The devices of all backends; a backend that is missing appears by its name, with the reason.
std::vector<DeviceInfo> devices();

// What `device` may be, for messages and documentation: the same in every build.
inline constexpr std::string_view device_forms = "cpu, cuda, cuda:N, cuda:N,M";

}  // namespace ramet::backend
