#include "train/early_stopping.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace ramet::training {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// The round after which it stops (0: never), and the best one.
std::pair<int, int> run(EarlyStopping stopping, const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int round = static_cast<int>(i) + 1;
    if (stopping.stops_after(round, values[i])) return {round, stopping.best_round()};
  }
  return {0, stopping.best_round()};
}

TEST(EarlyStopping, WaitsForImprovement) {
  EXPECT_EQ(run({2, false}, {5, 4, 3, 3, 4, 1}), std::pair(5, 3));
  EXPECT_EQ(run({2, true}, {5, 4, 6, 3, 7}), std::pair(0, 5));
  EXPECT_EQ(run({1, true}, {5, 5}), std::pair(2, 1)) << "an equal value is no improvement";
  EXPECT_EQ(run({3, false}, {1}), std::pair(0, 1));
}

TEST(EarlyStopping, ZeroMeansNever) { EXPECT_EQ(run({0, false}, {1, 2, 3, 4, 5}), std::pair(0, 1)); }

TEST(EarlyStopping, AnyNumberIsBetterThanNan) {
  EXPECT_EQ(run({3, false}, {nan, nan, 9, nan}), std::pair(0, 3));
  EXPECT_EQ(run({2, false}, {nan, nan, nan}), std::pair(3, 1));
  EXPECT_EQ(run({2, true}, {1, nan, nan}), std::pair(3, 1));
}

TEST(EarlyStopping, InfinityIsAValue) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(run({2, false}, {infinity, infinity, 3}), std::pair(0, 3));
}

}  // namespace
}  // namespace ramet::training
