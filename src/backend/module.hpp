// A backend that lives in a shared module of its own: what the module exports, and how both sides find out
// that they were built alike.
#pragma once

#include <cstdint>

#include "backend/registry.hpp"
#include "data/dataset_data.hpp"
#include "data/device_table.hpp"
#include "interface_digest.hpp"  // generated: cmake/RametInterfaceDigest.cmake
#include "ramet/error.hpp"

namespace ramet::backend {

// What the module's function returns. The strings come first in every version, so that they can always be
// read; the backend only if the tags are equal.
struct Module {
  const char* version;           // of Ramet, for people
  const char* interface_digest;  // of the headers that both sides were compiled with
  std::uint64_t layout;          // of the types that pass between them
  const Backend* backend;
};

// The one name that a module exports: extern "C", of this type.
using ModuleEntry = const Module* (*)() noexcept;
inline constexpr const char* module_entry = "ramet_backend_module";

namespace detail {

// FNV-1a over sizes: two builds with equal headers still differ if their options change a type.
template <class... T>
constexpr std::uint64_t sizes_digest() {
  std::uint64_t digest = 0xcbf29ce484222325u;
  for (const std::uint64_t size : {std::uint64_t{sizeof(T)}...}) digest = (digest ^ size) * 0x100000001b3u;
  return digest;
}

}  // namespace detail

inline constexpr std::uint64_t layout_digest =
    detail::sizes_digest<std::string, std::function<bool()>, Error, TrainParams, TrainOptions, DatasetOptions,
                         DeviceInfo, data::DatasetData, data::Bins, data::Page, data::DeviceTable,
                         objective::Objective, metric::Metric, model::OutputScale, SessionInput, TreeSpec,
                         Split, SplitCandidate, FinishedTree, TreeValues, Backend>();

}  // namespace ramet::backend
