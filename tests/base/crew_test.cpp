#include "base/crew.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace ramet {
namespace {

template <class Body>
void run(Crew& crew, std::int64_t count, const Body& body) {
  crew.run(
      count,
      [](const void* context, std::int64_t i, int worker) {
        (*static_cast<const Body*>(context))(i, worker);
      },
      &body);
}

void count_calls(Crew& crew, int threads, std::int64_t count) {
  std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
  std::vector<std::atomic<int>> inside(static_cast<std::size_t>(threads));
  run(crew, count, [&](std::int64_t i, int worker) {
    // Not of two threads at a time.
    EXPECT_EQ(inside.at(static_cast<std::size_t>(worker)).fetch_add(1), 0);
    calls[static_cast<std::size_t>(i)].fetch_add(1);
    inside[static_cast<std::size_t>(worker)].fetch_sub(1);
  });
  for (const std::atomic<int>& of_one : calls) ASSERT_EQ(of_one.load(), 1);
}

TEST(Crew, LoopsInQuickSuccessionCallEachIndexOnce) {
  for (const int threads : {2, 3, 7}) {
    Crew crew(threads);
    for (int loop = 0; loop < 2'000; ++loop) count_calls(crew, threads, loop % 9);
  }
}

TEST(Crew, GoesOnAfterItsHelpersHaveGone) {
  Crew crew(3);
  for (int loop = 0; loop < 5; ++loop) {
    count_calls(crew, 3, 100);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

TEST(Crew, NeedsNoHelperToCome) {
  // More than any machine has: those that do not come are not waited for.
  Crew crew(1'000);
  for (int loop = 0; loop < 3; ++loop) count_calls(crew, 1'000, 50);
}

TEST(Crew, RethrowsTheFirstExceptionAndGoesOn) {
  Crew crew(2);
  for (int loop = 0; loop < 100; ++loop) {
    EXPECT_THROW(run(crew, 20,
                     [](std::int64_t i, int) {
                       if (i == 7) throw std::runtime_error("seven");
                     }),
                 std::runtime_error);
    count_calls(crew, 2, 20);
  }
}

TEST(Crew, ALoopInsideALoopRunsOnItsThread) {
  Crew crew(2);
  std::atomic<int> calls{0};
  run(crew, 4, [&](std::int64_t, int) { run(crew, 5, [&](std::int64_t, int) { calls.fetch_add(1); }); });
  EXPECT_EQ(calls.load(), 20);
}

TEST(Crew, MayEndWhileHelpersAreOnTheirWay) {
  for (int i = 0; i < 200; ++i) {
    Crew crew(2);
    count_calls(crew, 2, 2);
  }
}

}  // namespace
}  // namespace ramet
