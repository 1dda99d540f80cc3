#include "cpu/contest.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/tasks.hpp"
#include "cpu/work_queues.hpp"
#include "math/random.hpp"

namespace ramet::cpu {
namespace {

// A tree that could be grown: node n has the children 2 n + 1 and 2 n + 2, down to a depth. 0: no split.
struct Gains {
  std::uint64_t seed = 0;
  std::int64_t nodes = 0;
  std::uint32_t levels = 1;  // as many different gains

  float operator()(std::int64_t node) const {
    if (node >= nodes) return 0;
    const std::uint32_t draw = math::draw32(seed, static_cast<std::uint64_t>(node));
    return draw % 8 == 0 ? 0.0F : static_cast<float>(draw / 8 % levels + 1);
  }
};

std::vector<double> path_of(const Gains& gains, std::int64_t node) {
  std::vector<double> path{gains(node)};
  for (; node > 0; node = (node - 1) / 2) path.push_back(gains((node - 1) / 2));
  std::reverse(path.begin(), path.end());
  return path;
}

Standing standing_of(const Gains& gains, std::int64_t node) {
  Standing standing;
  for (const double gain : path_of(gains, node)) standing = standing.of_child(gain);
  return standing;
}

// The least gain of a path, then of what follows it, and so on; infinity at the end.
std::vector<double> naive_standing(std::vector<double> path) {
  std::vector<double> standing;
  while (!path.empty()) {
    const auto reversed = std::min_element(path.rbegin(), path.rend());
    standing.push_back(*reversed);
    path.erase(path.begin(), reversed.base());
  }
  standing.push_back(std::numeric_limits<double>::infinity());
  return standing;
}

std::set<std::int64_t> grow_best_first(const Gains& gains, std::int64_t most_splits) {
  std::set<std::pair<float, std::int64_t>> leaves;
  std::set<std::int64_t> split;
  if (gains(0) > 0) leaves.insert({gains(0), 0});
  while (!leaves.empty() && static_cast<std::int64_t>(split.size()) < most_splits) {
    const std::int64_t best = std::prev(leaves.end())->second;
    leaves.erase(std::prev(leaves.end()));
    split.insert(best);
    for (const std::int64_t child : {2 * best + 1, 2 * best + 2}) {
      if (gains(child) > 0) leaves.insert({gains(child), child});
    }
  }
  return split;
}

using Nodes = Contest<std::int64_t>;

// The node was expanded. Returns how many of its children are not in the running.
std::int64_t enter_children(Nodes& contest, const Gains& gains, std::int64_t node, std::int64_t& entered) {
  std::vector<Nodes::Entrant> children;
  for (const std::int64_t child : {2 * node + 1, 2 * node + 2}) {
    if (gains(child) > 0) children.push_back({standing_of(gains, child), child});
  }
  entered += static_cast<std::int64_t>(children.size());
  return contest.enter(children);
}

Gains any_gains() {
  return {.seed = *rc::gen::arbitrary<std::uint64_t>(),
          .nodes = *rc::gen::elementOf(std::vector<std::int64_t>{1, 15, 127, 1'023}),
          .levels = *rc::gen::elementOf(std::vector<std::uint32_t>{3, 10'000'000})};
}

RC_GTEST_PROP(Standing, IsTheLeastGainThenTheLeastBelow, ()) {
  const Gains gains = any_gains();
  const auto some_node = [&] {
    std::int64_t node = *rc::gen::inRange<std::int64_t>(0, gains.nodes);
    while (gains(node) == 0 && node > 0) node = (node - 1) / 2;
    return node;
  };
  const std::int64_t a = some_node();
  const std::int64_t b = some_node();
  const std::vector<double> naive_a = naive_standing(path_of(gains, a));
  const std::vector<double> naive_b = naive_standing(path_of(gains, b));
  RC_PRE(naive_a.size() <= 8 && naive_b.size() <= 8);
  RC_ASSERT((standing_of(gains, a) < standing_of(gains, b)) == (naive_a < naive_b));
  RC_ASSERT((standing_of(gains, a) > standing_of(gains, b)) == (naive_a > naive_b));
  RC_ASSERT(standing_of(gains, a).bottleneck() == naive_a[0]);
}

TEST(Standing, KeepsOrderWhereItLeavesGainsOut) {
  Standing standing;
  for (int gain = 1; gain <= 20; ++gain) {
    const Standing child = standing.of_child(gain);
    EXPECT_FALSE(child > standing) << gain;
    standing = child;
  }
  EXPECT_TRUE(standing.of_child(0.5) < standing);
  EXPECT_EQ(standing.of_child(0.5).bottleneck(), 0.5F);
}

// However many workers expand nodes, in whatever order they are done.
RC_GTEST_PROP(Contest, AllThatBestFirstGrowthSplitsIsTaken, ()) {
  const Gains gains = any_gains();
  const auto most_splits = *rc::gen::elementOf(std::vector<std::int64_t>{1, 2, 7, 30, 254, 2'000});
  const auto workers = *rc::gen::elementOf(std::vector<std::size_t>{1, 2, 5});
  Nodes contest;
  contest.start(most_splits - 1);
  std::vector<std::int64_t> in_work;
  if (gains(0) > 0) in_work.push_back(0);
  std::set<std::int64_t> taken(in_work.begin(), in_work.end());
  std::int64_t entered = static_cast<std::int64_t>(taken.size());
  std::int64_t gone = 0;
  while (!in_work.empty()) {
    const std::size_t done = *rc::gen::inRange<std::size_t>(0, in_work.size());
    const std::int64_t node = in_work[done];
    in_work.erase(in_work.begin() + static_cast<std::ptrdiff_t>(done));
    gone += enter_children(contest, gains, node, entered);
    for (std::int64_t next = 0; in_work.size() < workers && contest.take(next, gone);) {
      RC_ASSERT(taken.insert(next).second);
      in_work.push_back(next);
    }
  }
  RC_ASSERT(entered == static_cast<std::int64_t>(taken.size()) + gone);
  // Of equal gains growth takes one, and what is above both below it, before the other.
  std::set<float> of_nodes;
  for (const std::int64_t node : taken) of_nodes.insert(gains(node));
  if (of_nodes.size() < taken.size()) return;
  const std::set<std::int64_t> needed = grow_best_first(gains, most_splits);
  RC_ASSERT(std::includes(taken.begin(), taken.end(), needed.begin(), needed.end()));
  // One worker wastes nothing where no two nodes stand alike.
  std::set<std::vector<double>> standings;
  for (const std::int64_t node : taken) standings.insert(naive_standing(path_of(gains, node)));
  const bool differ = standings.size() == taken.size() &&
                      std::all_of(standings.begin(), standings.end(),
                                  [](const std::vector<double>& standing) { return standing.size() <= 8; });
  if (workers == 1 && differ) RC_ASSERT(taken == needed);
}

TEST(Contest, RequestsComeFirstAndNotedNodesTakeRoom) {
  Nodes contest;
  contest.start(2);
  const std::array<Nodes::Entrant, 2> two{{{Standing().of_child(5), 5}, {Standing().of_child(3), 3}}};
  EXPECT_EQ(contest.enter(two), 0);
  contest.request(100);
  EXPECT_TRUE(contest.note(Standing().of_child(4)));
  EXPECT_FALSE(contest.note(Standing().of_child(2)));
  std::int64_t task = 0;
  std::int64_t dropped = 0;
  EXPECT_TRUE(contest.take(task, dropped));
  EXPECT_EQ(task, 100);
  EXPECT_TRUE(contest.take(task, dropped));
  EXPECT_EQ(task, 5);
  EXPECT_FALSE(contest.take(task, dropped));  // 5 and 4 are the two best ones
  EXPECT_EQ(dropped, 1);
  contest.start(0);
  EXPECT_EQ(contest.enter(two), 2);
  EXPECT_FALSE(contest.take(task, dropped));
}

TEST(Contest, FeedsWorkersUntilAllIsDone) {
  constexpr std::int64_t most_splits = 300;
  const Gains gains{.seed = 5, .nodes = 4'095, .levels = 1'000'000};
  ASSERT_GT(gains(0), 0);
  const std::set<std::int64_t> needed = grow_best_first(gains, most_splits);
  for (const int threads : {1, 2, 7}) {
    Tasks tasks(threads);
    WorkQueues<std::int64_t> queues(tasks.threads());
    Nodes contest;
    contest.start(most_splits - 1);
    queues.start();
    queues.count_added(0, 1);
    contest.request(0);
    std::vector<std::vector<std::int64_t>> taken(static_cast<std::size_t>(threads));
    tasks.for_each_by_worker(threads, [&](std::int64_t, int worker) {
      std::int64_t dropped = 0;
      const auto fetch = [&](std::int64_t& node) {
        const bool found = contest.take(node, dropped);
        queues.count_finished(worker, std::exchange(dropped, 0));
        return found;
      };
      for (std::int64_t node = 0; queues.take(worker, node, fetch); queues.finish(worker)) {
        taken[static_cast<std::size_t>(worker)].push_back(node);
        queues.count_added(worker, 2);
        std::int64_t entered = 0;
        const std::int64_t out = enter_children(contest, gains, node, entered);
        queues.count_finished(worker, out + 2 - entered);
      }
    });
    std::set<std::int64_t> all;
    std::size_t count = 0;
    for (const std::vector<std::int64_t>& nodes : taken) {
      count += nodes.size();
      all.insert(nodes.begin(), nodes.end());
    }
    EXPECT_EQ(all.size(), count);
    EXPECT_TRUE(std::includes(all.begin(), all.end(), needed.begin(), needed.end()));
  }
}

}  // namespace
}  // namespace ramet::cpu
