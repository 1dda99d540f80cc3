// How a rank's calls reach its group: each is posted and waits until the group has run it, or until the end
// of a group call.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "nccl_group.hpp"

namespace emulation {

// What the whole process shares; used under its mutex, which is taken before that of a group.
struct NcclState {
  std::mutex mutex;
  std::map<std::uint64_t, std::shared_ptr<NcclGroup>> groups;  // by the number in the unique id
  std::set<ncclComm*> communicators;
  std::uint64_t next_id = 1;
  std::string last_reason;
};
NcclState& nccl_state();

// Groups (ncclGroupStart) that the calling thread is in.
extern thread_local int nccl_group_depth;

// What a thread has begun and has to wait for.
struct NcclPending {
  ncclComm* comm;
  std::shared_ptr<NcclGroup> group;
  std::shared_ptr<Posted> posted;  // null: waits until all ranks have joined
};

// The failure planned for this call, if any.
ncclResult_t planned_nccl_failure();

// Makes the calling thread's device one of the group's ranks.
ncclResult_t join(ncclComm** comm, const std::shared_ptr<NcclGroup>& group, int rank, int device,
                  bool blocking);

// Whether some rank has not joined yet, or some of this rank's calls have not met the others'. Under the
// group's mutex.
bool in_progress(ncclComm& comm);

// Deletes a communicator once no call uses it any more; aborting, it makes such calls and all ranks' next
// ones fail.
ncclResult_t forget(ncclComm* comm, bool abort);

// Keeps the communicator from being deleted until wait_or_defer has waited. False: there is no such
// communicator.
bool take_off(ncclComm* comm);

// Waits (or not, if the communicator does not block), or leaves that to the end of the calling thread's
// outermost group.
ncclResult_t wait_or_defer(NcclPending item);

// Waits for all that has been deferred.
ncclResult_t finish_nccl_calls();

// Posts a call and waits as above. Any failure breaks the communicator for all ranks.
ncclResult_t enqueue(ncclComm* comm, const NcclCall& call);

}  // namespace emulation
