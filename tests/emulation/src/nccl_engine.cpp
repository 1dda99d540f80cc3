#include "nccl_engine.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <set>
#include <utility>

#include "emulation/library.hpp"
#include "emulation/nccl_control.hpp"
#include "machine.hpp"

namespace emulation {
namespace {

std::atomic<double> time_limit = 60;
std::atomic<int> planned_failure = ncclSuccess;
std::atomic<std::int64_t> calls_until_failure = 0;

thread_local std::vector<NcclPending> pending;
thread_local ncclResult_t group_result = ncclSuccess;

// Of a communicator that does not block: ncclInProgress unless the others have arrived already.
ncclResult_t wait_for(const NcclPending& item) {
  NcclGroup& group = *item.group;
  std::unique_lock lock(group.mutex);
  const auto arrived = [&] {
    return item.posted != nullptr ? item.posted->done
                                  : group.joined == group.ranks || group.broken != ncclSuccess;
  };
  if (!item.comm->blocking && !arrived()) {
    if (item.posted != nullptr) {
      item.comm->outstanding.push_back(item.posted);
    }
    --item.comm->in_flight;
    group.changed.notify_all();
    return ncclInProgress;
  }
  const auto limit = std::chrono::duration<double>(time_limit.load());
  if (!group.changed.wait_for(lock, limit, arrived)) {
    group.fail(ncclSystemError, "a rank has waited for others beyond the time limit");
  }
  --item.comm->in_flight;
  const bool complete = group.joined == group.ranks;  // whatever has gone wrong since
  const ncclResult_t result = item.posted != nullptr ? item.posted->result
                              : complete             ? ncclSuccess
                                                     : group.broken;
  const std::string reason = group.reason;
  group.changed.notify_all();
  lock.unlock();
  if (result != ncclSuccess) {
    const std::lock_guard registry_lock(nccl_state().mutex);
    nccl_state().last_reason = reason;
  }
  return result;
}

// Memory of this device that this rank reads or writes.
bool usable(const ncclComm& comm, const void* data, std::size_t bytes) {
  if (bytes == 0) {
    return true;
  }
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  const Allocation* found = m.find(data);
  if (found == nullptr || (found->kind == MemoryKind::device && found->device != comm.device)) {
    return false;
  }
  const auto offset = static_cast<std::size_t>(static_cast<const char*>(data) - found->data);
  return bytes <= found->bytes - offset;
}

bool valid(const ncclComm& comm, const NcclCall& call) {
  const std::size_t bytes = call.count * size_of(call.type);
  const auto ranks = static_cast<std::size_t>(comm.group->ranks);
  const bool peer = call.peer >= 0 && call.peer < comm.group->ranks;
  const std::size_t sent = call.kind == Collective::reduce_scatter ? ranks * bytes : bytes;
  const std::size_t received = call.kind == Collective::all_gather ? ranks * bytes : bytes;
  const bool sends =
      call.kind != Collective::receive && (call.kind != Collective::broadcast || call.peer == comm.rank);
  const bool receives =
      call.kind != Collective::send && (call.kind != Collective::reduce || call.peer == comm.rank);
  return size_of(call.type) > 0 && peer && call.operation >= ncclSum && call.operation <= ncclMin &&
         (!sends || usable(comm, call.send, sent)) && (!receives || usable(comm, call.receive, received)) &&
         valid_stream(call.stream) && (call.stream == nullptr || device_of(call.stream) == comm.device);
}

void land(ncclComm* comm) {
  const auto group = comm->group;  // outlives the communicator
  const std::lock_guard lock(group->mutex);
  --comm->in_flight;
  group->changed.notify_all();
}

// Breaks the communicator because this rank's call has failed.
ncclResult_t give_up(ncclComm* comm, ncclResult_t error) {
  {
    const std::lock_guard lock(comm->group->mutex);
    comm->group->fail(ncclRemoteError, "rank " + std::to_string(comm->rank) + " failed");
  }
  land(comm);
  group_result = nccl_group_depth > 0 ? error : ncclSuccess;
  return error;
}

}  // namespace

thread_local int nccl_group_depth = 0;

NcclState& nccl_state() {
  static auto* const state = new NcclState();  // outlives static objects that hold communicators
  return *state;
}

ncclResult_t planned_nccl_failure() {
  if (planned_failure.load() == ncclSuccess || calls_until_failure.fetch_sub(1) > 0) {
    return ncclSuccess;
  }
  return static_cast<ncclResult_t>(planned_failure.exchange(ncclSuccess));
}

ncclResult_t finish_nccl_calls() {
  ncclResult_t result = std::exchange(group_result, ncclSuccess);
  for (const NcclPending& item : std::exchange(pending, {})) {
    const ncclResult_t one = wait_for(item);
    result = result == ncclSuccess || (result == ncclInProgress && one != ncclSuccess) ? one : result;
  }
  return result;
}

ncclResult_t wait_or_defer(NcclPending item) {
  pending.push_back(std::move(item));
  return nccl_group_depth > 0 ? ncclSuccess : finish_nccl_calls();
}

bool take_off(ncclComm* comm) {
  const std::lock_guard registry_lock(nccl_state().mutex);
  if (!nccl_state().communicators.contains(comm)) {
    return false;
  }
  const std::lock_guard lock(comm->group->mutex);
  ++comm->in_flight;
  return true;
}

ncclResult_t enqueue(ncclComm* comm, const NcclCall& call) {
  if (valid_stream(call.stream)) {
    run_until(end_of(call.stream));
  }
  if (!take_off(comm)) {
    return ncclInvalidArgument;
  }
  if (count_library_call("nccl") != cudaSuccess) {
    return give_up(comm, ncclUnhandledCudaError);
  }
  if (const ncclResult_t error = planned_nccl_failure(); error != ncclSuccess) {
    return give_up(comm, error);
  }
  if (!valid(*comm, call)) {
    return give_up(comm, ncclInvalidArgument);
  }
  const std::size_t pieces =
      call.kind == Collective::all_gather ? static_cast<std::size_t>(comm->group->ranks) : 1;
  note_written(call.receive, call.receive == nullptr ? 0 : pieces * call.count * size_of(call.type));
  auto posted = std::make_shared<Posted>();
  posted->call = call;
  {
    const std::lock_guard lock(comm->group->mutex);
    comm->group->post(comm->rank, posted);
  }
  return wait_or_defer({comm, comm->group, posted});
}

ncclResult_t join(ncclComm** comm, const std::shared_ptr<NcclGroup>& group, int rank, int device,
                  bool blocking) {
  {
    const std::lock_guard lock(group->mutex);
    int& place = group->devices[static_cast<std::size_t>(rank)];
    if (place >= 0 ||
        std::find(group->devices.begin(), group->devices.end(), device) != group->devices.end()) {
      group->fail(ncclInvalidUsage, "rank " + std::to_string(rank) + " or its device " +
                                        std::to_string(device) + " is in the communicator already");
      return ncclInvalidUsage;
    }
    place = device;
    ++group->joined;
    group->changed.notify_all();
  }
  *comm = new ncclComm{.group = group, .rank = rank, .device = device, .blocking = blocking};
  const std::lock_guard lock(nccl_state().mutex);
  nccl_state().communicators.insert(*comm);
  return ncclSuccess;
}

bool in_progress(ncclComm& comm) {
  std::erase_if(comm.outstanding, [](const auto& posted) { return posted->done; });
  return !comm.outstanding.empty() || comm.group->joined < comm.group->ranks;
}

ncclResult_t forget(ncclComm* comm, bool abort) {
  {
    const std::lock_guard lock(nccl_state().mutex);
    if (nccl_state().communicators.erase(comm) == 0) {
      return ncclInvalidArgument;
    }
  }
  {
    std::unique_lock lock(comm->group->mutex);
    if (abort || in_progress(*comm)) {
      comm->group->fail(ncclRemoteError, "rank " + std::to_string(comm->rank) + " has aborted");
    }
    comm->group->changed.wait(lock, [&] { return comm->in_flight == 0; });
  }
  delete comm;
  return ncclSuccess;
}

void set_nccl_time_limit(double seconds) { time_limit = seconds; }

void fail_next_nccl(ncclResult_t error, std::int64_t after_calls) {
  calls_until_failure = after_calls;
  planned_failure = error;
}

std::size_t live_communicators() {
  const std::lock_guard lock(nccl_state().mutex);
  return nccl_state().communicators.size();
}

}  // namespace emulation
