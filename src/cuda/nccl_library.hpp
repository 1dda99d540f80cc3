// The part of NCCL that Ramet uses, found when it is first needed: neither a build nor a machine has to have
// it.
#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ramet::cuda {

// What ranks must share to find each other.
using NcclId = std::array<char, 128>;
// ncclComm_t
using NcclHandle = void*;

enum class NcclState : std::uint8_t { ready, in_progress, failed };
struct NcclStatus {
  NcclState state = NcclState::ready;
  int code = 0;  // ncclResult_t
};

enum class Reduction : std::uint8_t { sum, max };

// NCCL's functions of the same names, in Ramet's types. Handles are non-blocking: a call may leave its work
// `in_progress`; then no other call may follow until `state` says something else. One thread at a time for a
// handle, but for `abort`.
struct NcclLibrary {
  int version = 0;  // as NCCL counts: 22809 is 2.28.9
  NcclStatus (*make_id)(NcclId& id) = nullptr;
  NcclStatus (*connect)(NcclHandle* handle, const NcclId& id, int rank, int size) = nullptr;
  NcclStatus (*state)(NcclHandle handle) = nullptr;
  NcclStatus (*all_reduce)(NcclHandle handle, std::int64_t* values, std::size_t count, Reduction reduction,
                           cudaStream_t stream) = nullptr;
  // One group of as many calls as there are arrays.
  NcclStatus (*reduce_scatter_sum)(NcclHandle handle, std::span<std::int64_t* const> arrays,
                                   std::size_t block, int rank, cudaStream_t stream) = nullptr;
  NcclStatus (*all_gather)(NcclHandle handle, void* data, std::size_t bytes, int rank,
                           cudaStream_t stream) = nullptr;
  NcclStatus (*finalize)(NcclHandle handle) = nullptr;
  NcclStatus (*destroy)(NcclHandle handle) = nullptr;
  NcclStatus (*abort)(NcclHandle handle) = nullptr;
  // What a failure means. The handle may be null.
  std::string (*explain)(NcclStatus status, NcclHandle handle) = nullptr;
};

struct NcclLookup {
  const NcclLibrary* library = nullptr;  // null if NCCL cannot be used
  std::string problem;                   // why, and what would help
};

// Looks for libnccl.so.2 once. The environment variable RAMET_NCCL may name another file, or be 0 to do
// without.
const NcclLookup& find_nccl();

// "2.28.9"
std::string version_text(const NcclLibrary& library);

}  // namespace ramet::cuda
