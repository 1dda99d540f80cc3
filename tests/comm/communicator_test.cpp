// What every kind of communicator must do.
#include "ramet/communicator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <limits>
#include <random>
#include <thread>

#include "comm/agree.hpp"
#include "comm/ranks.hpp"
#include "ramet/error.hpp"

namespace ramet::test {
namespace {

using Ranks = std::vector<std::shared_ptr<Communicator>>;
using Values = std::vector<std::int64_t>;

struct Kind {
  const char* name;
  int ranks;
  Ranks (*make)(int ranks);
};

Ranks make_single(int) { return {single_communicator()}; }
Ranks make_in_process(int ranks) { return in_process_communicators(ranks, 60.0); }

class Conformance : public testing::TestWithParam<Kind> {
 protected:
  // Runs `body` on all ranks; none may fail.
  void on_all(const std::function<void(Communicator&)>& body) const {
    const auto outcomes = run_ranks(GetParam().make(GetParam().ranks),
                                    [&](const std::shared_ptr<Communicator>& rank) { body(*rank); });
    for (const Outcome& outcome : outcomes) EXPECT_FALSE(outcome.failed) << outcome.message;
  }
};

INSTANTIATE_TEST_SUITE_P(AllKinds, Conformance,
                         testing::Values(Kind{"single", 1, make_single},
                                         Kind{"in_process_1", 1, make_in_process},
                                         Kind{"in_process_2", 2, make_in_process},
                                         Kind{"in_process_3", 3, make_in_process},
                                         Kind{"in_process_8", 8, make_in_process}),
                         [](const auto& kind) { return std::string(kind.param.name); });

// Rank r's value number i.
std::int64_t value_of(int rank, std::int64_t i) { return (i + 3) * (rank % 2 == 0 ? 1 : -1) * (rank + 1); }

TEST_P(Conformance, RanksAreNumbered) {
  const Ranks ranks = GetParam().make(GetParam().ranks);
  ASSERT_EQ(ranks.size(), static_cast<std::size_t>(GetParam().ranks));
  for (int r = 0; r < GetParam().ranks; ++r) {
    EXPECT_EQ(ranks[r]->rank(), r);
    EXPECT_EQ(ranks[r]->size(), GetParam().ranks);
  }
}

TEST_P(Conformance, SumAndMaxOfAnyLength) {
  on_all([](Communicator& communicator) {
    for (const std::int64_t length : {0, 1, 2, 7, 1000}) {
      Values sum;
      Values max;
      Values expected_sum(static_cast<std::size_t>(length), 0);
      Values expected_max(static_cast<std::size_t>(length), std::numeric_limits<std::int64_t>::min());
      for (std::int64_t i = 0; i < length; ++i) {
        sum.push_back(value_of(communicator.rank(), i));
        for (int r = 0; r < communicator.size(); ++r) {
          expected_sum[i] += value_of(r, i);
          expected_max[i] = std::max(expected_max[i], value_of(r, i));
        }
      }
      max = sum;
      communicator.all_reduce_sum(sum);
      communicator.all_reduce_max(max);
      EXPECT_EQ(sum, expected_sum);
      EXPECT_EQ(max, expected_max);
    }
  });
}

TEST_P(Conformance, SumsWrap) {
  on_all([](Communicator& communicator) {
    Values values{std::numeric_limits<std::int64_t>::max()};
    communicator.all_reduce_sum(values);
    const auto expected = static_cast<std::uint64_t>(communicator.size()) *
                          static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(static_cast<std::uint64_t>(values[0]), expected);
  });
}

TEST_P(Conformance, GatherKeepsRankOrder) {
  on_all([](Communicator& communicator) {
    for (int round = 0; round < 20; ++round) {
      // Lengths differ and may be 0.
      const auto length = [&](int rank) { return static_cast<std::size_t>((rank * 5 + round) % 4); };
      const auto text = [&](int rank) { return std::string(length(rank), static_cast<char>('a' + rank)); };
      std::string expected;
      for (int r = 0; r < communicator.size(); ++r) expected += text(r);
      const std::string mine = text(communicator.rank());
      const std::vector<std::byte> all = communicator.all_gather(std::as_bytes(std::span(mine)));
      EXPECT_EQ(std::string(reinterpret_cast<const char*>(all.data()), all.size()), expected);
    }
  });
}

TEST_P(Conformance, ManyCallsAtUnequalSpeeds) {
  on_all([](Communicator& communicator) {
    std::mt19937 random(static_cast<unsigned>(communicator.rank()));
    for (int i = 0; i < 300; ++i) {
      if (random() % 16 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 200));
      Values values(1 + i % 5, i + communicator.rank());
      communicator.all_reduce_max(values);
      EXPECT_EQ(values, Values(1 + i % 5, i + communicator.size() - 1));
      EXPECT_EQ(comm::sum(communicator, 1), communicator.size());
      EXPECT_EQ(comm::gather_values(communicator, i).size(), static_cast<std::size_t>(communicator.size()));
    }
  });
}

TEST_P(Conformance, TypedHelpers) {
  on_all([](Communicator& communicator) {
    const int rank = communicator.rank();
    const Values values = comm::gather_values(communicator, rank * 10);
    const std::vector<std::string> texts = comm::gather_texts(communicator, std::string(rank, 'x'));
    for (int r = 0; r < communicator.size(); ++r) {
      EXPECT_EQ(values[r], r * 10);
      EXPECT_EQ(texts[r], std::string(r, 'x'));
    }
    EXPECT_EQ(comm::max(communicator, -rank), 0);
  });
}

TEST_P(Conformance, TogetherPassesWhenAllPass) {
  on_all([](Communicator& communicator) {
    int done = 0;
    comm::together(communicator, [&] { ++done; });
    EXPECT_EQ(done, 1);
  });
}

TEST_P(Conformance, TogetherFailsWhenOneFails) {
  const int last = GetParam().ranks - 1;
  on_all([&](Communicator& communicator) {
    const bool mine = communicator.rank() == last;
    const Outcome outcome = outcome_of([&] {
      comm::together(communicator, [&] {
        if (mine) throw Error(ErrorCode::io, "no such file");
      });
    });
    EXPECT_TRUE(outcome.failed);
    EXPECT_EQ(outcome.code, ErrorCode::io);
    EXPECT_EQ(outcome.message, mine ? "no such file" : "rank " + std::to_string(last) + ": no such file");
    EXPECT_EQ(comm::sum(communicator, 2), 2 * communicator.size()) << "usable afterwards";
  });
}

TEST_P(Conformance, TogetherTurnsOtherExceptionsIntoErrors) {
  on_all([](Communicator& communicator) {
    const auto code = [&](const auto& thrown) {
      const Outcome outcome = outcome_of([&] { comm::together(communicator, [&] { throw thrown; }); });
      EXPECT_TRUE(outcome.failed);
      return outcome.code;
    };
    EXPECT_EQ(code(std::bad_alloc()), ErrorCode::out_of_memory);
    EXPECT_EQ(code(std::runtime_error("x")), ErrorCode::internal);
    EXPECT_EQ(code(42), ErrorCode::internal);
  });
}

// Failures of a group: every rank must raise Error{communication}, soon.
void expect_all_fail(const Ranks& ranks, const std::function<void(Communicator&)>& body,
                     const std::string& part) {
  const auto begin = std::chrono::steady_clock::now();
  const auto outcomes = run_ranks(ranks, [&](const std::shared_ptr<Communicator>& rank) {
    const Outcome outcome = outcome_of([&] { body(*rank); });
    EXPECT_TRUE(outcome.failed) << "rank " << rank->rank();
    EXPECT_EQ(outcome.code, ErrorCode::communication) << outcome.message;
    EXPECT_THAT(outcome.message, testing::HasSubstr(part));
    // For ever after, too.
    EXPECT_TRUE(outcome_of([&] { comm::sum(*rank, 1); }).failed);
    EXPECT_TRUE(outcome_of([&] { rank->all_gather({}); }).failed);
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

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

TEST(InProcess, UnequalLengthsRaiseOnAllRanks) {
  expect_all_fail(
      in_process_communicators(3, 60.0),
      [](Communicator& communicator) {
        Values values(communicator.rank() == 2 ? 5 : 4);
        communicator.all_reduce_sum(values);
      },
      "rank 0 gives 4 values while rank 2 gives 5");
}

TEST(InProcess, UnequalCallsRaiseOnAllRanks) {
  expect_all_fail(
      in_process_communicators(2, 60.0),
      [](Communicator& communicator) {
        Values values(4);
        if (communicator.rank() == 0) {
          communicator.all_reduce_sum(values);
        } else {
          communicator.all_reduce_max(values);
        }
      },
      "rank 0 calls all_reduce_sum while rank 1 calls all_reduce_max");
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
