// The ends of all of a session's devices, and the choice of how they talk to each other.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cuda/device_comm.hpp"
#include "cuda/nccl_library.hpp"
#include "cuda/team.hpp"
#include "ramet/communicator.hpp"

namespace ramet::cuda {

class DeviceRanks;

// The same on all ranks.
struct DeviceCommOptions {
  bool nccl = true;  // false: through host memory, also where NCCL could be used
  // How long a device waits for the others. Where ranks talk by their communicator, its limit holds.
  double timeout_seconds = 600.0;
};

// One DeviceComm for each member of the team. Members are numbered by rank, then by member, as rows are.
//   one device in all                        nothing to do
//   several, in one process                  NCCL; host memory where NCCL cannot be used
//   ranks that talk by NCCL                  NCCL: their own communicator, or one of all devices
//   other ranks                              the above among a rank's devices, `ranks` among ranks
class DeviceComms {
 public:
  // Collective over `ranks`, which may be null for a rank alone; called from the thread that uses `ranks`.
  // From here on a member that fails in team.run() aborts its end. Throws Error{communication},
  // Error{device}.
  DeviceComms(Team& team, const std::shared_ptr<Communicator>& ranks, const DeviceCommOptions& options = {});
  DeviceComms(const DeviceComms&) = delete;
  DeviceComms& operator=(const DeviceComms&) = delete;
  // Ends need each other and their threads to close: before the team's end.
  ~DeviceComms();

  // To be used on the member's thread (abort: on any).
  DeviceComm& operator[](int member) const { return *members_[static_cast<std::size_t>(member)]; }

  // How they talk, for the log: e.g. "NCCL 2.28.9 (4 devices)".
  const std::string& route() const noexcept { return route_; }

 private:
  void join_here(const DeviceCommOptions& options);
  void join_by_nccl(Communicator& ranks, const DeviceRanks& linked, const DeviceCommOptions& options);
  void join_by_host(const std::shared_ptr<Communicator>& ranks, const DeviceCommOptions& options);
  // Makes each member's end on its thread.
  void make(const std::function<std::shared_ptr<DeviceComm>(int member)>& end);
  void make_nccl(const NcclLibrary& library, const NcclId& id, int first, int size,
                 const DeviceCommOptions& options);
  void close() noexcept;

  Team& team_;
  std::vector<std::shared_ptr<DeviceComm>> members_;
  std::string route_;
};

}  // namespace ramet::cuda
