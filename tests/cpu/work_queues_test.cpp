#include "cpu/work_queues.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "base/tasks.hpp"

namespace ramet::cpu {
namespace {

// A node of the tree whose node n has the children 2 n + 1 and 2 n + 2.
struct Node {
  std::int64_t number = 0;
};

void start(WorkQueues<Node>& queues, std::int64_t count, int workers) {
  queues.start();
  for (std::int64_t n = 0; n < count; ++n) queues.assign(static_cast<int>(n % workers), {n});
}

TEST(WorkQueues, EachIsTakenOnce) {
  constexpr std::int64_t all = 5'000;
  for (const int threads : {1, 2, 7}) {
    Tasks tasks(threads);
    WorkQueues<Node> queues(tasks.threads());
    for (const int first : {1, 3}) {
      // Of three first ones the latter two are the children of the first.
      std::vector<std::atomic<int>> taken(3 * all);
      start(queues, first, tasks.threads());
      tasks.for_each_by_worker(tasks.threads(), [&](std::int64_t, int worker) {
        for (Node node; queues.take(worker, node); queues.finish(worker)) {
          taken[static_cast<std::size_t>(node.number)].fetch_add(1);
          if (node.number >= all) continue;
          for (const std::int64_t child : {2 * node.number + 1, 2 * node.number + 2}) {
            if (child >= first && child < all) queues.add(worker, {child});
          }
          // Some children are offered to all at once.
          if (node.number % 100 == 99) {
            const Node extra[2] = {{all + node.number}, {2 * all + node.number}};
            queues.offer(worker, extra);
          }
        }
      });
      for (std::int64_t n = 0; n < 3 * all; ++n)
        ASSERT_EQ(taken[static_cast<std::size_t>(n)].load(), n < all || n % 100 == 99 ? 1 : 0);
    }
  }
}

TEST(WorkQueues, NoneAreLeftAfterAFailure) {
  Tasks tasks(2);
  WorkQueues<Node> queues(tasks.threads());
  start(queues, 10, tasks.threads());
  EXPECT_THROW(tasks.for_each_by_worker(2,
                                        [&](std::int64_t, int worker) {
                                          for (Node node; queues.take(worker, node); queues.finish(worker)) {
                                            if (node.number != 3) continue;
                                            queues.abandon();
                                            throw std::runtime_error("three");
                                          }
                                        }),
               std::runtime_error);
  Node node;
  EXPECT_FALSE(queues.take(0, node));
  start(queues, 1, tasks.threads());
  EXPECT_TRUE(queues.take(0, node));
}

}  // namespace
}  // namespace ramet::cpu
