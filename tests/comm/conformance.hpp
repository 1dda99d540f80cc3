// What every kind of communicator must do. A program that includes this names the kinds that it has:
//   INSTANTIATE_TEST_SUITE_P(AllKinds, Conformance, testing::Values(Kind{...}, ...), kind_name);
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "comm/agree.hpp"
#include "comm/ranks.hpp"
#include "ramet/communicator.hpp"
#include "ramet/error.hpp"

namespace ramet::test {

using Ranks = std::vector<std::shared_ptr<Communicator>>;
using Values = std::vector<std::int64_t>;

struct Kind {
  const char* name;
  int ranks;
  Ranks (*make)(int ranks, double timeout_seconds);
};

inline std::string kind_name(const testing::TestParamInfo<Kind>& kind) { return kind.param.name; }

class Conformance : public testing::TestWithParam<Kind> {
 protected:
  Ranks make(double timeout_seconds = 60.0) const {
    return GetParam().make(GetParam().ranks, timeout_seconds);
  }
  // Runs `body` on all ranks; none may fail.
  void on_all(const std::function<void(Communicator&)>& body) const {
    const auto outcomes = run_ranks(make(), [&](const std::shared_ptr<Communicator>& rank) { body(*rank); });
    for (const Outcome& outcome : outcomes) EXPECT_FALSE(outcome.failed) << outcome.message;
  }
};

// Failures of a group: every rank must raise Error{communication}, soon, and say `part`.
inline void expect_all_fail(Ranks ranks, const std::function<void(Communicator&)>& body,
                            const std::string& part = "communication failed: ") {
  const auto begin = std::chrono::steady_clock::now();
  const auto outcomes = run_ranks(std::move(ranks), [&](const std::shared_ptr<Communicator>& rank) {
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

// Rank r's value number i.
inline std::int64_t value_of(int rank, std::int64_t i) {
  return (i + 3) * (rank % 2 == 0 ? 1 : -1) * (rank + 1);
}

TEST_P(Conformance, RanksAreNumbered) {
  Ranks ranks = make();
  ASSERT_EQ(ranks.size(), static_cast<std::size_t>(GetParam().ranks));
  for (int r = 0; r < GetParam().ranks; ++r) {
    EXPECT_EQ(ranks[r]->rank(), r);
    EXPECT_EQ(ranks[r]->size(), GetParam().ranks);
  }
}

TEST_P(Conformance, SumAndMaxOfAnyLength) {
  on_all([](Communicator& communicator) {
    for (const std::int64_t length : {0, 1, 2, 7, 126, 127, 1000}) {
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

TEST_P(Conformance, LongArrays) {
  on_all([](Communicator& communicator) {
    const std::int64_t size = communicator.size();
    const std::size_t length = (std::size_t{1} << 20) + 77;  // 8 MB and a bit
    Values sum(length);
    for (std::size_t i = 0; i < length; ++i)
      sum[i] = static_cast<std::int64_t>(i) * (communicator.rank() + 1);
    Values max = sum;
    communicator.all_reduce_sum(sum);
    communicator.all_reduce_max(max);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < length; ++i) {
      const auto v = static_cast<std::int64_t>(i);
      if (sum[i] != v * (size * (size + 1) / 2) || max[i] != v * size) ++wrong;
    }
    EXPECT_EQ(wrong, 0u);
  });
}

TEST_P(Conformance, LongGathers) {
  on_all([](Communicator& communicator) {
    // Lengths below, at and above what an implementation may treat apart; rank 1 has the longest.
    for (const std::size_t unit : {1000, 1008, 1009, 3'000'001}) {
      const auto length = [&](int rank) { return rank == 1 ? 2 * unit : rank == 2 ? 0 : unit; };
      const auto byte_at = [](int rank, std::size_t i) {
        return static_cast<std::byte>(i * 7 + i / 251 + rank);
      };
      std::vector<std::byte> mine(length(communicator.rank()));
      for (std::size_t i = 0; i < mine.size(); ++i) mine[i] = byte_at(communicator.rank(), i);
      const std::vector<std::byte> all = communicator.all_gather(mine);
      std::size_t at = 0;
      std::size_t wrong = 0;
      for (int r = 0; r < communicator.size(); ++r) {
        ASSERT_LE(at + length(r), all.size());
        for (std::size_t i = 0; i < length(r); ++i) wrong += all[at + i] == byte_at(r, i) ? 0u : 1u;
        at += length(r);
      }
      EXPECT_EQ(wrong, 0u);
      EXPECT_EQ(at, all.size());
    }
  });
}

// For kinds with more than one rank: what follows needs somebody to fail for.
class FailureConformance : public Conformance {
 protected:
  int last() const { return GetParam().ranks - 1; }
};

TEST_P(FailureConformance, AbortRaisesOnAllRanks) {
  expect_all_fail(make(), [&](Communicator& communicator) {
    if (communicator.rank() == last()) communicator.abort();
    comm::sum(communicator, 1);
  });
}

TEST_P(FailureConformance, AbortWakesThoseThatWait) {
  expect_all_fail(make(), [](Communicator& communicator) {
    if (communicator.rank() == 1) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      communicator.abort();
    }
    communicator.all_gather({});
  });
}

TEST_P(FailureConformance, AbortFromAnotherThreadEndsTheCall) {
  expect_all_fail(make(), [](Communicator& communicator) {
    const std::jthread watcher([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (communicator.rank() == 0) communicator.abort();
    });
    if (communicator.rank() == 1) std::this_thread::sleep_for(std::chrono::milliseconds(400));
    comm::sum(communicator, 1);
  });
}

TEST_P(FailureConformance, MissingRankTimesOut) {
  expect_all_fail(make(0.5), [&](Communicator& communicator) {
    if (communicator.rank() == last()) std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    comm::sum(communicator, 1);
  });
}

TEST_P(FailureConformance, UnequalLengthsRaiseOnAllRanks) {
  for (const std::size_t length : {4, 100'000}) {
    expect_all_fail(
        make(),
        [&](Communicator& communicator) {
          Values values(communicator.rank() == last() ? length + 1 : length);
          communicator.all_reduce_sum(values);
        },
        "rank 0 gives " + std::to_string(length) + " values while rank " + std::to_string(last()) +
            " gives " + std::to_string(length + 1));
  }
}

TEST_P(FailureConformance, UnequalCallsRaiseOnAllRanks) {
  const std::string rank = std::to_string(last());
  expect_all_fail(
      make(),
      [&](Communicator& communicator) {
        Values values(4);
        if (communicator.rank() != last()) {
          communicator.all_reduce_sum(values);
        } else {
          communicator.all_reduce_max(values);
        }
      },
      "rank 0 calls all_reduce_sum while rank " + rank + " calls all_reduce_max");
  expect_all_fail(
      make(),
      [&](Communicator& communicator) {
        if (communicator.rank() != last()) {
          communicator.all_gather({});
        } else {
          comm::sum(communicator, 1);
        }
      },
      "rank 0 calls all_gather while rank " + rank + " calls all_reduce_sum");
}

// Random calls, delays and failures: each rank ends with an error, and what it computed before was right.
TEST_P(FailureConformance, RandomFailuresNeverHang) {
  for (unsigned seed = 0; seed < 12; ++seed) {
    std::mt19937 plan(seed);
    const int faulty = static_cast<int>(plan() % static_cast<unsigned>(GetParam().ranks));
    const int at = static_cast<int>(plan() % 20);
    const unsigned fault = seed % 4;
    expect_all_fail(make(0.5), [&](Communicator& communicator) {
      std::mt19937 random(seed * 100 + static_cast<unsigned>(communicator.rank()));
      for (int call = 0;; ++call) {
        if (random() % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));
        if (call == at && communicator.rank() == faulty) {
          Values values(3);
          if (fault == 0) communicator.abort();
          if (fault == 1) std::this_thread::sleep_for(std::chrono::milliseconds(900));
          if (fault == 2) communicator.all_reduce_max(values);
          if (fault == 3) communicator.all_gather({});
        }
        Values values{1, communicator.rank()};
        communicator.all_reduce_sum(values);
        EXPECT_EQ(values[0], communicator.size());
      }
    });
  }
}

}  // namespace ramet::test
