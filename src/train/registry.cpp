// Choosing a backend: those of this build, and those that are found in modules.
#include "backend/registry.hpp"
#include "base/error.hpp"
#include "train/backend_module.hpp"

namespace ramet::backend {
namespace {

constexpr std::string_view in_module = "cuda";

const Backend* find(std::span<const Backend> all, std::string_view name) {
  for (const Backend& backend : all) {
    if (backend.name == name) return &backend;
  }
  return nullptr;
}

const Backend* handler(std::span<const Backend> all, std::string_view device) {
  for (const Backend& backend : all) {
    if (backend.handles(device)) return &backend;
  }
  return nullptr;
}

const training::FoundModule& module() {
  static const training::FoundModule found = training::find_module(in_module);
  return found;
}

// "cuda" of "cuda:1".
std::string_view family_of(std::string_view device) { return device.substr(0, device.find(':')); }

}  // namespace

std::span<const Backend> backends() {
  static const std::vector<Backend> all = [] {
    std::vector<Backend> result(linked_backends().begin(), linked_backends().end());
    if (find(result, in_module) == nullptr && module().backend != nullptr)
      result.push_back(*module().backend);
    return result;
  }();
  return all;
}

std::string missing_reason(std::string_view name) {
  if (name != in_module || find(backends(), name) != nullptr) return {};
  return module().problem;
}

std::vector<DeviceInfo> devices() {
  std::vector<DeviceInfo> all;
  for (const Backend& backend : backends()) {
    const std::vector<DeviceInfo> its = backend.devices();
    all.insert(all.end(), its.begin(), its.end());
  }
  if (std::string reason = missing_reason(in_module); !reason.empty()) {
    all.push_back({.name = std::string(in_module), .usable = false, .detail = std::move(reason)});
  }
  return all;
}

const Backend& backend_for(std::string_view device) {
  if (const Backend* backend = handler(linked_backends(), device)) return *backend;
  if (family_of(device) == in_module) {
    if (const Backend* backend = handler(backends(), device)) return *backend;
    if (const std::string reason = missing_reason(in_module); !reason.empty()) {
      fail(ErrorCode::unsupported, "device = {}: cannot be used: {}; device = cpu works", device, reason);
    }
  }
  fail(ErrorCode::invalid_parameter, "device = {}: must be one of {}", device.empty() ? "``" : device,
       device_forms);
}

}  // namespace ramet::backend
