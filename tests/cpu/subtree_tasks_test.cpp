#include "cpu/subtree_tasks.hpp"

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

std::vector<Node> first_nodes(std::int64_t count) {
  std::vector<Node> nodes;
  for (std::int64_t n = 0; n < count; ++n) nodes.push_back({n});
  return nodes;
}

TEST(SubtreeTasks, EachIsTakenOnce) {
  constexpr std::int64_t all = 5'000;
  for (const int threads : {1, 2, 7}) {
    Tasks tasks(threads);
    SubtreeTasks<Node> subtrees(tasks.threads());
    for (const int first : {1, 3}) {
      // Of three first ones the latter two are the children of the first.
      std::vector<std::atomic<int>> taken(all);
      subtrees.start(first_nodes(first));
      tasks.for_each_by_worker(tasks.threads(), [&](std::int64_t, int worker) {
        for (Node node; subtrees.take(worker, node); subtrees.finish()) {
          taken[static_cast<std::size_t>(node.number)].fetch_add(1);
          for (const std::int64_t child : {2 * node.number + 1, 2 * node.number + 2}) {
            if (child >= first && child < all) subtrees.add(worker, {child});
          }
        }
      });
      for (const std::atomic<int>& times : taken) ASSERT_EQ(times.load(), 1);
    }
  }
}

TEST(SubtreeTasks, NoneAreLeftAfterAFailure) {
  Tasks tasks(2);
  SubtreeTasks<Node> subtrees(tasks.threads());
  subtrees.start(first_nodes(10));
  EXPECT_THROW(tasks.for_each_by_worker(2,
                                        [&](std::int64_t, int worker) {
                                          for (Node node; subtrees.take(worker, node); subtrees.finish()) {
                                            if (node.number != 3) continue;
                                            subtrees.abandon();
                                            throw std::runtime_error("three");
                                          }
                                        }),
               std::runtime_error);
  Node node;
  EXPECT_FALSE(subtrees.take(0, node));
  subtrees.start(first_nodes(1));
  EXPECT_TRUE(subtrees.take(0, node));
}

}  // namespace
}  // namespace ramet::cpu
