// The library's version, and the version of the numbers contract that model bytes depend on.
#pragma once

namespace ramet {

inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;
inline constexpr const char* version_string = "0.1.0";
inline constexpr int contract_version = 1;  // raised whenever the bytes of a model change

}  // namespace ramet
