#include "cuda/device_comms.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "comm/agree.hpp"
#include "cuda/device_ranks.hpp"
#include "cuda/host_comm.hpp"
#include "cuda/layered_comm.hpp"
#include "cuda/nccl_comm.hpp"
#include "cuda/solo_comm.hpp"

namespace ramet::cuda {
namespace {

std::vector<int> gather_counts(Communicator& ranks, int mine) {
  const std::vector<std::int64_t> all = comm::gather_values(ranks, mine);
  return {all.begin(), all.end()};
}

bool all_distinct(const Team& team) {
  std::vector<int> devices;
  for (int m = 0; m < team.size(); ++m) devices.push_back(team.device(m));
  std::sort(devices.begin(), devices.end());
  return std::adjacent_find(devices.begin(), devices.end()) == devices.end();
}

// Why NCCL cannot join the devices of this process; empty if it can.
std::string obstacle(const Team& team, const DeviceCommOptions& options) {
  if (!options.nccl) return "as asked for";
  if (!all_distinct(team)) return "a device has several members";
  return find_nccl().problem;
}

// Rank 0's, on all ranks.
NcclId shared_id(Communicator& ranks) {
  NcclId id{};
  comm::together(ranks, [&] {
    if (find_nccl().library == nullptr)
      fail(ErrorCode::unsupported, "NCCL cannot be used: {}", find_nccl().problem);
    if (ranks.rank() == 0) id = make_nccl_id(*find_nccl().library);
  });
  const std::span<const char> mine(id.data(), ranks.rank() == 0 ? id.size() : 0);
  const std::vector<std::byte> all = ranks.all_gather(std::as_bytes(mine));
  check_internal(all.size() == id.size(), "{} bytes of an NCCL id", all.size());
  std::memcpy(id.data(), all.data(), id.size());
  return id;
}

}  // namespace

DeviceComms::DeviceComms(Team& team, const std::shared_ptr<Communicator>& ranks,
                         const DeviceCommOptions& options)
    : team_(team), members_(static_cast<std::size_t>(team.size())) {
  try {
    if (ranks == nullptr || ranks->size() == 1) {
      join_here(options);
    } else if (const auto* linked = dynamic_cast<const DeviceRanks*>(ranks.get());
               linked != nullptr && options.nccl) {
      join_by_nccl(*ranks, *linked, options);
    } else {
      join_by_host(ranks, options);
    }
  } catch (...) {
    close();
    throw;
  }
  team_.on_failure([this](int member) { members_[static_cast<std::size_t>(member)]->abort(); });
}

DeviceComms::~DeviceComms() {
  team_.on_failure({});
  close();
}

// At the same time: ends of an NCCL communicator wait for each other.
void DeviceComms::close() noexcept {
  try {
    team_.run([&](int member) { members_[static_cast<std::size_t>(member)].reset(); });
  } catch (...) {  // destructors do not throw; a device that is lost cannot be chosen
    members_.clear();
  }
}

void DeviceComms::make(const std::function<std::shared_ptr<DeviceComm>(int member)>& end) {
  team_.run([&](int member) { members_[static_cast<std::size_t>(member)] = end(member); });
}

void DeviceComms::join_here(const DeviceCommOptions& options) {
  const int devices = team_.size();
  if (devices == 1) {
    make([](int) { return solo_comm(); });
    route_ = "nothing to add up";
  } else if (const std::string why = obstacle(team_, options); why.empty()) {
    const NcclLibrary& library = *find_nccl().library;
    make_nccl(library, make_nccl_id(library), 0, devices, options);
  } else {
    const auto ends = in_process_communicators(devices, options.timeout_seconds);
    make([&](int member) { return host_comm(ends[static_cast<std::size_t>(member)]); });
    route_ = fmt::format("host memory, {} devices (NCCL is not used: {})", devices, why);
  }
}

void DeviceComms::make_nccl(const NcclLibrary& library, const NcclId& id, int first, int size,
                            const DeviceCommOptions& options) {
  const auto failure = std::make_shared<NcclFailure>();
  make([&](int member) {
    return nccl_comm(
        library, {.id = id, .rank = first + member, .size = size, .timeout_seconds = options.timeout_seconds},
        failure);
  });
  route_ = fmt::format("NCCL {}, {} devices", version_text(library), size);
}

void DeviceComms::join_by_nccl(Communicator& ranks, const DeviceRanks& linked,
                               const DeviceCommOptions& options) {
  const bool as_it_is = team_.size() == 1 && team_.device(0) == linked.device();
  if (comm::max(ranks, as_it_is ? 0 : 1) == 0) {
    members_[0] = linked.device_comm();
    route_ = fmt::format("the ranks' NCCL communicator, {} devices", ranks.size());
    return;
  }
  const std::vector<int> devices = gather_counts(ranks, team_.size());
  const NcclId id = shared_id(ranks);
  const int first = std::accumulate(devices.begin(), devices.begin() + ranks.rank(), 0);
  const int size = std::accumulate(devices.begin(), devices.end(), 0);
  comm::together(ranks, [&] { make_nccl(*find_nccl().library, id, first, size, options); });
}

void DeviceComms::join_by_host(const std::shared_ptr<Communicator>& ranks, const DeviceCommOptions& options) {
  const std::vector<int> devices = gather_counts(*ranks, team_.size());
  const bool layered = *std::max_element(devices.begin(), devices.end()) > 1;
  comm::together(*ranks, [&] {
    std::shared_ptr<DeviceComm> across;
    if (layered) join_here(options);
    team_.run([&](int member) {
      if (member == 0) across = host_comm(ranks);
    });
    make([&](int member) -> std::shared_ptr<DeviceComm> {
      auto& local = members_[static_cast<std::size_t>(member)];
      return layered ? layered_comm(std::move(local), across, devices) : across;
    });
    route_ = layered ? fmt::format("{}; {} ranks' communicator", route_, ranks->size())
                     : fmt::format("{} ranks' communicator, through host memory", ranks->size());
  });
}

}  // namespace ramet::cuda
