// base/nearest.hpp: what the user may have meant.
#include "base/nearest.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace ramet {
namespace {

// The recursion that defines optimal string alignment, without a table.
std::size_t naive_distance(const std::string& a, const std::string& b) {
  if (a.empty()) return b.size();
  if (b.empty()) return a.size();
  const std::string a1 = a.substr(0, a.size() - 1);
  const std::string b1 = b.substr(0, b.size() - 1);
  std::size_t best = std::min(naive_distance(a1, b), naive_distance(a, b1)) + 1;
  best = std::min(best, naive_distance(a1, b1) + (a.back() == b.back() ? 0 : 1));
  if (a1.empty() || b1.empty() || a.back() != b1.back() || a1.back() != b.back()) return best;
  return std::min(best, naive_distance(a1.substr(0, a1.size() - 1), b1.substr(0, b1.size() - 1)) + 1);
}

TEST(Nearest, SameNameIgnoresCaseAndDashes) {
  EXPECT_TRUE(same_name("max-depth", "max_depth"));
  EXPECT_TRUE(same_name("RMSE", "rmse"));
  EXPECT_TRUE(same_name("", ""));
  EXPECT_FALSE(same_name("max_depth", "maxdepth"));
  EXPECT_FALSE(same_name("a", ""));
}

TEST(Nearest, KnownDistances) {
  EXPECT_EQ(edit_distance("lamda", "lambda"), 1u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("depht", "depth"), 1u);  // swapped
  EXPECT_EQ(edit_distance("max-depth", "MAX_DEPTH"), 0u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

RC_GTEST_PROP(Nearest, DistanceAgreesWithItsDefinition, (std::uint64_t seed)) {
  std::array<std::string, 2> names;
  for (std::string& name : names) {
    for (std::uint64_t size = seed % 7; size > 0; --size, seed = seed / 3 + 1) name += "abc"[seed % 3];
    seed = seed / 7 + 2;
  }
  RC_ASSERT(edit_distance(names[0], names[1]) == naive_distance(names[0], names[1]));
}

TEST(Nearest, FindsTheClosest) {
  const std::vector<std::string_view> known{"eta", "max_depth", "max_leaves", "lambda", "alpha"};
  EXPECT_EQ(nearest_name("max-dept", known), "max_depth");
  EXPECT_EQ(nearest_name("lamda", known), "lambda");
  EXPECT_EQ(nearest_name("depth", known), "max_depth");  // a part of it
  EXPECT_EQ(nearest_name("Eta", known), "eta");
  EXPECT_EQ(nearest_name("max", known), "max_depth");  // the first of several
  EXPECT_EQ(nearest_name("zzz", known), "");
  EXPECT_EQ(nearest_name("", known), "");
  EXPECT_EQ(nearest_name(std::string(100'000, 'a'), known), "");
  EXPECT_EQ(nearest_name("eta", {}), "");
}

}  // namespace
}  // namespace ramet
