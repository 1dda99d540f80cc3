#include "cpu/backend.hpp"

#include <hwy/targets.h>

#include <thread>

#include "base/error.hpp"
#include "cpu/session.hpp"

namespace ramet::cpu {
namespace {

bool handles_cpu(std::string_view device) { return device == "cpu"; }

std::unique_ptr<backend::Session> open_session(const backend::SessionInput& input) {
  return std::make_unique<CpuSession>(input);
}

std::vector<DeviceInfo> list_devices() {
  const std::int64_t best = hwy::SupportedTargets() & -hwy::SupportedTargets();
  return {{"cpu", true, fmt::format("{} cores, {}", Tasks(0).threads(), hwy::TargetName(best))}};
}

}  // namespace

backend::Backend cpu_backend() { return {"cpu", handles_cpu, open_session, list_devices}; }

}  // namespace ramet::cpu
