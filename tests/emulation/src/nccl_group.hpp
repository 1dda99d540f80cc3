// The ranks of a communicator, and the collectives that they meet in.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "nccl.h"

namespace emulation {

enum class Collective { all_reduce, reduce_scatter, all_gather, broadcast, reduce, send, receive };

// One rank's part in an operation.
struct NcclCall {
  Collective kind;
  const void* send;
  void* receive;
  std::size_t count;
  ncclDataType_t type;
  ncclRedOp_t operation;
  int peer;  // the root, or the other side of a send or receive
  cudaStream_t stream;
};

// A call that waits for its partners.
struct Posted {
  NcclCall call;
  bool done = false;
  ncclResult_t result = ncclSuccess;
};

// All members are used under `mutex`.
struct NcclGroup {
  explicit NcclGroup(int size) : ranks(size), collectives(static_cast<std::size_t>(size)) {}

  const int ranks;
  std::mutex mutex;
  std::condition_variable changed;
  int joined = 0;
  std::vector<int> devices =
      std::vector<int>(static_cast<std::size_t>(ranks), -1);                 // by rank, -1: not joined
  std::vector<std::deque<std::shared_ptr<Posted>>> collectives;              // by rank, those not matched yet
  std::map<std::pair<int, int>, std::deque<std::shared_ptr<Posted>>> sends;  // by from and to
  std::map<std::pair<int, int>, std::deque<std::shared_ptr<Posted>>> receives;  // likewise
  ncclResult_t broken = ncclSuccess;  // what every call fails with from now on
  std::string reason;

  void post(int rank, const std::shared_ptr<Posted>& posted);
  // Fails all calls that wait, and those to come.
  void fail(ncclResult_t error, const std::string& why);

 private:
  void match_collectives();
  void match_pair(int from, int to);
};

std::size_t size_of(ncclDataType_t type);  // 0: not a type that the emulation has

// Runs a collective of all ranks; `calls` are theirs by rank. Empty: done, else what is wrong.
std::string run_collective(const std::vector<NcclCall>& calls);

}  // namespace emulation

struct ncclComm {
  std::shared_ptr<emulation::NcclGroup> group;
  int rank;
  int device;
  bool blocking;
  std::vector<std::shared_ptr<emulation::Posted>> outstanding =
      {};             // of calls that have not blocked; likewise
  int in_flight = 0;  // calls of other threads that still use this object; under the group's mutex
};
