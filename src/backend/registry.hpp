// The backends there are: listed explicitly, chosen by the `device` parameter.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "backend/session.hpp"

namespace ramet::backend {

struct Backend {
  std::string_view name;  // "cpu"
  // Whether `device` (e.g. "cuda:1") is this backend's to run.
  bool (*handles)(std::string_view device);
  std::unique_ptr<Session> (*open)(const SessionInput& input);
  std::vector<DeviceInfo> (*devices)();
};

// The backends of this build. Defined in train/backends.cpp, the one file that names them.
std::span<const Backend> backends();

}  // namespace ramet::backend
