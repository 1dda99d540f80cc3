// NCCL's calls, on the engine of nccl_engine.hpp.
#include "nccl.h"

#include <cstring>

#include "machine.hpp"
#include "nccl_engine.hpp"

using emulation::Collective;
using emulation::enqueue;
using emulation::nccl_state;
using emulation::NcclGroup;

ncclResult_t ncclGetVersion(int* version) {
  *version = NCCL_VERSION_CODE;
  return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  const std::lock_guard lock(nccl_state().mutex);
  *id = {};
  const std::uint64_t number = nccl_state().next_id++;
  std::memcpy(id->internal, &number, sizeof number);
  nccl_state().groups[number] = nullptr;
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int ranks, ncclUniqueId id, int rank,
                                    ncclConfig_t* config) {
  if (comm == nullptr || ranks < 1 || rank < 0 || rank >= ranks ||
      (config != nullptr && (config->magic != 0xcafebeef || config->size != sizeof(ncclConfig_t)))) {
    return ncclInvalidArgument;
  }
  *comm = nullptr;
  if (const ncclResult_t error = emulation::planned_nccl_failure(); error != ncclSuccess) {
    return error;
  }
  std::uint64_t number = 0;
  std::memcpy(&number, id.internal, sizeof number);
  std::shared_ptr<NcclGroup> group;
  {
    const std::lock_guard lock(nccl_state().mutex);
    const auto found = nccl_state().groups.find(number);
    if (found == nccl_state().groups.end()) {
      return ncclInvalidArgument;
    }
    if (found->second == nullptr) {
      found->second = std::make_shared<NcclGroup>(ranks);
    }
    group = found->second;
  }
  if (group->ranks != ranks) {
    return ncclInvalidArgument;
  }
  const bool blocking = config == nullptr || config->blocking != 0;
  const ncclResult_t joined = emulation::join(comm, group, rank, emulation::current_device(), blocking);
  if (joined != ncclSuccess) {
    return joined;
  }
  emulation::take_off(*comm);
  const ncclResult_t result = emulation::wait_or_defer({*comm, group, nullptr});
  if (result != ncclSuccess && result != ncclInProgress) {
    emulation::forget(*comm, true);
    *comm = nullptr;
  }
  return result;
}

ncclResult_t ncclCommInitRank(ncclComm_t* comm, int ranks, ncclUniqueId id, int rank) {
  return ncclCommInitRankConfig(comm, ranks, id, rank, nullptr);
}

ncclResult_t ncclCommInitAll(ncclComm_t* comms, int devices, const int* device_list) {
  if (devices < 1) {
    return ncclInvalidArgument;
  }
  auto group = std::make_shared<NcclGroup>(devices);
  for (int i = 0; i < devices; ++i) {
    emulation::join(&comms[i], group, i, device_list == nullptr ? i : device_list[i], true);
  }
  return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  ncclResult_t state = ncclSuccess;
  const ncclResult_t asked = ncclCommGetAsyncError(comm, &state);
  return asked != ncclSuccess ? asked : state;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  return comm == nullptr ? ncclSuccess : emulation::forget(comm, false);
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  return comm == nullptr ? ncclSuccess : emulation::forget(comm, true);
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* error) {
  const std::lock_guard registry_lock(nccl_state().mutex);
  if (!nccl_state().communicators.contains(comm)) {
    return ncclInvalidArgument;
  }
  const std::lock_guard lock(comm->group->mutex);
  const bool waits = emulation::in_progress(*comm);
  *error = comm->group->broken != ncclSuccess ? comm->group->broken : waits ? ncclInProgress : ncclSuccess;
  return ncclSuccess;
}

ncclResult_t ncclCommCount(ncclComm_t comm, int* count) {
  *count = comm->group->ranks;
  return ncclSuccess;
}

ncclResult_t ncclCommCuDevice(ncclComm_t comm, int* device) {
  *device = comm->device;
  return ncclSuccess;
}

ncclResult_t ncclCommUserRank(ncclComm_t comm, int* rank) {
  *rank = comm->rank;
  return ncclSuccess;
}

const char* ncclGetErrorString(ncclResult_t result) {
  switch (result) {
    case ncclSuccess:
      return "no error";
    case ncclUnhandledCudaError:
      return "unhandled cuda error";
    case ncclSystemError:
      return "unhandled system error";
    case ncclInternalError:
      return "internal error";
    case ncclInvalidArgument:
      return "invalid argument";
    case ncclInvalidUsage:
      return "invalid usage";
    case ncclRemoteError:
      return "remote process exited or there was a network error";
    case ncclInProgress:
      return "NCCL operation in progress";
    default:
      return "unknown result code";
  }
}

const char* ncclGetLastError(ncclComm_t) {
  static thread_local std::string text;
  const std::lock_guard lock(nccl_state().mutex);
  text = nccl_state().last_reason;
  return text.c_str();
}

ncclResult_t ncclReduce(const void* send, void* receive, size_t count, ncclDataType_t type,
                        ncclRedOp_t operation, int root, ncclComm_t comm, cudaStream_t stream) {
  return enqueue(comm, {Collective::reduce, send, receive, count, type, operation, root, stream});
}

ncclResult_t ncclBroadcast(const void* send, void* receive, size_t count, ncclDataType_t type, int root,
                           ncclComm_t comm, cudaStream_t stream) {
  return enqueue(comm, {Collective::broadcast, send, receive, count, type, ncclSum, root, stream});
}

ncclResult_t ncclBcast(void* data, size_t count, ncclDataType_t type, int root, ncclComm_t comm,
                       cudaStream_t stream) {
  return ncclBroadcast(data, data, count, type, root, comm, stream);
}

ncclResult_t ncclAllReduce(const void* send, void* receive, size_t count, ncclDataType_t type,
                           ncclRedOp_t operation, ncclComm_t comm, cudaStream_t stream) {
  return enqueue(comm, {Collective::all_reduce, send, receive, count, type, operation, 0, stream});
}

ncclResult_t ncclReduceScatter(const void* send, void* receive, size_t receive_count, ncclDataType_t type,
                               ncclRedOp_t operation, ncclComm_t comm, cudaStream_t stream) {
  return enqueue(comm,
                 {Collective::reduce_scatter, send, receive, receive_count, type, operation, 0, stream});
}

ncclResult_t ncclAllGather(const void* send, void* receive, size_t send_count, ncclDataType_t type,
                           ncclComm_t comm, cudaStream_t stream) {
  return enqueue(comm, {Collective::all_gather, send, receive, send_count, type, ncclSum, 0, stream});
}

ncclResult_t ncclSend(const void* send, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return enqueue(comm, {Collective::send, send, nullptr, count, type, ncclSum, peer, stream});
}

ncclResult_t ncclRecv(void* receive, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return enqueue(comm, {Collective::receive, nullptr, receive, count, type, ncclSum, peer, stream});
}

ncclResult_t ncclGroupStart() {
  ++emulation::nccl_group_depth;
  return ncclSuccess;
}

ncclResult_t ncclGroupEnd() {
  if (emulation::nccl_group_depth == 0) {
    return ncclInvalidUsage;
  }
  return --emulation::nccl_group_depth > 0 ? ncclSuccess : emulation::finish_nccl_calls();
}
