#include "cuda/comm_kinds.hpp"

#include <latch>
#include <numeric>
#include <thread>
#include <utility>

#include "cuda/host_comm.hpp"
#include "cuda/layered_comm.hpp"
#include "cuda/nccl_comm.hpp"
#include "cuda/solo_comm.hpp"
#include "cuda/stream.hpp"
#include "ramet/communicator.hpp"

namespace ramet::cuda::test {
namespace {

#if __has_include("emulation/control.hpp")
constexpr bool emulated = true;
#else
constexpr bool emulated = false;
#endif

using Devices = std::vector<int>;

CommGroup open_solo(const Devices& devices, double) {
  return {.devices = devices, .open = [](int) { return solo_comm(); }};
}

CommGroup open_host(const Devices& devices, double timeout_seconds) {
  const auto ends = in_process_communicators(static_cast<int>(devices.size()), timeout_seconds);
  return {.devices = devices, .open = [ends](int member) { return host_comm(ends[member]); }};
}

// Ends that know of each other's failures at once, as in one process, or only through NCCL.
CommGroup open_nccl(const Devices& devices, double timeout_seconds, bool one_process) {
  const NcclLibrary& library = *find_nccl().library;
  const NcclId id = make_nccl_id(library);
  const auto shared = std::make_shared<NcclFailure>();
  const int size = static_cast<int>(devices.size());
  return {.devices = devices, .open = [=, &library](int member) {
            return nccl_comm(library,
                             {.id = id, .rank = member, .size = size, .timeout_seconds = timeout_seconds},
                             one_process ? shared : std::make_shared<NcclFailure>());
          }};
}
CommGroup open_nccl_here(const Devices& devices, double timeout_seconds) {
  return open_nccl(devices, timeout_seconds, true);
}
CommGroup open_nccl_apart(const Devices& devices, double timeout_seconds) {
  return open_nccl(devices, timeout_seconds, false);
}

// Ranks of several devices each, which are joined by `open_local`.
CommGroup open_layered(const Devices& ranks, const Devices& devices, double timeout_seconds,
                       CommGroup (*open_local)(const Devices& devices, double timeout_seconds)) {
  const auto communicators = in_process_communicators(static_cast<int>(ranks.size()), timeout_seconds);
  std::vector<std::function<std::shared_ptr<DeviceComm>()>> open;
  auto first = devices.begin();
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    const Devices mine(first, first + ranks[r]);
    first += ranks[r];
    const CurrentDevice current(mine[0]);
    const std::shared_ptr<DeviceComm> across = host_comm(communicators[r]);
    const CommGroup local = open_local(mine, timeout_seconds);
    for (int m = 0; m < ranks[r]; ++m)
      open.emplace_back([=] { return layered_comm(local.open(m), across, ranks); });
  }
  return {.devices = devices, .open = [open](int member) { return open[member](); }};
}

CommKind layered(std::string name, const Devices& ranks,
                 CommGroup (*open_local)(const Devices& devices, double timeout_seconds)) {
  return {
      .name = std::move(name), .ranks = ranks, .make = [=](const Devices& devices, double timeout_seconds) {
        return open_layered(ranks, devices, timeout_seconds, open_local);
      }};
}

// NCCL itself wants a device for each member, and does not see whether they ask for the same.
CommKind by_nccl(CommKind kind) {
  kind.needs_distinct_devices = true;
  kind.sees_unequal_lengths = emulated;
  return kind;
}

}  // namespace

int CommKind::size() const { return std::accumulate(ranks.begin(), ranks.end(), 0); }

std::vector<CommKind> comm_kinds_of_several() {
  std::vector<CommKind> kinds;
  for (const int size : {2, 3, 4}) kinds.push_back({"host_" + std::to_string(size), {size}, open_host});
  if (find_nccl().library != nullptr) {
    kinds.push_back(by_nccl({"nccl_2", {2}, open_nccl_here}));
    kinds.push_back(by_nccl({"nccl_4", {4}, open_nccl_here}));
    kinds.push_back(by_nccl({"nccl_apart_3", {3}, open_nccl_apart}));
    kinds.push_back(by_nccl(layered("layered_nccl_2_2", {2, 2}, open_nccl_here)));
  }
  kinds.push_back(layered("layered_host_2_2", {2, 2}, open_host));
  kinds.push_back(layered("layered_host_1_3", {1, 3}, open_host));
  kinds.push_back(layered("layered_host_2_1_1", {2, 1, 1}, open_host));
  return kinds;
}

std::vector<CommKind> comm_kinds() {
  std::vector<CommKind> kinds = comm_kinds_of_several();
  kinds.push_back({"solo", {1}, open_solo});
  kinds.push_back({"host_1", {1}, open_host});
  if (find_nccl().library != nullptr) kinds.push_back(by_nccl({"nccl_1", {1}, open_nccl_here}));
  kinds.push_back(layered("layered_host_1", {1}, open_host));
  return kinds;
}

std::vector<ramet::test::Outcome> run_members(const CommGroup& group,
                                              const std::function<void(DeviceComm&)>& body) {
  std::vector<ramet::test::Outcome> outcomes(group.devices.size());
  std::latch ended(static_cast<std::ptrdiff_t>(group.devices.size()));
  std::vector<std::jthread> threads;
  for (std::size_t m = 0; m < group.devices.size(); ++m) {
    threads.emplace_back([&, m] {
      std::shared_ptr<DeviceComm> end;
      outcomes[m] = ramet::test::outcome_of([&] {
        (void)cudaSetDevice(group.devices[m]);
        end = group.open(static_cast<int>(m));
        body(*end);
      });
      ended.arrive_and_wait();
    });
  }
  threads.clear();  // joins
  return outcomes;
}

}  // namespace ramet::cuda::test
