#include "cpu/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/tasks.hpp"
#include "cpu/node_histogram.hpp"
#include "histogram_case.hpp"

namespace ramet::cpu {
namespace {

using test::ColumnSpec;

void check(const HistogramCase& c, int threads, bool wide) {
  Tasks tasks(threads);
  HistogramPool pool(c.layout.total_cells, tasks.threads());
  const std::vector<Segment> root = c.rows.root();
  const BuildJob job{&c.layout, &c.gradients, &c.data, &c.rows, Side::root, root, pool.acquire(wide)};
  build_all(std::span<const BuildJob>(&job, 1), pool, tasks);
  expect_equal(job.target, c.naive());
  build_one(job, pool);
  expect_equal(job.target, c.naive());
}

TEST(Histogram, PackedCellsEqualPlainSums) {
  for (const int threads : {1, 2, 7}) {
    check(HistogramCase(mixed_columns, 5'000, 5'000, 1.0, 16), threads, false);
    check(HistogramCase(mixed_columns, 30'000, 7'777, 0.3, 16), threads, false);
    check(HistogramCase(mixed_columns, 1, 1, 1.0, 8), threads, false);
  }
}

// Such columns are as far apart as one another, and have loops of their own.
TEST(Histogram, ColumnsOfAsManyBinsEqualPlainSums) {
  for (const std::size_t columns : {1u, 2u, 4u, 7u, 8u, 13u, 28u}) {
    for (const bool missing : {false, true}) {
      std::vector<ColumnSpec> specs(columns, {255, missing});
      for (const double fraction : {1.0, 0.4}) {
        for (const int bits : {16, 32})
          check(HistogramCase(specs, 3'000, 2'000, fraction, bits), 2, bits > 16);
      }
      specs.push_back({255, !missing});
      specs.push_back({17, true});
      check(HistogramCase(specs, 3'000, 2'000, 0.4, 16), 2, false);
    }
  }
}

TEST(Histogram, PackedCellsHoldTheLargestNodeOfExtremes) {
  HistogramCase c({{2, false}}, max_packed_rows, 1 << 20, 1.0, 16);
  for (std::int64_t i = 0; i < max_packed_rows; ++i) {
    c.gradients.narrow[static_cast<std::size_t>(i)] = narrow_gradient(i % 2 == 0 ? -32'767 : 32'767, 65'535);
  }
  check(c, 1, false);
}

TEST(Histogram, WideCellsFlushBeforeTheyOverflow) {
  for (const int threads : {1, 2, 7})
    check(HistogramCase({{2, false}, {3, true}}, 200'000, 70'000, 1.0, 16), threads, true);
  check(HistogramCase({{2, false}, {300, true}}, 150'000, 200'000, 0.7, 16), 2, true);
}

TEST(Histogram, WideGradientsEqualPlainSums) {
  for (const int threads : {1, 2, 7})
    check(HistogramCase(mixed_columns, 40'000, 9'000, 0.8, 32), threads, true);
}

TEST(Histogram, CountsRowsWhereAsked) {
  check(HistogramCase(mixed_columns, 30'000, 9'000, 0.5, 16, true), 2, false);
  check(HistogramCase(mixed_columns, 30'000, 9'000, 0.5, 32, true), 2, true);
}

TEST(Histogram, ManyColumnsAreCutIntoTiles) {
  const HistogramCase c(std::vector<ColumnSpec>(300, {250, false}), 3'000, 3'000, 1.0, 16);
  EXPECT_GT(c.layout.tiles.size(), 2u);
  check(c, 2, false);
}

// Several outputs over the same rows, with joint rows where there are some.
void check_side_by_side(const HistogramCase& c, std::size_t outputs, int threads, bool wide) {
  Tasks tasks(threads);
  const auto joint = plan_joint_rows(c.layout, 0);
  if (joint != nullptr) fill_joint_rows(c.data, c.layout, tasks, *joint);
  HistogramPool pool(c.layout.total_cells, threads);
  HistogramPool joint_pool(joint != nullptr ? joint->layout.total_cells : 1, threads);
  std::vector<SideBySideCells> side_by_side(static_cast<std::size_t>(threads));
  const std::vector<Segment> root = c.rows.root();
  std::vector<OutputGradients> gradients(outputs);
  std::vector<BuildJob> jobs;
  std::mt19937 random(17);
  for (OutputGradients& of_output : gradients) {
    of_output.narrow = Buffer<std::uint32_t>(c.gradients.narrow.size());
    for (std::uint32_t& pair : of_output.narrow.span()) pair = static_cast<std::uint32_t>(random());
    jobs.push_back({&c.layout, &of_output, &c.data, &c.rows, Side::root, root, pool.acquire(wide)});
    jobs.back().joint = joint.get();
    jobs.back().joint_pool = &joint_pool;
    jobs.back().side_by_side = &side_by_side;
  }
  const BuildPlan plan = plan_build(jobs, pool, threads);
  EXPECT_TRUE(
      std::any_of(plan.shares.begin(), plan.shares.end(), [](const BuildShare& s) { return s.jobs > 2; }));
  build_all(std::span<const BuildJob>(jobs), pool, tasks);
  for (std::size_t k = 0; k < outputs; ++k) expect_equal(jobs[k].target, c.naive(gradients[k]));
}

TEST(Histogram, OutputsSideBySideGiveTheSameSums) {
  const std::vector<ColumnSpec> few = {{2, true},  {6, false},  {255, false},
                                       {15, true}, {300, true}, {2, false}};
  for (const int threads : {1, 2, 7}) {
    for (const std::size_t outputs : {3u, 7u, 8u, 17u}) {
      check_side_by_side(HistogramCase(few, 20'000, 7'777, 1.0, 16), outputs, threads, false);
      check_side_by_side(HistogramCase(few, 20'000, 7'777, 0.6, 16, true), outputs, threads, false);
      check_side_by_side(HistogramCase({{255, true}, {300, false}}, 20'000, 7'777, 1.0, 16), outputs, threads,
                         true);
    }
    check_side_by_side(HistogramCase(few, 150'000, 100'000, 1.0, 16, true), 3, threads, true);
  }
}

TEST(Histogram, SubtractionGivesTheOtherChild) {
  std::mt19937_64 random(5);
  constexpr std::int64_t count = 100;
  HistogramPool pool(count);
  for (const bool parent_wide : {false, true}) {
    for (const bool smaller_wide : {false, true}) {
      for (const bool larger_wide : {false, true}) {
        if (!parent_wide && (smaller_wide || larger_wide)) continue;
        const Histogram parent = pool.acquire(parent_wide);
        const Histogram smaller = pool.acquire(smaller_wide);
        const Histogram larger = parent_wide == larger_wide ? parent : pool.acquire(larger_wide);
        std::vector<WideCell> expected;
        for (std::int64_t c = 0; c < count; ++c) {
          const auto small = [&] { return static_cast<std::int64_t>(random() % 60'000) - 30'000; };
          const WideCell a{small() * 1'000, std::abs(small()) * 1'000};
          const WideCell b{small() * 1'000, std::abs(small()) * 1'000};
          const auto put = [c](const Histogram& h, std::int64_t g, std::int64_t w) {
            if (h.wide) h.wide_cells()[c] = {g, w};
            if (!h.wide) h.packed()[c] = static_cast<std::int64_t>(static_cast<std::uint64_t>(g) << 32) + w;
          };
          put(parent, a.g + b.g, a.h + b.h);
          put(smaller, a.g, a.h);
          expected.push_back(b);
        }
        subtract_cells(parent, smaller, larger, 0, count);
        expect_equal(larger, expected);
      }
    }
  }
}

}  // namespace
}  // namespace ramet::cpu
