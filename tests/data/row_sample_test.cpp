#include "data/row_sample.hpp"

#include <gtest/gtest.h>

#include "comm/ranks.hpp"
#include "data/naive.hpp"

namespace ramet::test {
namespace {

using Rows = std::vector<std::int64_t>;

TEST(RowSample, SizeIsBoundedByColumns) {
  EXPECT_EQ(data::sample_size({.bin_sample = 0}, 10), 0);
  EXPECT_EQ(data::sample_size({.bin_sample = 500}, 10), 500);
  EXPECT_EQ(data::sample_size({}, 28), 262'144);
  EXPECT_EQ(data::sample_size({}, 1 << 20), 1024);
  EXPECT_EQ(data::sample_size({}, 2'000'000'000), 1);
}

// The sample of rows [0, rows) that are `positive`, sharded at `ends`.
Rows sample(const BinParams& params, const std::vector<bool>& positive, const Rows& ends) {
  const auto total = static_cast<std::int64_t>(positive.size());
  const auto positive_rows = std::count(positive.begin(), positive.end(), true);
  const auto ranks = static_cast<int>(ends.size()) - 1;
  std::vector<Rows> of_rank(static_cast<std::size_t>(ranks));
  const auto outcomes = run_ranks(ranks, [&](const std::shared_ptr<Communicator>& communicator) {
    const int rank = communicator->rank();
    data::RowCandidates candidates(params, 3, total);
    for (int attempt = 0; attempt < 2; ++attempt) {
      Rows mine;
      for (std::int64_t row = ends[rank]; row < ends[rank + 1]; ++row) {
        if (positive[row] && candidates.contains(row)) mine.push_back(row);
      }
      const auto chosen = candidates.choose(*communicator, mine, 0, positive_rows);
      if (!chosen) continue;
      for (std::size_t i = 0; i < mine.size(); ++i) {
        if ((*chosen)[i]) of_rank[rank].push_back(mine[i]);
      }
      return;
    }
    ADD_FAILURE() << "two attempts were not enough";
  });
  for (const Outcome& outcome : outcomes) EXPECT_FALSE(outcome.failed) << outcome.message;
  Rows all;
  for (const Rows& rows : of_rank) all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

TEST(RowSample, TheRowsWithTheSmallestHashes) {
  constexpr std::int64_t rows = 20'000;
  for (const std::int64_t size : {0, 1, 2, 50, 5000, 19'999, 20'000, 30'000}) {
    for (const std::int64_t zero_of : {1, 2, 100}) {  // of so many rows one is kept
      std::vector<bool> positive;
      std::vector<double> weights;
      for (std::int64_t r = 0; r < rows; ++r) {
        positive.push_back(r % zero_of == 0);
        weights.push_back(positive.back() ? 1 : 0);
      }
      const BinParams params{.bin_sample = size, .seed = 9};
      Rows expected = naive_sample(params, {.rows = rows, .cols = 3, .values = {}}, weights);
      std::sort(expected.begin(), expected.end());
      for (const Rows& ends : {Rows{0, rows}, Rows{0, 0, 77, rows}, Rows{0, 10'000, rows}})
        EXPECT_EQ(sample(params, positive, ends), expected);
    }
  }
}

TEST(RowSample, DependsOnTheSeed) {
  const std::vector<bool> all(1000, true);
  EXPECT_NE(sample({.bin_sample = 100, .seed = 1}, all, {0, 1000}),
            sample({.bin_sample = 100, .seed = 2}, all, {0, 1000}));
}

}  // namespace
}  // namespace ramet::test
