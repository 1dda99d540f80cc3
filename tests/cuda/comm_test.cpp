// What every way of adding up over devices must do.
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "comm/ranks.hpp"
#include "cuda/comm_kinds.hpp"
#include "cuda/device_comm.hpp"
#include "cuda/memory.hpp"
#include "cuda/stream.hpp"
#include "ramet/error.hpp"

namespace ramet::cuda {
namespace {

using test::CommKind;
using Values = std::vector<std::int64_t>;

// One member's end and what it works with.
struct Member {
  DeviceComm& comm;
  const Stream& stream;

  void upload(const DeviceArray<std::int64_t>& to, const Values& from) const {
    copy(to.data(), from.data(), from.size(), stream.get());
    check_done();
  }
  Values download(const DeviceArray<std::int64_t>& from) const {
    Values values(from.size());
    copy(values.data(), from.data(), values.size(), stream.get());
    comm.synchronize(stream.get());
    return values;
  }
  void check_done() const { comm.synchronize(stream.get()); }
};

class CommConformance : public testing::TestWithParam<CommKind> {
 protected:
  void SetUp() override {
    if (GetParam().needs_distinct_devices && !devices_.distinct()) GTEST_SKIP() << "too few devices";
  }

  int size() const { return GetParam().size(); }

  // Opens all ends and runs `body`, each on a thread of its own with its device current.
  std::vector<ramet::test::Outcome> outcomes(double timeout_seconds,
                                             const std::function<void(const Member&)>& body) const {
    const test::CommGroup group = GetParam().make(devices_.numbers(), timeout_seconds);
    return test::run_members(group, [&](DeviceComm& comm) {
      const Stream stream;
      body({.comm = comm, .stream = stream});
    });
  }
  // None may fail.
  void on_all(const std::function<void(const Member&)>& body) const {
    for (const auto& outcome : outcomes(60.0, body)) EXPECT_FALSE(outcome.failed) << outcome.message;
  }
  // Every member must raise Error{communication}, soon and from then on.
  void expect_all_fail(double timeout_seconds, const std::function<void(const Member&)>& body) const {
    const auto begin = std::chrono::steady_clock::now();
    const auto all = outcomes(timeout_seconds, [&](const Member& member) {
      const auto outcome = ramet::test::outcome_of([&] {
        body(member);
        // Whoever saw no error yet must see it by now.
        for (int i = 0; i < 1000; ++i) sum_of(member, 1);
      });
      EXPECT_TRUE(outcome.failed) << "member " << member.comm.rank();
      EXPECT_EQ(outcome.code, ErrorCode::communication) << outcome.message;
      EXPECT_THAT(outcome.message, testing::StartsWith("communication failed: "));
      EXPECT_TRUE(ramet::test::outcome_of([&] { sum_of(member, 1); }).failed) << "usable afterwards";
    });
    for (const auto& outcome : all) EXPECT_FALSE(outcome.failed) << outcome.message;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  }

  static std::int64_t sum_of(const Member& member, std::int64_t value) {
    const DeviceArray<std::int64_t> one(1);
    member.upload(one, {value});
    member.comm.all_reduce_sum(one.data(), 1, member.stream.get());
    return member.download(one)[0];
  }

  const test::Devices devices_{GetParam().size()};
};

INSTANTIATE_TEST_SUITE_P(AllKinds, CommConformance, testing::ValuesIn(test::comm_kinds()),
                         [](const auto& kind) { return kind.param.name; });

std::int64_t value_of(int rank, std::int64_t i) { return (i + 3) * (rank % 2 == 0 ? 1 : -1) * (rank + 1); }

TEST_P(CommConformance, MembersAreNumbered) {
  std::vector<std::atomic<int>> seen(static_cast<std::size_t>(size()));
  on_all([&](const Member& member) {
    EXPECT_EQ(member.comm.size(), size());
    ASSERT_GE(member.comm.rank(), 0);
    ASSERT_LT(member.comm.rank(), size());
    ++seen[member.comm.rank()];
  });
  for (const auto& count : seen) EXPECT_EQ(count, 1);
}

TEST_P(CommConformance, SumAndMaxOfAnyLength) {
  on_all([](const Member& member) {
    for (const std::int64_t length : {0, 1, 2, 7, 1000, 70'001}) {
      Values mine;
      Values sums(static_cast<std::size_t>(length), 0);
      Values largest(static_cast<std::size_t>(length), std::numeric_limits<std::int64_t>::min());
      for (std::int64_t i = 0; i < length; ++i) {
        mine.push_back(value_of(member.comm.rank(), i));
        for (int r = 0; r < member.comm.size(); ++r) {
          sums[i] += value_of(r, i);
          largest[i] = std::max(largest[i], value_of(r, i));
        }
      }
      const DeviceArray<std::int64_t> a(mine.size());
      const DeviceArray<std::int64_t> b(mine.size());
      member.upload(a, mine);
      member.upload(b, mine);
      member.comm.all_reduce_sum(a.data(), a.size(), member.stream.get());
      member.comm.all_reduce_max(b.data(), b.size(), member.stream.get());
      EXPECT_EQ(member.download(a), sums);
      EXPECT_EQ(member.download(b), largest);
    }
  });
}

TEST_P(CommConformance, SumsWrapAndMaximaKnowSigns) {
  on_all([](const Member& member) {
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    const DeviceArray<std::int64_t> values(2);
    member.upload(values, {most, least});
    member.comm.all_reduce_sum(values.data(), 2, member.stream.get());
    const auto times = [&](std::int64_t value) {
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(member.comm.size()) *
                                       static_cast<std::uint64_t>(value));
    };
    EXPECT_EQ(member.download(values), (Values{times(most), times(least)}));
    member.upload(values, {least, -1 - member.comm.rank()});
    member.comm.all_reduce_max(values.data(), 2, member.stream.get());
    EXPECT_EQ(member.download(values), (Values{least, -1}));
  });
}

TEST_P(CommConformance, ReduceScatterGivesEachItsBlock) {
  on_all([](const Member& member) {
    const auto ranks = static_cast<std::size_t>(member.comm.size());
    const auto mine = static_cast<std::size_t>(member.comm.rank());
    for (const std::size_t block : {0, 1, 3, 1000}) {
      Values values(block * ranks);
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = value_of(member.comm.rank(), static_cast<std::int64_t>(i));
      Values expected(block, 0);
      for (std::size_t i = 0; i < block; ++i) {
        for (int r = 0; r < member.comm.size(); ++r)
          expected[i] += value_of(r, static_cast<std::int64_t>(mine * block + i));
      }
      const DeviceArray<std::int64_t> device(values.size());
      member.upload(device, values);
      std::int64_t* const arrays[] = {device.data()};
      member.comm.reduce_scatter_sum(arrays, block, member.stream.get());
      const Values all = member.download(device);
      EXPECT_EQ(Values(all.begin() + mine * block, all.begin() + (mine + 1) * block), expected);
    }
  });
}

TEST_P(CommConformance, AllGatherOfAnyLength) {
  on_all([](const Member& member) {
    const auto ranks = static_cast<std::size_t>(member.comm.size());
    for (const std::size_t bytes : {0, 1, 3, 8, 1000, 4097}) {
      const auto byte_at = [](std::size_t r, std::size_t i) {
        return static_cast<unsigned char>(r * 77 + i + i / 256);
      };
      const auto mine = static_cast<std::size_t>(member.comm.rank());
      std::vector<unsigned char> host(bytes * ranks, 0xEE);
      std::vector<unsigned char> expected(bytes * ranks);
      for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = byte_at(i / bytes, i % bytes);
      for (std::size_t i = 0; i < bytes; ++i) host[mine * bytes + i] = byte_at(mine, i);
      const DeviceArray<unsigned char> device(host.size());
      copy(device.data(), host.data(), host.size(), member.stream.get());
      member.comm.all_gather(device.data(), bytes, member.stream.get());
      copy(host.data(), device.data(), host.size(), member.stream.get());
      member.comm.synchronize(member.stream.get());
      EXPECT_EQ(host, expected) << bytes;
    }
  });
}

TEST_P(CommConformance, ReduceScatterTakesManyArrays) {
  on_all([](const Member& member) {
    const auto ranks = static_cast<std::size_t>(member.comm.size());
    const auto mine = static_cast<std::size_t>(member.comm.rank());
    constexpr std::size_t block = 5;
    for (const std::size_t count : {0, 2, 7, 1'100}) {
      Values values(count * 2 * block * ranks, -1);  // every other stretch is in no array
      const DeviceArray<std::int64_t> device(values.size());
      std::vector<std::int64_t*> arrays;
      for (std::size_t a = count; a-- > 0;) {
        for (std::size_t i = 0; i < block * ranks; ++i)
          values[2 * a * block * ranks + i] = value_of(member.comm.rank(), static_cast<std::int64_t>(a + i));
        arrays.push_back(device.data() + 2 * a * block * ranks);
      }
      member.upload(device, values);
      member.comm.reduce_scatter_sum(arrays, block, member.stream.get());
      const Values all = member.download(device);
      for (std::size_t a = 0; a < count; ++a) {
        for (std::size_t i = mine * block; i < (mine + 1) * block; ++i) {
          std::int64_t expected = 0;
          for (int r = 0; r < member.comm.size(); ++r)
            expected += value_of(r, static_cast<std::int64_t>(a + i));
          EXPECT_EQ(all[2 * a * block * ranks + i], expected) << "array " << a << ", value " << i;
        }
        for (std::size_t i = 0; i < block * ranks; ++i) EXPECT_EQ(all[(2 * a + 1) * block * ranks + i], -1);
      }
    }
  });
}

// Calls follow each other on the stream without waits between them.
TEST_P(CommConformance, CallsAreOrderedOnTheStream) {
  on_all([](const Member& member) {
    const std::int64_t n = member.comm.size();
    const DeviceArray<std::int64_t> a(100);
    const DeviceArray<std::int64_t> b(100);
    member.upload(a, Values(100, 1));
    for (int i = 0; i < 4; ++i) {
      member.comm.all_reduce_sum(a.data(), a.size(), member.stream.get());
      copy(b.data(), a.data(), a.size(), member.stream.get());
      fill_zero(a.data(), 50, member.stream.get());
      member.comm.all_reduce_max(b.data(), b.size(), member.stream.get());
      copy(a.data(), b.data(), b.size(), member.stream.get());
    }
    EXPECT_EQ(member.download(a), Values(100, n * n * n * n));
  });
}

// Nothing of one call may leak into the next, whatever stream it is on.
TEST_P(CommConformance, ManySmallCallsOnTwoStreams) {
  on_all([](const Member& member) {
    const Stream other;
    const DeviceArray<std::int64_t> first(3);
    const DeviceArray<std::int64_t> second(5);
    const auto ranks = static_cast<std::int64_t>(member.comm.size());
    for (std::int64_t i = 0; i < 200; ++i) {
      const Values mine(3, i + member.comm.rank());
      const Values more(5, -i);
      copy(first.data(), mine.data(), 3, member.stream.get());
      copy(second.data(), more.data(), 5, other.get());
      member.comm.all_reduce_max(first.data(), 3, member.stream.get());
      member.comm.all_reduce_sum(second.data(), 5, other.get());
      EXPECT_EQ(member.download(first), Values(3, i + ranks - 1));
      Values sums(5);
      copy(sums.data(), second.data(), 5, other.get());
      member.comm.synchronize(other.get());
      EXPECT_EQ(sums, Values(5, -i * ranks));
    }
  });
}

TEST_P(CommConformance, LongArrays) {
  on_all([](const Member& member) {
    const std::int64_t n = member.comm.size();
    const std::size_t count = (std::size_t{1} << 20) + 13;
    Values mine(count);
    for (std::size_t i = 0; i < count; ++i)
      mine[i] = static_cast<std::int64_t>(i) << (member.comm.rank() * 8);
    const DeviceArray<std::int64_t> device(count);
    member.upload(device, mine);
    member.comm.all_reduce_sum(device.data(), count, member.stream.get());
    const Values sums = member.download(device);
    std::int64_t factor = 0;
    for (int r = 0; r < n; ++r) factor += std::int64_t{1} << (r * 8);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < count; ++i)
      wrong += sums[i] == static_cast<std::int64_t>(i) * factor ? 0u : 1u;
    EXPECT_EQ(wrong, 0u);
  });
}

// Groups with somebody to fail for.
class CommFailures : public CommConformance {};

INSTANTIATE_TEST_SUITE_P(AllKinds, CommFailures, testing::ValuesIn(test::comm_kinds_of_several()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(CommFailures, AbortReachesAllMembers) {
  for (const int culprit : {0, size() - 1}) {
    expect_all_fail(60.0, [&](const Member& member) {
      sum_of(member, 1);
      if (member.comm.rank() == culprit) member.comm.abort();
    });
  }
}

TEST_P(CommFailures, AbortWakesThoseThatWait) {
  expect_all_fail(60.0, [&](const Member& member) {
    if (member.comm.rank() == size() - 1) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      member.comm.abort();
    }
  });
}

TEST_P(CommFailures, AbortFromAnotherThreadEndsTheCall) {
  expect_all_fail(60.0, [&](const Member& member) {
    const std::jthread watcher([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (member.comm.rank() == 0) member.comm.abort();
    });
    if (member.comm.rank() == size() - 1) std::this_thread::sleep_for(std::chrono::milliseconds(400));
    sum_of(member, 1);
  });
}

TEST_P(CommFailures, MissingMemberTimesOut) {
  for (const int missing : {0, size() - 1}) {
    expect_all_fail(0.4, [&](const Member& member) {
      if (member.comm.rank() == missing) std::this_thread::sleep_for(std::chrono::milliseconds(900));
    });
  }
}

TEST_P(CommFailures, UnequalLengthsRaiseOnAllMembers) {
  if (!GetParam().sees_unequal_lengths) GTEST_SKIP() << "NCCL does not compare lengths";
  for (const std::size_t length : {0, 4, 100}) {
    expect_all_fail(1.0, [&](const Member& member) {
      const std::size_t mine = member.comm.rank() == size() - 1 ? length + 1 : length;
      const DeviceArray<std::int64_t> values(mine);
      fill_zero(values.data(), mine, member.stream.get());
      member.comm.all_reduce_sum(values.data(), mine, member.stream.get());
      member.check_done();
    });
    expect_all_fail(1.0, [&](const Member& member) {
      const std::size_t mine = member.comm.rank() == size() - 1 ? length + 1 : length;
      const DeviceArray<char> bytes(mine * static_cast<std::size_t>(size()));
      fill_zero(bytes.data(), bytes.size(), member.stream.get());
      member.comm.all_gather(bytes.data(), mine, member.stream.get());
      member.check_done();
    });
  }
}

TEST_P(CommFailures, UnequalCallsRaiseOnAllMembers) {
  if (!GetParam().sees_unequal_lengths) GTEST_SKIP() << "NCCL does not compare calls";
  expect_all_fail(1.0, [&](const Member& member) {
    const DeviceArray<std::int64_t> values(4);
    fill_zero(values.data(), 4, member.stream.get());
    if (member.comm.rank() == 0) {
      member.comm.all_reduce_max(values.data(), 4, member.stream.get());
    } else {
      member.comm.all_reduce_sum(values.data(), 4, member.stream.get());
    }
    member.check_done();
  });
}

}  // namespace
}  // namespace ramet::cuda
