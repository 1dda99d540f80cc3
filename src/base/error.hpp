// Raising `ramet::Error` with a formatted message.
#pragma once

#include <fmt/format.h>

#include <utility>

#include "ramet/error.hpp"

namespace ramet {

template <class... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

// For states that only a bug can reach.
template <class... Args>
void check_internal(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) fail(ErrorCode::internal, format, std::forward<Args>(args)...);
}

}  // namespace ramet
