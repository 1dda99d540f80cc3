#include "cpu/partition_job.hpp"

#include <gtest/gtest.h>

#include <random>

#include "random_pages.hpp"
#include "simd_targets.hpp"

namespace ramet::cpu {
namespace {

backend::SplitRule numeric_rule(std::uint32_t bin, bool missing_left) {
  backend::SplitRule rule;
  rule.feature = 0;
  rule.bin = bin;
  rule.missing_left = missing_left;
  return rule;
}

backend::SplitRule category_rule(std::vector<std::uint32_t> words) {
  backend::SplitRule rule;
  rule.feature = 0;
  rule.categorical = true;
  rule.left_categories = std::move(words);
  return rule;
}

struct Sides {
  std::vector<std::uint32_t> left;
  std::vector<std::uint32_t> right;
};

// The rows of one page of a node, split one by one.
Sides naive_split(const RowSlice& rows, const data::StoredColumn& column, const backend::SplitRule& rule) {
  Sides sides;
  for (std::int64_t i = 0; i < rows.count; ++i) {
    const std::uint32_t r = rows.ids != nullptr ? rows.ids[i] : rows.first + static_cast<std::uint32_t>(i);
    (goes_left(rule, test::code_at(*rows.page, column, r)) ? sides.left : sides.right).push_back(r);
  }
  return sides;
}

std::vector<std::uint32_t> ids_of(const RowSlice& rows) { return {rows.ids, rows.ids + rows.count}; }

// Splits the root by `rule`, then its right child by the same rule on the other column, and compares both.
void check(const data::DatasetData& data, const backend::SplitRule& rule, double fraction, bool parallel) {
  Tasks tasks(parallel ? 3 : 1);
  const SampledRows sample = sample_rows(data, {fraction, 5}, tasks);
  TreeRows rows;
  rows.start(data, sample);
  const data::StoredColumn* columns = data.layout.columns.data();
  PartitionJob job;
  job.rows = &rows;
  job.data = &data;
  job.rule = &rule;
  job.parent = rows.root();
  Side side = Side::root;
  for (int depth = 0; depth < 3; ++depth) {
    job.column = &columns[static_cast<std::size_t>(depth) % data.layout.columns.size()];
    job.table = category_table(rule, job.column->value_bins);
    job.side = side;
    std::vector<Sides> naive;
    for (std::size_t p = 0; p < job.parent.size(); ++p) {
      naive.push_back(
          naive_split(rows.slice(static_cast<std::int32_t>(p), job.parent[p], side), *job.column, rule));
    }
    PartitionJob* jobs[] = {&job};
    if (parallel) {
      partition_all(jobs, tasks);
    } else {
      partition_one(job);
    }
    side = child_side(side);
    for (std::size_t p = 0; p < job.parent.size(); ++p) {
      const auto page = static_cast<std::int32_t>(p);
      EXPECT_EQ(ids_of(rows.slice(page, {job.parent[p].begin, job.mids[p]}, side)), naive[p].left);
      EXPECT_EQ(ids_of(rows.slice(page, {job.mids[p], job.parent[p].end}, side)), naive[p].right);
      job.parent[p].begin = job.mids[p];
    }
  }
}

void check_both(const data::DatasetData& data, const backend::SplitRule& rule) {
  for (const double fraction : {1.0, 0.4}) {
    check(data, rule, fraction, false);
    check(data, rule, fraction, true);
  }
}

TEST(Partition, NumericRulesSplitAsOneByOne) {
  const data::DatasetData narrow = test::random_dataset({{200, true}, {20, false}}, 50'021, 20'000, 1);
  const data::DatasetData wide = test::random_dataset({{700, true}, {3'000, true}}, 20'003, 20'003, 2);
  test::for_each_simd_target([&](const std::string& target) {
    SCOPED_TRACE(target);
    for (const bool missing_left : {false, true}) {
      for (const std::uint32_t bin : {1u, 17u, 199u}) check_both(narrow, numeric_rule(bin, missing_left));
      for (const std::uint32_t bin : {1u, 255u, 256u, 650u})
        check_both(wide, numeric_rule(bin, missing_left));
    }
  });
}

TEST(Partition, AllRowsMayGoOneWay) {
  const data::DatasetData data = test::random_dataset({{200, false}, {200, false}}, 1'000, 1'000, 1);
  check_both(data, numeric_rule(200, false));
  check_both(test::random_dataset({{200, true}}, 777, 100, 1), numeric_rule(200, false));
}

TEST(Partition, CategoryRulesSplitAsOneByOne) {
  const data::DatasetData data =
      test::random_dataset({{70, true, true}, {300, true, true}}, 20'001, 9'999, 3);
  test::for_each_simd_target([&](const std::string& target) {
    SCOPED_TRACE(target);
    check_both(data, category_rule({0x12345678u, 0xffu, 1u}));
    check_both(data, category_rule({}));
  });
}

TEST(Partition, SmallNodesOfEverySize) {
  for (std::int64_t rows = 1; rows < 200; ++rows) {
    check_both(test::random_dataset({{4, true}}, rows, 100, static_cast<std::uint32_t>(rows)),
               numeric_rule(2, true));
  }
}

}  // namespace
}  // namespace ramet::cpu
