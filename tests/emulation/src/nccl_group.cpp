#include "nccl_group.hpp"

#include <cstring>

#include "machine.hpp"

namespace emulation {
namespace {

const char* name_of(Collective kind) {
  switch (kind) {
    case Collective::all_reduce:
      return "ncclAllReduce";
    case Collective::reduce_scatter:
      return "ncclReduceScatter";
    case Collective::all_gather:
      return "ncclAllGather";
    case Collective::broadcast:
      return "ncclBroadcast";
    case Collective::reduce:
      return "ncclReduce";
    case Collective::send:
      return "ncclSend";
    case Collective::receive:
      return "ncclRecv";
  }
  return "";
}

// Ranks that ask for different things at the same place in the order of their calls.
std::string mismatch(const std::vector<NcclCall>& calls) {
  const NcclCall& first = calls.front();
  const bool reduces = first.kind == Collective::all_reduce || first.kind == Collective::reduce_scatter ||
                       first.kind == Collective::reduce;
  const bool rooted = first.kind == Collective::broadcast || first.kind == Collective::reduce;
  for (std::size_t rank = 1; rank < calls.size(); ++rank) {
    const NcclCall& other = calls[rank];
    const std::string who = "rank " + std::to_string(rank) + " calls " + name_of(other.kind);
    if (other.kind != first.kind) {
      return who + " where rank 0 calls " + name_of(first.kind);
    }
    if (other.count != first.count) {
      return who + " with " + std::to_string(other.count) + " elements, rank 0 with " +
             std::to_string(first.count);
    }
    if (other.type != first.type || (reduces && other.operation != first.operation) ||
        (rooted && other.peer != first.peer)) {
      return who + " with another type, operation or root than rank 0";
    }
  }
  return {};
}

}  // namespace

void NcclGroup::post(int rank, const std::shared_ptr<Posted>& posted) {
  if (broken != ncclSuccess) {
    posted->done = true;
    posted->result = broken;
    return;
  }
  const NcclCall& call = posted->call;
  if (call.kind == Collective::send) {
    sends[{rank, call.peer}].push_back(posted);
    match_pair(rank, call.peer);
  } else if (call.kind == Collective::receive) {
    receives[{call.peer, rank}].push_back(posted);
    match_pair(call.peer, rank);
  } else {
    collectives[static_cast<std::size_t>(rank)].push_back(posted);
    match_collectives();
  }
}

void NcclGroup::match_collectives() {
  std::vector<NcclCall> calls;
  for (const auto& waiting : collectives) {
    if (waiting.empty()) {
      return;
    }
    calls.push_back(waiting.front()->call);
  }
  std::string problem = mismatch(calls);
  if (problem.empty()) {
    problem = run_collective(calls);
  }
  if (!problem.empty()) {
    fail(ncclInvalidArgument, problem);
    return;
  }
  for (auto& waiting : collectives) {
    waiting.front()->done = true;
    waiting.pop_front();
  }
  changed.notify_all();
}

void NcclGroup::match_pair(int from, int to) {
  auto& sent = sends[{from, to}];
  auto& received = receives[{from, to}];
  if (sent.empty() || received.empty()) {
    return;
  }
  const NcclCall& give = sent.front()->call;
  const NcclCall& take = received.front()->call;
  if (give.count != take.count || give.type != take.type) {
    fail(ncclInvalidArgument, "rank " + std::to_string(from) + " sends " + std::to_string(give.count) +
                                  " elements, rank " + std::to_string(to) + " receives " +
                                  std::to_string(take.count) + " or another type");
    return;
  }
  std::memmove(take.receive, give.send, give.count * size_of(give.type));
  sent.front()->done = received.front()->done = true;
  sent.pop_front();
  received.pop_front();
  changed.notify_all();
}

void NcclGroup::fail(ncclResult_t error, const std::string& why) {
  if (broken == ncclSuccess) {
    broken = error;
    reason = why;
  }
  const auto give_up = [&](std::deque<std::shared_ptr<Posted>>& waiting) {
    for (const auto& posted : waiting) {
      posted->done = true;
      posted->result = broken;
    }
    waiting.clear();
  };
  for (auto& waiting : collectives) {
    give_up(waiting);
  }
  for (auto& [ranks_of, waiting] : sends) {
    give_up(waiting);
  }
  for (auto& [ranks_of, waiting] : receives) {
    give_up(waiting);
  }
  changed.notify_all();
}

}  // namespace emulation
