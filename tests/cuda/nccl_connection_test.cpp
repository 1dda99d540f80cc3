// An NCCL that stalls, fails or blocks at each place where it can: the connection must end with an error, in
// time.
#include "cuda/nccl_connection.hpp"

#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "comm/ranks.hpp"
#include "cuda/device_group.hpp"
#include "cuda/stream.hpp"
#include "ramet/error.hpp"

namespace ramet::cuda {
namespace {

using ramet::test::Outcome;
using ramet::test::outcome_of;
using testing::HasSubstr;

constexpr NcclStatus ready{};
constexpr NcclStatus in_progress{.state = NcclState::in_progress, .code = 7};
constexpr NcclStatus broken{.state = NcclState::failed, .code = 2};
constexpr int for_ever = 1 << 30;

// What the library does, and what was asked of it.
struct Script {
  NcclStatus connect = ready;
  bool no_handle = false;
  std::atomic<int> polls_in_progress = 0;  // before `state` says anything else
  std::atomic<bool> async_error = false;
  NcclStatus finalize = ready;
  std::chrono::milliseconds abort_takes{0};

  std::atomic<int> aborts = 0;
  std::atomic<int> aborts_returned = 0;
  std::atomic<int> destroys = 0;
  std::atomic<int> finalizes = 0;
  std::mutex calls;
  std::atomic<int> overlaps = 0;  // calls on the handle at the same time, other than abort

  // As one call on the handle.
  template <class Body>
  NcclStatus alone(const Body& body) {
    const std::unique_lock lock(calls, std::try_to_lock);
    if (!lock.owns_lock()) ++overlaps;
    return body();
  }
};

std::shared_ptr<Script> script;

NcclLibrary scripted_library() {
  return {
      .version = 22809,
      .connect =
          [](NcclHandle* handle, const NcclId&, int, int) {
            *handle = script->no_handle ? nullptr : script.get();
            return script->connect;
          },
      .state =
          [](NcclHandle) {
            return script->alone([] {
              if (script->async_error) return broken;
              if (script->polls_in_progress > 0) {
                --script->polls_in_progress;
                return in_progress;
              }
              return ready;
            });
          },
      .finalize =
          [](NcclHandle) {
            ++script->finalizes;
            return script->alone([] { return script->finalize; });
          },
      .destroy =
          [](NcclHandle) {
            ++script->destroys;
            return ready;
          },
      .abort =
          [](NcclHandle handle) {
            const std::shared_ptr<Script> mine = script;
            EXPECT_EQ(handle, mine.get());
            ++mine->aborts;
            std::this_thread::sleep_for(mine->abort_takes);
            ++mine->aborts_returned;
            return ready;
          },
      .explain = [](NcclStatus status, NcclHandle) { return "code " + std::to_string(status.code); },
  };
}

class NcclConnections : public testing::Test {
 protected:
  void SetUp() override {
    script = std::make_shared<Script>();
    options_ = {.id = {}, .rank = 3, .size = 8, .timeout_seconds = 60.0, .clearing_seconds = 60.0};
  }
  void TearDown() override { EXPECT_EQ(script->overlaps, 0); }

  std::unique_ptr<NcclConnection> open() {
    return std::make_unique<NcclConnection>(library_, options_, failure_);
  }
  static void enqueue(NcclConnection& connection, const Stream& stream, NcclStatus status = ready) {
    connection.enqueue(stream.get(), [=](const NcclLibrary&, NcclHandle handle) {
      EXPECT_EQ(handle, script.get());
      return script->alone([&] { return status; });
    });
  }
  static void expect_failure(const Outcome& outcome, const std::string& why) {
    EXPECT_EQ(outcome.code, ErrorCode::communication);
    EXPECT_EQ(outcome.message, "communication failed: " + why);
  }
  // Runs body, which must take less than `limit`.
  static void within(std::chrono::milliseconds limit, const std::function<void()>& body) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, limit);
  }

  const test::Devices devices_{1};
  const NcclLibrary library_ = scripted_library();
  NcclEndOptions options_;
  std::shared_ptr<NcclFailure> failure_ = std::make_shared<NcclFailure>();
};

TEST_F(NcclConnections, GoodLife) {
  script->connect = in_progress;
  script->polls_in_progress = 20;
  auto connection = open();
  EXPECT_EQ(script->polls_in_progress, 0);
  const Stream stream;
  for (int i = 0; i < 10; ++i) {
    script->polls_in_progress = i;
    enqueue(*connection, stream, i > 0 ? in_progress : ready);
    connection->synchronize(stream.get());
  }
  script->finalize = in_progress;
  script->polls_in_progress = 5;
  connection.reset();
  EXPECT_EQ(script->finalizes, 1);
  EXPECT_EQ(script->destroys, 1);
  EXPECT_EQ(script->aborts, 0);
}

TEST_F(NcclConnections, ConnectingThatStallsTimesOut) {
  options_.timeout_seconds = 0.1;
  script->connect = in_progress;
  script->polls_in_progress = for_ever;
  expect_failure(outcome_of([&] { open(); }), "waited 0.1 s for the other ranks");
  EXPECT_EQ(script->aborts, 1);
  EXPECT_EQ(script->destroys, 0);
}

TEST_F(NcclConnections, ConnectingThatFailsIsExplained) {
  script->connect = broken;
  expect_failure(outcome_of([&] { open(); }), "NCCL: code 2");
  EXPECT_EQ(script->aborts, 1);
}

TEST_F(NcclConnections, ConnectingThatFailsAtOnceLeavesNothing) {
  script->connect = broken;
  script->no_handle = true;
  expect_failure(outcome_of([&] { open(); }), "NCCL: code 2");
  EXPECT_EQ(script->aborts, 0);
}

TEST_F(NcclConnections, ConnectingEndsWhenAnotherEndFails) {
  script->connect = in_progress;
  script->polls_in_progress = for_ever;
  const std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    failure_->set("rank 5 has given up");
  });
  within(std::chrono::seconds(20),
         [&] { expect_failure(outcome_of([&] { open(); }), "rank 5 has given up"); });
  EXPECT_EQ(script->aborts, 1);
}

TEST_F(NcclConnections, CollectiveThatStallsTimesOut) {
  options_.timeout_seconds = 0.1;
  const auto connection = open();
  const Stream stream;
  script->polls_in_progress = for_ever;
  expect_failure(outcome_of([&] { enqueue(*connection, stream, in_progress); }),
                 "waited 0.1 s for the other ranks");
  EXPECT_EQ(script->aborts, 1);
  expect_failure(outcome_of([&] { enqueue(*connection, stream); }), "waited 0.1 s for the other ranks");
  expect_failure(outcome_of([&] { connection->synchronize(stream.get()); }),
                 "waited 0.1 s for the other ranks");
}

TEST_F(NcclConnections, CollectiveThatFailsIsExplained) {
  const auto connection = open();
  const Stream stream;
  expect_failure(outcome_of([&] { enqueue(*connection, stream, broken); }), "NCCL: code 2");
  EXPECT_EQ(script->aborts, 1);
}

// A call that should return at once, but is stuck in NCCL until somebody aborts.
TEST_F(NcclConnections, CallThatBlocksIsReleasedWhenTheTimeIsOver) {
  options_.timeout_seconds = 0.1;
  const auto connection = open();
  const Stream stream;
  within(std::chrono::seconds(20), [&] {
    expect_failure(outcome_of([&] {
                     connection->enqueue(stream.get(), [](const NcclLibrary&, NcclHandle) {
                       while (script->aborts == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
                       return broken;
                     });
                   }),
                   "waited 0.1 s for the other ranks");
  });
  EXPECT_EQ(script->aborts, 1);
}

TEST_F(NcclConnections, ErrorBetweenCallsIsSeenByTheNext) {
  const auto connection = open();
  const Stream stream;
  enqueue(*connection, stream);
  script->async_error = true;
  within(std::chrono::seconds(20), [&] {
    while (!failure_->is_set()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  expect_failure(outcome_of([&] { connection->synchronize(stream.get()); }), "NCCL: code 2");
}

// Nothing is wrong with a rank that is busy elsewhere after its collectives are done.
TEST_F(NcclConnections, TimeRunsOnlyForCollectives) {
  options_.timeout_seconds = 0.1;
  auto connection = open();
  const Stream stream;
  for (int i = 0; i < 2; ++i) {
    enqueue(*connection, stream);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    connection->synchronize(stream.get());
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  EXPECT_FALSE(failure_->is_set());
  connection.reset();
  EXPECT_EQ(script->aborts, 0);
}

TEST_F(NcclConnections, AbortIsFinal) {
  auto connection = open();
  const Stream stream;
  connection->abort();
  expect_failure(outcome_of([&] { enqueue(*connection, stream); }), "rank 3 has given up");
  EXPECT_EQ(script->aborts, 1);
  connection->abort();
  connection.reset();
  EXPECT_EQ(script->aborts, 1);
  EXPECT_EQ(script->finalizes, 0);
}

TEST_F(NcclConnections, ClosingThatFailsOrStallsAborts) {
  open().reset();
  EXPECT_EQ(script->destroys, 1);
  for (const NcclStatus status : {broken, in_progress}) {
    failure_ = std::make_shared<NcclFailure>();
    script = std::make_shared<Script>();
    script->finalize = status;
    options_.clearing_seconds = 0.2;
    auto connection = open();
    script->polls_in_progress = for_ever;
    within(std::chrono::seconds(20), [&] { connection.reset(); });
    EXPECT_EQ(script->aborts, 1);
    EXPECT_EQ(script->destroys, 0);
  }
}

// ncclCommAbort has been seen to hang: whoever is told of a failure, or closes, does not wait for it for
// long.
TEST_F(NcclConnections, AbortThatHangsIsLeftBehind) {
  script->abort_takes = std::chrono::seconds(2);
  options_.clearing_seconds = 0.1;
  auto connection = open();
  const Stream stream;
  within(std::chrono::milliseconds(1900), [&] {
    connection->abort();
    expect_failure(outcome_of([&] { enqueue(*connection, stream); }), "rank 3 has given up");
    expect_failure(outcome_of([&] { enqueue(*connection, stream); }), "rank 3 has given up");
    connection.reset();
    EXPECT_EQ(script->aborts_returned, 0);
  });
  while (script->aborts_returned == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

#if __has_include("emulation/control.hpp")
TEST_F(NcclConnections, SynchronizeAsksUntilTheStreamIsDone) {
  const auto connection = open();
  const Stream stream;
  emulation::fail_next(cudaErrorNotReady);
  connection->synchronize(stream.get());
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

TEST_F(NcclConnections, DeviceErrorsAreNotMistakenForSilence) {
  const auto connection = open();
  const Stream stream;
  emulation::fail_next(cudaErrorECCUncorrectable);
  const Outcome outcome = outcome_of([&] { connection->synchronize(stream.get()); });
  emulation::reset();
  EXPECT_EQ(outcome.code, ErrorCode::device) << outcome.message;
}
#endif

}  // namespace
}  // namespace ramet::cuda
