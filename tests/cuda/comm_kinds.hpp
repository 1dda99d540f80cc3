// The ways of adding up over devices, as tests see them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "comm/ranks.hpp"
#include "cuda/device_comm.hpp"
#include "cuda/device_group.hpp"

namespace ramet::cuda::test {

// A group that is still to be opened: each member on its own thread, with its device current.
struct CommGroup {
  std::vector<int> devices;  // by member
  std::function<std::shared_ptr<DeviceComm>(int member)> open;
};

struct CommKind {
  std::string name;
  std::vector<int> ranks;  // devices of each rank
  std::function<CommGroup(const std::vector<int>& devices, double timeout_seconds)> make;
  bool needs_distinct_devices = false;
  bool sees_unequal_lengths = true;

  int size() const;
};

std::vector<CommKind> comm_kinds();
std::vector<CommKind> comm_kinds_of_several();

// Opens each end on a thread of its own, runs `body`, and closes the ends there when all have ended.
std::vector<ramet::test::Outcome> run_members(const CommGroup& group,
                                              const std::function<void(DeviceComm&)>& body);

}  // namespace ramet::cuda::test
