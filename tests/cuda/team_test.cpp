// The threads that drive a session's devices.
#include "cuda/team.hpp"

#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cuda/device_group.hpp"
#include "cuda/host_comm.hpp"
#include "cuda/memory.hpp"
#include "cuda/stream.hpp"
#include "ramet/error.hpp"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace ramet::cuda {
namespace {

int current_device() {
  int device = -1;
  EXPECT_EQ(cudaGetDevice(&device), cudaSuccess);
  return device;
}

std::string error_of(const std::function<void()>& body) {
  try {
    body();
    return "none";
  } catch (const std::exception& e) {
    return e.what();
  }
}

TEST(Team, EachMemberRunsOnItsDevice) {
  for (const int members : {1, 2, 4}) {
    const test::Devices devices(members);
    Team team(devices.numbers());
    ASSERT_EQ(team.size(), members);
    std::vector<int> device(static_cast<std::size_t>(members), -1);
    team.run([&](int member) { device[member] = current_device(); });
    EXPECT_EQ(device, devices.numbers());
  }
}

TEST(Team, OfOneRunsOnTheCallersThreadAndLeavesItsDeviceAlone) {
  const test::Devices devices(2);
  const CurrentDevice first(devices.numbers()[0]);
  Team team({devices.numbers()[1]});
  std::thread::id thread;
  int device = -1;
  team.run([&](int) {
    thread = std::this_thread::get_id();
    device = current_device();
  });
  EXPECT_EQ(thread, std::this_thread::get_id());
  EXPECT_EQ(device, devices.numbers()[1]);
  EXPECT_EQ(current_device(), devices.numbers()[0]);
}

TEST(Team, MembersKeepTheirThreadsForLife) {
  const test::Devices devices(3);
  Team team(devices.numbers());
  std::vector<std::thread::id> first(3);
  team.run([&](int member) { first[member] = std::this_thread::get_id(); });
  for (int i = 0; i < 20; ++i) {
    std::vector<std::thread::id> again(3);
    team.run([&](int member) { again[member] = std::this_thread::get_id(); });
    EXPECT_EQ(again, first);
  }
  EXPECT_NE(first[0], first[1]);
  EXPECT_NE(first[1], first[2]);
}

// Plain variables: the team itself has to order what its members and the caller do (ThreadSanitizer looks).
TEST(Team, CallsAreOrderedAndComplete) {
  for (const int members : {1, 3}) {
    const test::Devices devices(members);
    Team team(devices.numbers());
    std::vector<std::int64_t> counts(static_cast<std::size_t>(members), 0);
    std::int64_t seen = 0;
    for (int i = 0; i < 2000; ++i) {
      team.run([&](int member) { counts[member] += i + member; });
      seen += std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
      counts.assign(counts.size(), 0);
    }
    EXPECT_EQ(seen, members * 1999 * 1000 + 2000 * (members * (members - 1) / 2));
  }
}

TEST(Team, FirstExceptionIsRethrownAfterAllHaveEnded) {
  const test::Devices devices(3);
  Team team(devices.numbers());
  std::atomic<int> ended = 0;
  std::atomic<bool> failed = false;
  team.on_failure([&](int) { failed = true; });
  for (int i = 0; i < 20; ++i) {
    ended = 0;
    failed = false;
    EXPECT_EQ(error_of([&] {
                team.run([&](int member) {
                  if (member == i % 3) throw Error(ErrorCode::invalid_data, "the cause");
                  while (!failed) std::this_thread::yield();
                  ++ended;
                  throw std::runtime_error("what follows");
                });
              }),
              "the cause");
    EXPECT_EQ(ended, 2);
  }
  team.run([&](int) { ++ended; });
  EXPECT_EQ(ended, 5) << "usable afterwards";
}

TEST(Team, FailureHookRunsForEachMemberThatFails) {
  for (const int members : {1, 3}) {
    const test::Devices devices(members);
    Team team(devices.numbers());
    std::vector<std::atomic<int>> failures(static_cast<std::size_t>(members));
    team.on_failure([&](int member) { ++failures[member]; });
    EXPECT_EQ(error_of([&] {
                team.run([&](int member) {
                  if (member != 1) throw std::runtime_error("no");
                });
              }),
              "no");
    for (int m = 0; m < members; ++m) EXPECT_EQ(failures[m], m == 1 ? 0 : 1);
  }
}

TEST(Team, MembersThatWaitInACollectiveAreWoken) {
  const test::Devices devices(3);
  Team team(devices.numbers());
  const auto ranks = in_process_communicators(3, 600.0);
  std::vector<std::unique_ptr<DeviceComm>> comms(3);
  team.run([&](int member) { comms[member] = host_comm(ranks[member]); });
  team.on_failure([&](int member) { comms[member]->abort(); });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(error_of([&] {
              team.run([&](int member) {
                const Stream stream;
                const DeviceArray<std::int64_t> values(4);
                fill_zero(values.data(), values.size(), stream.get());
                if (member == 1) {
                  std::this_thread::sleep_for(std::chrono::milliseconds(20));
                  throw Error(ErrorCode::out_of_memory, "member 1 is full");
                }
                comms[member]->all_reduce_sum(values.data(), values.size(), stream.get());
                ADD_FAILURE() << "member " << member << " was not told";
              });
            }),
            "member 1 is full");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

TEST(Team, MissingDeviceIsAnError) {
  const test::Devices devices(2);
  for (const std::vector<int>& numbers : {std::vector<int>{999}, {0, 999}, {999, 0}}) {
    try {
      const Team team(numbers);
      FAIL();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::device);
      EXPECT_THAT(e.what(), testing::HasSubstr("choosing a device"));
    }
  }
}

#if defined(__x86_64__)
TEST(Team, TasksRunInTheFloatModeOfTheContract) {
  const test::Devices devices(2);
  const unsigned callers = _mm_getcsr();
  _mm_setcsr(callers | 0x8040u | 0x2000u);  // denormals flushed, rounding down: threads inherit it
  for (const int members : {1, 2}) {
    Team team({devices.numbers().begin(), devices.numbers().begin() + members});
    std::vector<unsigned> modes(static_cast<std::size_t>(members), ~0u);
    team.run([&](int member) { modes[member] = _mm_getcsr() & 0xe040u; });
    EXPECT_EQ(modes, std::vector<unsigned>(static_cast<std::size_t>(members), 0u));
  }
  EXPECT_EQ(_mm_getcsr() & 0xe040u, (callers | 0x8040u | 0x2000u) & 0xe040u) << "the caller's is as it was";
  _mm_setcsr(callers);
}
#endif

}  // namespace
}  // namespace ramet::cuda
