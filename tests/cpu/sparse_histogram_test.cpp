#include <gtest/gtest.h>

#include "base/tasks.hpp"
#include "cpu/node_histogram.hpp"
#include "cpu/sparse_columns.hpp"
#include "histogram_case.hpp"
#include "simd_targets.hpp"

namespace ramet::cpu {
namespace {

using test::ColumnSpec;

double half_of(const HistogramLayout& layout) { return 0.5 * static_cast<double>(layout.columns.size()); }

void check_sparse(const HistogramCase& c, int threads, bool wide) {
  Tasks tasks(threads);
  const auto sparse = make_sparse_rows(c.data, c.layout, half_of(c.layout), tasks);
  ASSERT_NE(sparse, nullptr);
  HistogramPool pool(c.layout.total_cells, tasks.threads());
  const std::vector<Segment> root = c.rows.root();
  const BuildJob job{&c.layout, &c.gradients,       &c.data,     &c.rows, Side::root,
                     root,      pool.acquire(wide), sparse.get()};
  build_all(std::span<const BuildJob>(&job, 1), pool, tasks);
  expect_equal(job.target, c.naive());
  build_one(job, pool);
  expect_equal(job.target, c.naive());
}

TEST(Histogram, SparseRowsGiveTheSameSums) {
  // One and two bins: half of the values or more are the most frequent one.
  const std::vector<ColumnSpec> few = {{1, true},  {1, true},    {2, false}, {1, true},
                                       {1, false}, {300, false}, {1, true}};
  for (const int threads : {1, 2, 7}) {
    check_sparse(HistogramCase(few, 20'000, 7'777, 1.0, 16), threads, false);
    check_sparse(HistogramCase(few, 150'000, 70'000, 0.7, 16), threads, true);
    check_sparse(HistogramCase(few, 20'000, 9'000, 0.5, 32), threads, true);
    check_sparse(HistogramCase(few, 20'000, 9'000, 0.5, 16, true), threads, false);
    check_sparse(HistogramCase(few, 150'000, 70'000, 0.7, 16, true), threads, true);
    check_sparse(HistogramCase(few, 20'000, 9'000, 0.5, 32, true), threads, true);
  }
}

// Rows without ids whose lists are of few kinds are added kind by kind.
TEST(Histogram, SparseRowsOfFewKindsGiveTheSameSums) {
  // With the column of 300 bins no list is that of many rows.
  const std::vector<ColumnSpec> few = {{1, true}, {1, true}, {2, false}, {1, false}, {300, false}, {1, true}};
  const std::vector<ColumnSpec> fewer = {{1, true}, {1, true}, {1, false}};
  for (const int threads : {1, 2, 7}) {
    for (const bool counted : {false, true}) {
      for (const std::vector<ColumnSpec>& columns : {few, fewer}) {
        const HistogramCase packed(columns, 20'000, 7'777, 1.0, 16, counted);
        Tasks tasks(threads);
        const auto sparse = make_sparse_rows(packed.data, packed.layout, half_of(packed.layout), tasks);
        ASSERT_NE(sparse, nullptr);
        EXPECT_EQ(sparse->pages[0].kinds.size(), 7'777u);
        EXPECT_EQ(sparse->pages[0].frequent_lists.empty(), columns.size() > 3);
        check_sparse(packed, threads, false);
        check_sparse(HistogramCase(columns, 150'000, 70'000, 1.0, 16, counted), threads, true);
        check_sparse(HistogramCase(columns, 20'000, 9'000, 1.0, 32, counted), threads, true);
      }
    }
  }
  // Lists of all lengths.
  const HistogramCase many(std::vector<ColumnSpec>(3'000, {1, true}), 500, 500, 1.0, 16);
  Tasks tasks(2);
  EXPECT_EQ(make_sparse_rows(many.data, many.layout, half_of(many.layout), tasks)->pages[0].kinds.size(), 0u);
  check_sparse(many, 2, false);
}

// Outputs of which each has gradients of its own, with roots built column by column.
TEST(Histogram, RootsByColumnsGiveTheSameSums) {
  const std::vector<ColumnSpec> columns = {{1, true},  {1, true},    {2, false},
                                           {1, false}, {300, false}, {3, true}};
  test::for_each_simd_target([&](const std::string& target) {
    SCOPED_TRACE(target);
    for (const bool counted : {false, true}) {
      for (const std::int64_t rows : {20'000, 150'000}) {
        const HistogramCase c(columns, rows, 70'000, 1.0, 16, counted);
        Tasks tasks(3);
        const auto sparse = make_sparse_rows(c.data, c.layout, 5.0, tasks);
        ASSERT_NE(sparse, nullptr);
        const auto by_columns = make_sparse_columns(c.data, c.layout, sparse->frequent_cells, tasks);
        HistogramPool pool(c.layout.total_cells, tasks.threads());
        const std::vector<Segment> root = c.rows.root();
        for (const std::size_t outputs : {1, 7, 10}) {
          std::vector<OutputGradients> gradients(outputs);
          std::vector<BuildJob> jobs;
          for (std::size_t k = 0; k < outputs; ++k) {
            gradients[k].scale = c.gradients.scale;
            gradients[k].narrow = Buffer<std::uint32_t>(static_cast<std::size_t>(rows));
            for (std::size_t i = 0; i < gradients[k].narrow.size(); ++i)
              gradients[k].narrow[i] = c.gradients.narrow[(i + 17 * k) % gradients[k].narrow.size()];
            jobs.push_back({&c.layout, &gradients[k], &c.data, &c.rows, Side::root, root,
                            pool.acquire(rows > max_packed_rows), sparse.get()});
          }
          build_roots_by_columns(jobs, *by_columns, tasks);
          for (std::size_t k = 0; k < outputs; ++k) expect_equal(jobs[k].target, c.naive(gradients[k]));
        }
      }
    }
  });
}

TEST(Histogram, RowsOfManyDifferentValuesAreNotListed) {
  const HistogramCase c(mixed_columns, 5'000, 5'000, 1.0, 16);
  Tasks tasks(1);
  EXPECT_EQ(make_sparse_rows(c.data, c.layout, half_of(c.layout), tasks), nullptr);
}

}  // namespace
}  // namespace ramet::cpu
