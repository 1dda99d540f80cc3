// The communicators of this floor: those that every kind must be like, and what is particular to each.
#include "ramet/communicator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <random>
#include <thread>

#include "comm/agree.hpp"
#include "comm/conformance.hpp"
#include "comm/ranks.hpp"
#include "ramet/error.hpp"

namespace ramet::test {
namespace {

Ranks make_single(int, double) { return {single_communicator()}; }

INSTANTIATE_TEST_SUITE_P(AllKinds, Conformance,
                         testing::Values(Kind{"single", 1, make_single},
                                         Kind{"in_process_1", 1, in_process_communicators},
                                         Kind{"in_process_2", 2, in_process_communicators},
                                         Kind{"in_process_3", 3, in_process_communicators},
                                         Kind{"in_process_8", 8, in_process_communicators}),
                         kind_name);
INSTANTIATE_TEST_SUITE_P(AllKinds, FailureConformance,
                         testing::Values(Kind{"in_process_2", 2, in_process_communicators},
                                         Kind{"in_process_5", 5, in_process_communicators}),
                         kind_name);

TEST(InProcess, AbortRaisesOnAllRanks) {
  for (const int ranks : {1, 2, 5}) {
    expect_all_fail(
        in_process_communicators(ranks, 60.0),
        [&](Communicator& communicator) {
          if (communicator.rank() == ranks - 1) communicator.abort();
          comm::sum(communicator, 1);
        },
        "has given up");
  }
}

TEST(InProcess, AbortWakesThoseThatWait) {
  expect_all_fail(
      in_process_communicators(3, 60.0),
      [](Communicator& communicator) {
        if (communicator.rank() == 1) {
          std::this_thread::sleep_for(std::chrono::milliseconds(50));
          communicator.abort();
        }
        communicator.all_gather({});
      },
      "rank 1 has given up");
}

TEST(InProcess, MissingRankTimesOut) {
  expect_all_fail(
      in_process_communicators(3, 0.05),
      [](Communicator& communicator) {
        if (communicator.rank() == 2) std::this_thread::sleep_for(std::chrono::milliseconds(500));
        comm::sum(communicator, 1);
      },
      "waited 0.05 s");
}

TEST(InProcess, DestroyedRankIsNotWaitedFor) {
  Ranks ranks = in_process_communicators(2, 60.0);
  ranks[1].reset();
  const Outcome outcome = outcome_of([&] { comm::sum(*ranks[0], 1); });
  EXPECT_EQ(outcome.code, ErrorCode::communication);
  EXPECT_THAT(outcome.message, testing::HasSubstr("rank 1 has left"));
}

// Random calls, delays and failures: each rank ends with an error, and what it computed before was right.
TEST(InProcess, RandomFailuresNeverHang) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937 plan(seed);
    const int ranks = 2 + static_cast<int>(plan() % 4);
    const int faulty = static_cast<int>(plan() % ranks);
    const int at = static_cast<int>(plan() % 20);
    const unsigned fault = plan() % 4;
    expect_all_fail(
        in_process_communicators(ranks, 0.1),
        [&](Communicator& communicator) {
          std::mt19937 random(seed * 100 + static_cast<unsigned>(communicator.rank()));
          for (int call = 0;; ++call) {
            if (random() % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));
            if (call == at && communicator.rank() == faulty) {
              Values values(3);
              if (fault == 0) communicator.abort();
              if (fault == 1) std::this_thread::sleep_for(std::chrono::milliseconds(250));
              if (fault == 2) communicator.all_reduce_max(values);
              if (fault == 3) communicator.all_gather({});
            }
            Values values{1, communicator.rank()};
            communicator.all_reduce_sum(values);
            EXPECT_EQ(values[0], communicator.size());
          }
        },
        "communication failed");
  }
}

TEST(InProcess, RejectsBadArguments) {
  const auto message = [](int size, double timeout) {
    const Outcome outcome = outcome_of([&] { in_process_communicators(size, timeout); });
    EXPECT_EQ(outcome.code, ErrorCode::invalid_parameter);
    return outcome.message;
  };
  EXPECT_THAT(message(0, 1), testing::HasSubstr("communicator size = 0: must be between 1 and 1024"));
  EXPECT_THAT(message(1025, 1), testing::HasSubstr("communicator size = 1025"));
  for (const double timeout : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), 1e300})
    EXPECT_THAT(message(2, timeout), testing::HasSubstr("timeout_seconds = "));
}

}  // namespace
}  // namespace ramet::test
