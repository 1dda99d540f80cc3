// The choice of how a session's devices talk to each other.
#include "cuda/device_comms.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "comm/ranks.hpp"
#include "cuda/device_group.hpp"
#include "cuda/device_ranks.hpp"
#include "cuda/memory.hpp"
#include "cuda/nccl_communicator.hpp"
#include "cuda/nccl_library.hpp"
#include "cuda/stream.hpp"
#include "ramet/error.hpp"

namespace ramet::cuda {
namespace {

using ramet::test::Outcome;
using ramet::test::run_ranks;
using testing::HasSubstr;

// What one rank does with its share of the devices.
using RankBody = std::function<void(Team& team, DeviceComms& comms, Communicator& ranks)>;
using Devices = std::vector<int>;

std::int64_t sum_of(DeviceComm& comm, std::int64_t value) {
  const Stream stream;
  const DeviceArray<std::int64_t> one(1);
  copy(one.data(), &value, 1, stream.get());
  comm.all_reduce_sum(one.data(), 1, stream.get());
  std::int64_t sum = 0;
  copy(&sum, one.data(), 1, stream.get());
  comm.synchronize(stream.get());
  return sum;
}

// Rank r has devices[r]; `open` gives its communicator on its thread.
std::vector<Outcome> on_ranks(const std::vector<Devices>& devices,
                              const std::function<std::shared_ptr<Communicator>(int rank)>& open,
                              const RankBody& body, const DeviceCommOptions& options = {}) {
  return run_ranks(static_cast<int>(devices.size()), [&](const std::shared_ptr<Communicator>& number) {
    const int r = number->rank();
    const std::shared_ptr<Communicator> ranks = open(r);
    Team team(devices[static_cast<std::size_t>(r)]);
    DeviceComms comms(team, ranks, options);
    body(team, comms, *ranks);
  });
}

void expect_no_failure(const std::vector<Outcome>& outcomes) {
  for (const Outcome& outcome : outcomes) EXPECT_FALSE(outcome.failed) << outcome.message;
}

// Members are numbered by rank and then by member, and sums go over all of them.
RankBody checks(const std::vector<Devices>& devices, const std::string& route) {
  return [=](Team& team, DeviceComms& comms, Communicator& ranks) {
    int first = 0;
    int size = 0;
    for (std::size_t r = 0; r < devices.size(); ++r) {
      const int here = static_cast<int>(devices[r].size());
      if (static_cast<int>(r) < ranks.rank()) first += here;
      size += here;
    }
    EXPECT_THAT(comms.route(), HasSubstr(route));
    for (int time = 0; time < 3; ++time) {
      team.run([&](int member) {
        EXPECT_EQ(comms[member].rank(), first + member);
        EXPECT_EQ(comms[member].size(), size);
        EXPECT_EQ(sum_of(comms[member], 1 << (first + member)), (1 << size) - 1);
      });
    }
  };
}

bool with_nccl(const test::Devices& devices) { return find_nccl().library != nullptr && devices.distinct(); }

TEST(DeviceComms, OneDeviceHasNothingToAddUp) {
  const test::Devices devices(1);
  Team team(devices.numbers());
  for (const auto& alone : {std::shared_ptr<Communicator>(), single_communicator()}) {
    DeviceComms comms(team, alone);
    EXPECT_EQ(comms.route(), "nothing to add up");
    EXPECT_EQ(comms[0].size(), 1);
    team.run([&](int member) { EXPECT_EQ(sum_of(comms[member], 5), 5); });
  }
}

TEST(DeviceComms, DevicesOfOneProcessUseNccl) {
  const test::Devices devices(3);
  if (!with_nccl(devices)) GTEST_SKIP() << "no NCCL or too few devices";
  expect_no_failure(on_ranks(
      {devices.numbers()}, [](int) { return single_communicator(); },
      checks({devices.numbers()}, "NCCL " + version_text(*find_nccl().library))));
}

TEST(DeviceComms, HostMemoryWhereNcclIsNotUsed) {
  const test::Devices devices(3);
  const auto alone = [](int) { return single_communicator(); };
  expect_no_failure(on_ranks({devices.numbers()}, alone,
                             checks({devices.numbers()}, "host memory, 3 devices"), {.nccl = false}));
  const Devices twice{devices.numbers()[0], devices.numbers()[0]};
  expect_no_failure(
      on_ranks({twice}, alone, checks({twice}, "NCCL is not used: a device has several members")));
}

TEST(DeviceComms, RanksOfOneDeviceEach) {
  const test::Devices devices(3);
  const std::vector<Devices> each{{devices.numbers()[0]}, {devices.numbers()[1]}, {devices.numbers()[2]}};
  const auto ranks = in_process_communicators(3, 60.0);
  expect_no_failure(on_ranks(
      each, [&](int r) { return ranks[r]; }, checks(each, "3 ranks' communicator, through host")));
}

TEST(DeviceComms, RanksOfSeveralDevices) {
  const test::Devices all(4);
  const Devices& d = all.numbers();
  for (const std::vector<Devices>& devices :
       {std::vector<Devices>{{d[0], d[1]}, {d[2], d[3]}}, {{d[0]}, {d[1], d[2], d[3]}}}) {
    for (const bool nccl : {true, false}) {
      const auto ranks = in_process_communicators(2, 60.0);
      expect_no_failure(on_ranks(devices, [&](int r) { return ranks[r]; },
                                 checks(devices, "2 ranks' communicator"), {.nccl = nccl}));
    }
  }
}

std::shared_ptr<Communicator> open_rank(const std::string& id, int rank, int size, int device) {
  return open_nccl_communicator({.id = id, .rank = rank, .size = size, .device = device});
}

TEST(DeviceComms, NcclRanksShareTheirCommunicator) {
  const test::Devices all(2);
  if (!with_nccl(all)) GTEST_SKIP() << "no NCCL or too few devices";
  const std::vector<Devices> devices{{all.numbers()[0]}, {all.numbers()[1]}};
  const std::string id = nccl_id();
  expect_no_failure(on_ranks(
      devices, [&](int r) { return open_rank(id, r, 2, devices[r][0]); },
      [&](Team& team, DeviceComms& comms, Communicator& ranks) {
        EXPECT_EQ(&comms[0], dynamic_cast<DeviceRanks&>(ranks).device_comm().get());
        checks(devices, "the ranks' NCCL communicator")(team, comms, ranks);
        std::vector<std::int64_t> values(2, 1);
        ranks.all_reduce_sum(values);
        EXPECT_EQ(values[0], 2);
      }));
}

TEST(DeviceComms, NcclRanksOfSeveralOrOtherDevicesGetOneOfTheirOwn) {
  const test::Devices all(4);
  if (!with_nccl(all)) GTEST_SKIP() << "no NCCL or too few devices";
  const Devices& d = all.numbers();
  const std::string nccl = "NCCL " + version_text(*find_nccl().library) + ", ";
  for (const std::vector<Devices>& devices :
       {std::vector<Devices>{{d[0], d[1]}, {d[2], d[3]}}, {{d[0]}, {d[1], d[2], d[3]}}, {{d[2]}, {d[1]}}}) {
    const std::string id = nccl_id();
    expect_no_failure(on_ranks(
        devices, [&](int r) { return open_rank(id, r, 2, d[r]); }, checks(devices, nccl)));
  }
}

TEST(DeviceComms, HostMemoryOnRequestForNcclRanks) {
  const test::Devices all(2);
  if (!with_nccl(all)) GTEST_SKIP() << "no NCCL or too few devices";
  const std::vector<Devices> devices{{all.numbers()[0]}, {all.numbers()[1]}};
  const std::string id = nccl_id();
  expect_no_failure(on_ranks(devices, [&](int r) { return open_rank(id, r, 2, devices[r][0]); },
                             checks(devices, "through host memory"), {.nccl = false}));
}

// The member that fails tells all others, of its own rank and of others, wherever they wait.
void expect_failure_reaches_all(const std::vector<Devices>& devices,
                                const std::function<std::shared_ptr<Communicator>(int rank)>& open,
                                const DeviceCommOptions& options = {}) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::string> errors(devices.size());
  const auto outcomes = on_ranks(
      devices, open,
      [&](Team& team, DeviceComms& comms, Communicator& ranks) {
        const auto task = [&](int member) {
          for (int i = 0; i < 1000; ++i) {
            if (i == 3 && ranks.rank() == 0 && member == team.size() - 1) throw std::runtime_error("cause");
            sum_of(comms[member], i);
          }
        };
        errors[ranks.rank()] = ramet::test::outcome_of([&] { team.run(task); }).message;
      },
      options);
  expect_no_failure(outcomes);
  EXPECT_EQ(errors[0], "not a ramet::Error: cause") << "what came first is what is told";
  for (std::size_t r = 1; r < errors.size(); ++r) EXPECT_THAT(errors[r], HasSubstr("communication failed: "));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(DeviceComms, FailuresReachAllMembers) {
  const test::Devices all(4);
  const Devices& d = all.numbers();
  const std::vector<Devices> one{{d[0], d[1], d[2]}};
  const std::vector<Devices> two{{d[0], d[1]}, {d[2], d[3]}};
  const std::vector<Devices> single{{d[0]}, {d[1]}};
  for (const bool nccl : {true, false}) {
    expect_failure_reaches_all(one, [](int) { return single_communicator(); }, {.nccl = nccl});
    for (const auto& devices : {two, single}) {
      const auto ranks = in_process_communicators(2, 60.0);
      expect_failure_reaches_all(devices, [&](int r) { return ranks[r]; }, {.nccl = nccl});
    }
  }
  if (!with_nccl(all)) return;
  for (const auto& devices : {two, single}) {
    const std::string id = nccl_id();
    expect_failure_reaches_all(devices, [&](int r) { return open_rank(id, r, 2, d[r]); });
  }
}

// Failures on the way in are told to all, too, and leave nothing that waits.
TEST(DeviceComms, FailureToJoinReachesAllRanks) {
  const test::Devices all(3);
  const Devices& d = all.numbers();
  const auto ranks = in_process_communicators(2, 60.0);
  std::atomic<int> failed = 0;
  run_ranks(ranks, [&](const std::shared_ptr<Communicator>& rank) {
    Team team(rank->rank() == 0 ? Devices{d[0], d[1]} : Devices{d[2]});
    if (rank->rank() == 0) rank->abort();
    const Outcome outcome = ramet::test::outcome_of([&] { const DeviceComms comms(team, rank); });
    EXPECT_EQ(outcome.code, ErrorCode::communication) << outcome.message;
    failed += outcome.failed ? 1 : 0;
    team.run([](int) {});  // is as it was
  });
  EXPECT_EQ(failed, 2);
}

}  // namespace
}  // namespace ramet::cuda
