#include "base/tasks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <stdexcept>
#include <vector>

namespace ramet::test {
namespace {

TEST(Tasks, CallsEachIndexOnce) {
  for (const int threads : {1, 2}) {
    Tasks tasks(threads);
    EXPECT_EQ(tasks.threads(), threads);
    for (const std::int64_t count : {-1, 0, 1, 5, 1000}) {
      std::vector<std::atomic<int>> calls(static_cast<std::size_t>(std::max<std::int64_t>(0, count)));
      tasks.for_each(count, [&](std::int64_t i) { ++calls[i]; });
      for (const auto& n : calls) EXPECT_EQ(n, 1);
    }
  }
}

TEST(Tasks, RangesCoverAll) {
  Tasks tasks(2);
  for (const std::int64_t size : {0, 1, 64, 65, 1000}) {
    std::vector<std::atomic<int>> calls(static_cast<std::size_t>(size));
    tasks.for_ranges(size, 64, [&](std::int64_t begin, std::int64_t end) {
      EXPECT_LE(end - begin, 64);
      for (std::int64_t i = begin; i < end; ++i) ++calls[i];
    });
    for (const auto& n : calls) EXPECT_EQ(n, 1);
  }
}

TEST(Tasks, RethrowsAndGoesOn) {
  Tasks tasks(2);
  const auto run = [&] {
    tasks.for_each(100, [](std::int64_t i) {
      if (i == 50) throw std::runtime_error("body");
    });
  };
  EXPECT_THROW(run(), std::runtime_error);
  std::atomic<int> calls{0};
  tasks.for_each(100, [&](std::int64_t) { ++calls; });
  EXPECT_EQ(calls, 100);
}

#if defined(__x86_64__)
TEST(Tasks, BodiesRunInTheContractsFloatMode) {
  constexpr unsigned flush_to_zero = 0x8000;
  const unsigned before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before | flush_to_zero);
  Tasks tasks(1);
  double tiny = std::numeric_limits<double>::min();
  tasks.for_each(1, [&](std::int64_t) {
    volatile double x = tiny;
    x = x / 2;
    tiny = x;
  });
  EXPECT_NE(__builtin_ia32_stmxcsr() & flush_to_zero, 0u) << "the caller's mode is restored";
  __builtin_ia32_ldmxcsr(before);
  EXPECT_EQ(tiny, std::numeric_limits<double>::min() / 2);
}
#endif

}  // namespace
}  // namespace ramet::test
