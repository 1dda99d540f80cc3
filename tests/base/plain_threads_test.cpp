#include "base/plain_threads.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ramet::test {
namespace {

TEST(PlainThreads, CallsEachIndexOnce) {
  for (const int threads : {1, 2, 7}) {
    for (const std::int64_t count : {0, 1, 5, 1000}) {
      std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
      for_each_on_plain_threads(threads, count, [&](std::int64_t i, int) { ++calls[i]; });
      for (const auto& n : calls) EXPECT_EQ(n, 1);
    }
  }
}

TEST(PlainThreads, RethrowsTheFirstException) {
  const auto run = [] {
    for_each_on_plain_threads(3, 1000, [](std::int64_t i, int) {
      if (i % 10 == 5) throw std::runtime_error("body");
    });
  };
  EXPECT_THROW(run(), std::runtime_error);
}

}  // namespace
}  // namespace ramet::test
