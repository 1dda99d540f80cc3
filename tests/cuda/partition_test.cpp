// cuda/partition.hpp: every row on the right side, once.
#include "cuda/partition.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>

#include "cuda/coded_data.hpp"
#include "cuda/columns.hpp"
#include "cuda/device_values.hpp"
#include "cuda/thread_order.hpp"
#include "math/random.hpp"

namespace ramet::cuda::test {
namespace {

constexpr std::uint32_t poison = 0xdeadbeef;

struct TestRule {
  std::int32_t column = 0;
  std::uint32_t bin = 0;
  bool missing_left = false;
  bool categorical = false;
  std::vector<std::uint32_t> words = {};
};

struct TestSplit {
  TestRule rule;
  bool by_id = true;
  std::vector<std::uint32_t> rows;
};

bool naive_goes_left(const TestRule& rule, std::uint32_t code) {
  if (code == 0) return rule.missing_left;
  if (!rule.categorical) return code <= rule.bin;
  const std::size_t word = (code - 1) / 32;
  return word < rule.words.size() && (rule.words[word] >> ((code - 1) % 32) & 1u) != 0;
}

std::vector<std::uint32_t> sorted(std::vector<std::uint32_t> values) {
  std::ranges::sort(values);
  return values;
}

// Splits of rows of these columns, all in one call.
class Splits {
 public:
  explicit Splits(std::vector<CodedColumn> coded)
      : columns_(std::move(coded)),
        data_(coded_dataset(columns_, 700)),
        device_(data_, RowSpan{0, data_.rows}, nullptr) {}

  void add(TestRule rule, std::vector<std::uint32_t> ids) {
    splits_.push_back({std::move(rule), true, std::move(ids)});
  }
  void add_first_rows(TestRule rule, std::uint32_t count) {
    std::vector<std::uint32_t> rows(count);
    std::iota(rows.begin(), rows.end(), 0u);
    splits_.push_back({std::move(rule), false, std::move(rows)});
  }

  void expect_moved() const {
    std::vector<DeviceArray<std::uint32_t>> kept;
    std::vector<PartitionTask> tasks;
    std::uint32_t blocks = 0;
    for (const TestSplit& split : splits_) {
      PartitionTask task;
      task.count = static_cast<std::uint32_t>(split.rows.size());
      task.first_block = blocks;
      blocks += partition_blocks(task.count);
      if (split.by_id) task.source = kept.emplace_back(to_device(split.rows)).data();
      task.target =
          kept.emplace_back(to_device(std::vector<std::uint32_t>(split.rows.size(), poison))).data();
      const DeviceColumn& column = device_.columns()[static_cast<std::size_t>(split.rule.column)];
      task.rule = {.codes = column.codes,
                   .width = column.width,
                   .bin = split.rule.bin,
                   .missing_left = split.rule.missing_left};
      if (split.rule.categorical) {
        task.rule.left_categories = kept.emplace_back(to_device(split.rule.words)).data();
        task.rule.category_words = static_cast<std::uint32_t>(split.rule.words.size());
      }
      tasks.push_back(task);
    }
    const DeviceArray<PartitionTask> on_device = to_device(tasks);
    const DeviceArray<std::uint32_t> sides = to_device(std::vector<std::uint32_t>(2 * tasks.size(), poison));
    partition_rows(on_device.data(), static_cast<std::int32_t>(tasks.size()), blocks, sides.data(), nullptr);
    const std::vector<std::uint32_t> found = from_device(sides.data(), sides.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      SCOPED_TRACE(testing::Message() << "split " << i << " of " << splits_[i].rows.size() << " rows");
      expect_split(splits_[i], from_device(tasks[i].target, tasks[i].count), found[2 * i], found[2 * i + 1]);
    }
  }

 private:
  void expect_split(const TestSplit& split, const std::vector<std::uint32_t>& moved, std::uint32_t left,
                    std::uint32_t right) const {
    std::vector<std::uint32_t> sides[2];
    for (const std::uint32_t row : split.rows) {
      const std::uint32_t code = columns_[static_cast<std::size_t>(split.rule.column)].codes[row];
      sides[naive_goes_left(split.rule, code) ? 0 : 1].push_back(row);
    }
    ASSERT_EQ(left, sides[0].size());
    ASSERT_EQ(right, sides[1].size());
    EXPECT_EQ(sorted({moved.begin(), moved.begin() + left}), sorted(sides[0]));
    EXPECT_EQ(sorted({moved.begin() + left, moved.end()}), sorted(sides[1]));
  }

  std::vector<CodedColumn> columns_;
  data::DatasetData data_;
  DeviceColumns device_;
  std::vector<TestSplit> splits_;
};

std::vector<CodedColumn> test_columns(std::int64_t rows, std::mt19937& random) {
  return {random_column(20, rows, random), random_column(70, rows, random, 0.2, true),
          random_column(1'000, rows, random), random_column(3'000, rows, random, 0.2, true)};
}

std::vector<std::uint32_t> random_ids(std::int64_t rows, std::size_t count, std::mt19937& random) {
  std::vector<std::uint32_t> ids(static_cast<std::size_t>(rows));
  std::iota(ids.begin(), ids.end(), 0u);
  std::ranges::shuffle(ids, random);
  ids.resize(count);
  return ids;
}

std::vector<std::uint32_t> random_words(std::size_t count, std::mt19937& random) {
  std::vector<std::uint32_t> words(count);
  for (std::uint32_t& word : words) word = static_cast<std::uint32_t>(random());
  return words;
}

constexpr std::size_t counts[] = {0, 1, 31, 32, 33, 255, 256, 257, 2'047, 2'048, 2'049, 5'000};

TEST(Partition, ByNumericRules) {
  std::mt19937 random(1);
  Splits splits(test_columns(6'000, random));
  for (const std::size_t count : counts) {
    for (const bool missing_left : {false, true}) {
      splits.add({.column = 0, .bin = 7, .missing_left = missing_left}, random_ids(6'000, count, random));
      splits.add({.column = 2, .bin = 300, .missing_left = missing_left}, random_ids(6'000, count, random));
      splits.add_first_rows({.column = 0, .bin = 13, .missing_left = missing_left},
                            static_cast<std::uint32_t>(count));
      splits.add_first_rows({.column = 2, .bin = 800, .missing_left = missing_left},
                            static_cast<std::uint32_t>(count));
    }
  }
  for_thread_orders([&] { splits.expect_moved(); });
}

// Also with fewer words than there are categories: the last ones go right.
TEST(Partition, ByCategories) {
  std::mt19937 random(2);
  Splits splits(test_columns(6'000, random));
  for (const std::size_t count : counts) {
    for (const std::size_t words : {1u, 2u, 3u}) {
      splits.add({.column = 1, .categorical = true, .words = random_words(words, random)},
                 random_ids(6'000, count, random));
    }
    for (const std::size_t words : {1u, 50u, 94u}) {
      splits.add({.column = 3, .categorical = true, .words = random_words(words, random)},
                 random_ids(6'000, count, random));
      splits.add_first_rows({.column = 3, .categorical = true, .words = random_words(words, random)},
                            static_cast<std::uint32_t>(count));
    }
  }
  for_thread_orders([&] { splits.expect_moved(); });
}

TEST(Partition, ToOneSide) {
  std::mt19937 random(3);
  Splits splits(test_columns(6'000, random));
  for (const std::size_t count : counts) {
    splits.add({.column = 0, .bin = 20, .missing_left = true}, random_ids(6'000, count, random));
    splits.add({.column = 1, .categorical = true, .words = {0, 0, 0}}, random_ids(6'000, count, random));
  }
  for_thread_orders([&] { splits.expect_moved(); });
}

// More splits than a block looks at together, empty ones at both ends.
TEST(Partition, OfManyNodes) {
  std::mt19937 random(4);
  Splits splits(test_columns(3'000, random));
  for (std::size_t i = 0; i < 600; ++i) {
    const bool empty = i < 3 || i >= 598 || i % 11 == 0;
    splits.add({.column = 0, .bin = static_cast<std::uint32_t>(i % 21), .missing_left = i % 2 == 0},
               random_ids(3'000, empty ? 0 : 1 + i, random));
  }
  for_thread_orders([&] { splits.expect_moved(); });
}

TEST(Partition, OfNothing) {
  std::mt19937 random(5);
  Splits splits(test_columns(10, random));
  splits.add({.column = 0, .bin = 7}, {});
  splits.expect_moved();
}

TEST(SampleRows, AreThoseOfTheContract) {
  for (const std::int64_t rows : {1, 31, 33, 2'047, 2'048, 2'049, 9'000}) {
    for (const double fraction : {1e-9, 0.1, 0.5, 0.999, 1.0}) {
      for (const std::int64_t first_global : {std::int64_t{0}, std::int64_t{5'000'000'000}}) {
        SCOPED_TRACE(testing::Message() << rows << " rows, " << fraction << ", from " << first_global);
        std::vector<std::uint32_t> expected;
        for (std::int64_t r = 0; r < rows; ++r) {
          if (math::in_sample(77, static_cast<std::uint64_t>(first_global + r), fraction)) {
            expected.push_back(static_cast<std::uint32_t>(r));
          }
        }
        for_thread_orders([&] {
          const DeviceArray<std::uint32_t> ids =
              to_device(std::vector<std::uint32_t>(static_cast<std::size_t>(rows), poison));
          const DeviceArray<std::uint32_t> count = to_device(std::vector<std::uint32_t>{poison});
          sample_rows(rows, first_global, 77, fraction, ids.data(), count.data(), nullptr);
          ASSERT_EQ(from_device(count.data(), 1)[0], expected.size());
          EXPECT_EQ(sorted(from_device(ids.data(), expected.size())), expected);
        });
      }
    }
  }
}

}  // namespace
}  // namespace ramet::cuda::test
