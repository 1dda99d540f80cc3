// Histograms from copies of the rows: columns joined in bytes, gradients inside.
#include <gtest/gtest.h>

#include "base/tasks.hpp"
#include "cpu/node_histogram.hpp"
#include "histogram_case.hpp"

namespace ramet::cpu {
namespace {

using test::ColumnSpec;

// How many of the columns share a byte with others.
std::int64_t check_joint(const HistogramCase& c, int threads, bool wide) {
  Tasks tasks(threads);
  const auto joint = plan_joint_rows(c.layout, 0);
  if (joint == nullptr) return 0;
  fill_joint_rows(c.data, c.layout, tasks, *joint);
  HistogramPool pool(c.layout.total_cells, tasks.threads());
  const std::vector<Segment> root = c.rows.root();
  HistogramPool joint_pool(joint->layout.total_cells, threads);
  BuildJob job{&c.layout, &c.gradients, &c.data, &c.rows, Side::root, root, pool.acquire(wide)};
  job.joint = joint.get();
  job.joint_pool = &joint_pool;
  build_all(std::span<const BuildJob>(&job, 1), pool, tasks);
  expect_equal(job.target, c.naive());
  build_one(job, pool);
  expect_equal(job.target, c.naive());
  std::int64_t columns = 0;
  for (const JointGroup& group : joint->groups) columns += static_cast<std::int64_t>(group.members.size());
  return columns;
}

TEST(Histogram, JointRowsGiveTheSameSums) {
  // Sizes 3, 6, 2, 16, 16, 128, 2, 2, 1; also columns that fit nowhere, and a wide one.
  const std::vector<ColumnSpec> few = {{2, true},  {6, false},  {2, false},  {255, false},
                                       {15, true}, {16, false}, {300, true}, {127, true},
                                       {1, true},  {2, false},  {1, false}};
  for (const int threads : {1, 2, 7}) {
    for (const bool counted : {false, true}) {
      EXPECT_GE(check_joint(HistogramCase(few, 20'000, 7'777, 1.0, 16, counted), threads, false), 8);
      EXPECT_GE(check_joint(HistogramCase(few, 150'000, 70'000, 0.7, 16, counted), threads, true), 8);
      EXPECT_GE(check_joint(HistogramCase(few, 3, 2, 1.0, 8, counted), threads, false), 8);
    }
  }
}

// A child with every third row of the root.
std::vector<Segment> make_child(HistogramCase& c) {
  std::vector<Segment> child;
  const std::vector<Segment> root = c.rows.root();
  for (std::size_t p = 0; p < root.size(); ++p) {
    const RowSlice all = c.rows.slice(static_cast<std::int32_t>(p), root[p], Side::root);
    std::uint32_t count = 0;
    for (std::int64_t i = 0; i < all.count; i += 3) {
      const auto row = static_cast<std::uint32_t>(all.ids != nullptr ? all.ids[i] : all.first + i);
      c.rows.ids(static_cast<std::int32_t>(p), Side::a)[root[p].begin + count++] = row;
    }
    child.push_back({root[p].begin, root[p].begin + count});
  }
  return child;
}

// The root puts gradients into the records, from where its child takes them.
void check_records(HistogramCase c, bool with_joint, int threads) {
  Tasks tasks(threads);
  const auto joint = plan_joint_rows(c.layout, c.data.rows);
  const auto records = make_row_records(c.data, tasks);
  HistogramPool pool(c.layout.total_cells, tasks.threads());
  HistogramPool joint_pool(joint != nullptr ? joint->layout.total_cells : 1, threads);
  BuildJob job{
      &c.layout, &c.gradients, &c.data, &c.rows, Side::root, {}, pool.acquire(c.data.rows > max_packed_rows)};
  if (with_joint) {
    ASSERT_NE(joint, nullptr);
    fill_joint_rows(c.data, c.layout, tasks, *joint);
    job.joint = joint.get();
    job.joint_pool = &joint_pool;
  }
  job.records = with_joint ? &joint->rows : records.get();
  ASSERT_NE(job.records, nullptr);
  ASSERT_TRUE(job.records->with_gradients());
  const std::vector<Segment> root = c.rows.root();
  job.segments = root;
  build_all(std::span<const BuildJob>(&job, 1), pool, tasks);
  expect_equal(job.target, c.naive());
  const std::vector<Segment> child = make_child(c);
  const std::vector<WideCell> expected = c.naive(c.gradients, child, Side::a);
  for (std::uint32_t& pair : c.gradients.narrow.span()) pair = 0;
  job.segments = child;
  job.side = Side::a;
  build_all(std::span<const BuildJob>(&job, 1), pool, tasks);
  expect_equal(job.target, expected);
}

TEST(Histogram, GradientsInTheRowsGiveTheSameSums) {
  const std::vector<ColumnSpec> many(20, {100, true});
  std::vector<ColumnSpec> few(60, {5, false});
  few.insert(few.end(), 14, {255, false});
  for (const int threads : {1, 2, 7}) {
    for (const bool counted : {false, true}) {
      check_records(HistogramCase(many, 20'000, 7'777, 1.0, 16, counted), false, threads);
      check_records(HistogramCase(few, 20'000, 7'777, 0.6, 16, counted), true, threads);
    }
    std::vector<ColumnSpec> tiles(100, {250, false});
    tiles.resize(102, {700, true});
    check_records(HistogramCase(tiles, 5'000, 1'300, 0.8, 12), false, threads);
  }
  // Rows of 12 bytes, some of which lie across two cache lines.
  check_records(HistogramCase({{255, true}, {60, false}, {700, true}, {9, false}}, 400'000, 300'000, 1.0, 10),
                false, 2);
}

TEST(Histogram, RowsOfFewOrManyBytesHaveNoGradients) {
  RowRecords records;
  for (const std::int64_t codes : {1, 12, 125, 4'000}) {
    records.set_shape(codes, 1'000);
    EXPECT_FALSE(records.with_gradients()) << codes;
    EXPECT_EQ(records.row_bytes, codes);
  }
  for (const std::int64_t codes : {13, 28, 29, 60, 124}) {
    records.set_shape(codes, 1'000);
    EXPECT_GE(records.gradient_at, codes);
    EXPECT_LE(records.gradient_at + 4, records.row_bytes);
    EXPECT_EQ(128 % records.row_bytes, 0) << codes;
    records.set_shape(codes, 0);
    EXPECT_EQ(records.row_bytes, codes);
  }
  // Short rows have them only where there are many.
  for (const std::int64_t codes : {5, 8, 12}) {
    records.set_shape(codes, 100'000);
    EXPECT_FALSE(records.with_gradients()) << codes;
    records.set_shape(codes, 1'000'000);
    EXPECT_EQ(records.gradient_at % 4, 0);
    EXPECT_GE(records.gradient_at, codes);
    EXPECT_EQ(records.row_bytes, records.gradient_at + 4);
  }
  records.set_shape(4, 1'000'000);
  EXPECT_FALSE(records.with_gradients());
}

TEST(Histogram, JointRowsInTiles) {
  std::vector<ColumnSpec> columns(300, {60, false});
  for (std::size_t c = 0; c < columns.size(); c += 2) columns[c] = {3, true};
  const HistogramCase c(columns, 3'000, 1'300, 0.8, 16, true);
  EXPECT_GT(c.layout.tiles.size(), 2u);
  EXPECT_GE(check_joint(c, 2, false), 250);
}

TEST(Histogram, ColumnsOfManyValuesAreNotJoined) {
  EXPECT_EQ(check_joint(HistogramCase({{255, true}, {200, false}, {2, false}}, 500, 500, 1.0, 16), 1, false),
            0);
}

}  // namespace
}  // namespace ramet::cpu
