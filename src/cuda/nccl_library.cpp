#include "cuda/nccl_library.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#if __has_include(<nccl.h>)
#include <nccl.h>

#ifdef NCCL_H_  // otherwise the emulated one, which is part of the program
#include <dlfcn.h>
#endif

namespace ramet::cuda {
namespace {

static_assert(sizeof(NcclId) == sizeof(ncclUniqueId));

// Older versions cannot be aborted while another thread uses them.
constexpr int oldest_version = NCCL_VERSION(2, 19, 0);

// NCCL's own functions.
struct Functions {
  decltype(&ncclGetVersion) get_version = nullptr;
  decltype(&ncclGetUniqueId) get_unique_id = nullptr;
  decltype(&ncclCommInitRankConfig) init_rank_config = nullptr;
  decltype(&ncclCommGetAsyncError) get_async_error = nullptr;
  decltype(&ncclAllReduce) all_reduce = nullptr;
  decltype(&ncclReduceScatter) reduce_scatter = nullptr;
  decltype(&ncclAllGather) all_gather = nullptr;
  decltype(&ncclGroupStart) group_start = nullptr;
  decltype(&ncclGroupEnd) group_end = nullptr;
  decltype(&ncclCommFinalize) finalize = nullptr;
  decltype(&ncclCommDestroy) destroy = nullptr;
  decltype(&ncclCommAbort) abort = nullptr;
  decltype(&ncclGetErrorString) error_string = nullptr;
  decltype(&ncclGetLastError) last_error = nullptr;
};

// Filled by find_nccl before anything else runs.
Functions& functions() {
  static Functions all;
  return all;
}

ncclComm_t comm_of(NcclHandle handle) { return static_cast<ncclComm_t>(handle); }

NcclStatus status_of(ncclResult_t result) {
  if (result == ncclSuccess) return {};
  return {.state = result == ncclInProgress ? NcclState::in_progress : NcclState::failed, .code = result};
}

NcclStatus make_id(NcclId& id) {
  ncclUniqueId made;
  const NcclStatus status = status_of(functions().get_unique_id(&made));
  if (status.state == NcclState::ready) std::memcpy(id.data(), &made, sizeof made);
  return status;
}

NcclStatus connect(NcclHandle* handle, const NcclId& id, int rank, int size) {
  ncclUniqueId shared;
  std::memcpy(&shared, id.data(), sizeof shared);
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  ncclComm_t comm = nullptr;
  const NcclStatus status = status_of(functions().init_rank_config(&comm, size, shared, rank, &config));
  *handle = comm;
  return status;
}

NcclStatus state(NcclHandle handle) {
  ncclResult_t result = ncclSuccess;
  const NcclStatus asked = status_of(functions().get_async_error(comm_of(handle), &result));
  return asked.state == NcclState::failed ? asked : status_of(result);
}

NcclStatus all_reduce(NcclHandle handle, std::int64_t* values, std::size_t count, Reduction reduction,
                      cudaStream_t stream) {
  const ncclRedOp_t operation = reduction == Reduction::sum ? ncclSum : ncclMax;
  return status_of(
      functions().all_reduce(values, values, count, ncclInt64, operation, comm_of(handle), stream));
}

NcclStatus reduce_scatter_sum(NcclHandle handle, std::span<std::int64_t* const> arrays, std::size_t block,
                              int rank, cudaStream_t stream) {
  NcclStatus status = status_of(functions().group_start());
  if (status.state == NcclState::failed) return status;
  for (std::int64_t* values : arrays) {
    std::int64_t* mine = values + static_cast<std::size_t>(rank) * block;
    const NcclStatus call = status_of(
        functions().reduce_scatter(values, mine, block, ncclInt64, ncclSum, comm_of(handle), stream));
    if (call.state == NcclState::failed && status.state != NcclState::failed) status = call;
  }
  const NcclStatus end = status_of(functions().group_end());  // also after a failure: the group is open
  return status.state == NcclState::failed ? status : end;
}

NcclStatus all_gather(NcclHandle handle, void* data, std::size_t bytes, int rank, cudaStream_t stream) {
  const std::byte* mine = static_cast<std::byte*>(data) + static_cast<std::size_t>(rank) * bytes;
  return status_of(functions().all_gather(mine, data, bytes, ncclInt8, comm_of(handle), stream));
}

NcclStatus finalize(NcclHandle handle) { return status_of(functions().finalize(comm_of(handle))); }
NcclStatus destroy(NcclHandle handle) { return status_of(functions().destroy(comm_of(handle))); }
NcclStatus abort(NcclHandle handle) { return status_of(functions().abort(comm_of(handle))); }

std::string explain(NcclStatus status, NcclHandle handle) {
  std::string text = functions().error_string(static_cast<ncclResult_t>(status.code));
  const char* detail = functions().last_error(comm_of(handle));
  if (detail != nullptr && *detail != '\0') text += fmt::format(" ({})", detail);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

#ifdef NCCL_H_

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

// What went wrong, if anything. A library that was loaded stays so.
std::optional<std::string> load(Functions& all, const char* file) {
  void* library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return fmt::format("{} (RAMET_NCCL can name the library's file)", dlerror());
  const bool complete =
      find(library, "ncclGetVersion", all.get_version) &&
      find(library, "ncclGetUniqueId", all.get_unique_id) &&
      find(library, "ncclCommInitRankConfig", all.init_rank_config) &&
      find(library, "ncclCommGetAsyncError", all.get_async_error) &&
      find(library, "ncclAllReduce", all.all_reduce) &&
      find(library, "ncclReduceScatter", all.reduce_scatter) &&
      find(library, "ncclAllGather", all.all_gather) && find(library, "ncclGroupStart", all.group_start) &&
      find(library, "ncclGroupEnd", all.group_end) && find(library, "ncclCommFinalize", all.finalize) &&
      find(library, "ncclCommDestroy", all.destroy) && find(library, "ncclCommAbort", all.abort) &&
      find(library, "ncclGetErrorString", all.error_string) &&
      find(library, "ncclGetLastError", all.last_error);
  if (!complete) return fmt::format("{} has not all of NCCL 2.19: {}", file, dlerror());
  return std::nullopt;
}

#else

std::optional<std::string> load(Functions& all, const char*) {
  all = {ncclGetVersion,    ncclGetUniqueId, ncclCommInitRankConfig, ncclCommGetAsyncError, ncclAllReduce,
         ncclReduceScatter, ncclAllGather,   ncclGroupStart,         ncclGroupEnd,          ncclCommFinalize,
         ncclCommDestroy,   ncclCommAbort,   ncclGetErrorString,     ncclGetLastError};
  return std::nullopt;
}

#endif

NcclLookup look_up() {
  const char* wish = std::getenv("RAMET_NCCL");
  if (wish != nullptr && std::string_view(wish) == "0") return {.problem = "RAMET_NCCL is 0"};
  const char* file = wish != nullptr && *wish != '\0' ? wish : "libnccl.so.2";
  if (const auto problem = load(functions(), file)) return {.problem = *problem};
  static NcclLibrary library{
      .make_id = make_id,
      .connect = connect,
      .state = state,
      .all_reduce = all_reduce,
      .reduce_scatter_sum = reduce_scatter_sum,
      .all_gather = all_gather,
      .finalize = finalize,
      .destroy = destroy,
      .abort = abort,
      .explain = explain,
  };
  if (functions().get_version(&library.version) != ncclSuccess || library.version < oldest_version) {
    return {.problem = fmt::format("{} is NCCL {}; 2.19 or newer is needed", file, version_text(library))};
  }
  return {.library = &library, .problem = {}};
}

}  // namespace

const NcclLookup& find_nccl() {
  static const NcclLookup found = look_up();
  return found;
}

}  // namespace ramet::cuda

#else

namespace ramet::cuda {

const NcclLookup& find_nccl() {
  static const NcclLookup found{.problem = "this build was made without NCCL's header nccl.h"};
  return found;
}

}  // namespace ramet::cuda

#endif

namespace ramet::cuda {

std::string version_text(const NcclLibrary& library) {
  const int v = library.version;
  return fmt::format("{}.{}.{}", v / 10000, v / 100 % 100, v % 100);
}

}  // namespace ramet::cuda
