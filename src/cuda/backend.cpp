#include "cuda/backend.hpp"

#include <cuda_runtime_api.h>

#include <charconv>
#include <optional>

#include "base/error.hpp"
#include "cuda/check.hpp"
#include "cuda/device_memory.hpp"
#include "cuda/ingest.hpp"
#include "cuda/nccl_communicator.hpp"
#include "cuda/session.hpp"

namespace ramet::cuda {
namespace {

constexpr std::string_view family = "cuda";
// Kernels are compiled for this compute capability and newer.
constexpr int least_major = 8;

// The numbers after "cuda:", or nothing if it is not such a name. "cuda" is device 0.
std::optional<std::vector<int>> parse_devices(std::string_view device) {
  if (device == family) return std::vector<int>{0};
  if (!device.starts_with("cuda:")) return std::nullopt;
  std::vector<int> devices;
  const char* at = device.data() + family.size();
  const char* end = device.data() + device.size();
  while (at != end) {
    ++at;  // ':' or ','
    int number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{} || number < 0 || (next != end && *next != ',')) return std::nullopt;
    devices.push_back(number);
    at = next;
  }
  return devices;
}

// Why the device cannot be used; empty if it can.
std::string obstacle(const cudaDeviceProp& properties) {
  if (properties.major >= least_major) return {};
  return fmt::format("compute capability {}.{}: {}.0 or newer is needed", properties.major, properties.minor,
                     least_major);
}

// CUDA's 13000 is 13.0.
std::string version_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

std::string why_no_devices(cudaError_t status) {
  int driver = 0;
  int runtime = 0;
  if (cudaDriverGetVersion(&driver) == cudaSuccess && driver == 0) return "no NVIDIA driver is installed";
  if (status == cudaErrorInsufficientDriver && cudaRuntimeGetVersion(&runtime) == cudaSuccess) {
    return fmt::format("the NVIDIA driver is for CUDA {}, and this build needs {}: update it",
                       version_text(driver), version_text(runtime));
  }
  if (status == cudaSuccess || status == cudaErrorNoDevice) return "there is no CUDA device";
  return cudaGetErrorString(status);
}

struct FoundDevices {
  int count = 0;
  std::string problem;  // why there are none
};

FoundDevices find_devices() {
  FoundDevices found;
  const cudaError_t status = cudaGetDeviceCount(&found.count);
  if (status != cudaSuccess) {
    (void)cudaGetLastError();
    found.count = 0;
  }
  if (found.count == 0) found.problem = why_no_devices(status);
  return found;
}

bool handles_cuda(std::string_view device) { return parse_devices(device).has_value(); }

void check_device(std::string_view name, int device, const FoundDevices& found) {
  if (found.count == 0) {
    fail(ErrorCode::device, "device = {}: {}; use device = cpu", name, found.problem);
  }
  if (device >= found.count) {
    fail(ErrorCode::device,
         "device = {}: there {} {} CUDA device{} here; `ramet devices` lists what can be used", name,
         found.count == 1 ? "is" : "are", found.count, found.count == 1 ? "" : "s");
  }
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, device), "asking for a device's properties");
  if (const std::string problem = obstacle(properties); !problem.empty()) {
    fail(ErrorCode::device, "device = {}: {} ({}); use device = cpu", name, problem, properties.name);
  }
}

std::unique_ptr<backend::Session> open_session(const backend::SessionInput& input) {
  const std::string& name = input.params.device;
  const std::vector<int> devices = parse_devices(name).value_or(std::vector<int>{0});
  const FoundDevices found = find_devices();
  for (std::size_t i = 0; i < devices.size(); ++i) {
    check_device(name, devices[i], found);
    for (std::size_t j = 0; j < i; ++j) {
      if (devices[i] == devices[j]) {
        fail(ErrorCode::invalid_parameter, "device = {}: names device {} twice", name, devices[i]);
      }
    }
  }
  return std::make_unique<CudaSession>(input, devices);
}

std::vector<DeviceInfo> list_devices() {
  const FoundDevices found = find_devices();
  if (found.count == 0) return {{std::string(family), false, found.problem}};
  std::vector<DeviceInfo> devices;
  for (int d = 0; d < found.count; ++d) {
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, d), "asking for a device's properties");
    const std::string problem = obstacle(properties);
    devices.push_back({fmt::format("cuda:{}", d), problem.empty(),
                       problem.empty()
                           ? fmt::format("{}, {} multiprocessors, {} GiB", properties.name,
                                         properties.multiProcessorCount, properties.totalGlobalMem >> 30)
                           : problem});
  }
  return devices;
}

MemoryEstimate estimate(const backend::SessionInput& input) {
  const auto devices = parse_devices(input.params.device).value_or(std::vector<int>{0});
  const DeviceMemory memory = estimate_device_memory(input, static_cast<int>(devices.size()));
  return {.host_bytes = 0, .least_device_bytes = memory.least(), .device_bytes = memory.most()};
}

}  // namespace

backend::Backend cuda_backend() {
  return {.name = family,
          .handles = handles_cuda,
          .open = open_session,
          .devices = list_devices,
          .estimate = estimate,
          .nccl_id = nccl_id,
          .nccl_communicator = open_nccl_communicator,
          .bin_matrix = bin_matrix};
}

}  // namespace ramet::cuda
