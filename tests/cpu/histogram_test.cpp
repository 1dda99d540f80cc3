#include "cpu/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/tasks.hpp"
#include "cpu/node_histogram.hpp"
#include "cpu/sparse_columns.hpp"
#include "random_pages.hpp"
#include "simd_targets.hpp"

namespace ramet::cpu {
namespace {

using test::ColumnSpec;

const std::vector<ColumnSpec> mixed_columns = {{2, false},    {255, true}, {300, true}, {17, false},
                                               {1000, false}, {3, true},   {64, false}, {254, false}};

std::vector<std::int32_t> every_column(const data::Layout& layout) {
  std::vector<std::int32_t> columns;
  for (std::size_t c = 0; c < layout.columns.size(); ++c) columns.push_back(static_cast<std::int32_t>(c));
  return columns;
}

// One node's rows, its gradients at both widths, and the plain sums.
struct Case {
  data::DatasetData data;
  OutputGradients gradients;
  SampledRows sample;
  TreeRows rows;
  HistogramLayout layout;

  Case(const std::vector<ColumnSpec>& specs, std::int64_t count, std::int64_t page_rows, double fraction,
       int bits, bool counted = false)
      : data(test::random_dataset(specs, count, page_rows, 7)),
        layout(make_histogram_layout(data.layout, every_column(data.layout),
                                     std::vector<bool>(data.layout.columns.size(), counted))) {
    std::mt19937 random(3);
    const auto size = static_cast<std::size_t>(count);
    gradients.scale.bits = bits;
    gradients.narrow = Buffer<std::uint32_t>(bits <= 16 ? size : 0);
    gradients.wide = Buffer<WideGradient>(bits > 16 ? size : 0);
    for (std::size_t i = 0; i < size; ++i) {
      // The extremes often, so that anything that can overflow does.
      const std::int32_t limit = bits <= 16 ? 32'767 : 2'147'483'647;
      const auto g = random() % 2 == 0 ? -limit : static_cast<std::int32_t>(random() % 65'536) - 32'768 / 2;
      const auto h = random() % 2 == 0 ? (bits <= 16 ? 65'535u : 0xffff'ffffu) : random() % 65'536;
      if (bits <= 16)
        gradients.narrow[i] = narrow_gradient(std::max(g, -32'767), static_cast<std::int32_t>(h));
      if (bits > 16) gradients.wide[i] = {g, static_cast<std::uint32_t>(h)};
    }
    Tasks tasks(2);
    sample = sample_rows(data, {fraction, 99}, tasks);
    rows.start(data, sample);
  }

  std::vector<WideCell> naive() const { return naive(gradients); }
  std::vector<WideCell> naive(const OutputGradients& of) const { return naive(of, rows.root(), Side::root); }
  std::vector<WideCell> naive(const OutputGradients& of, const std::vector<Segment>& segments,
                              Side side) const {
    std::vector<WideCell> cells(static_cast<std::size_t>(layout.total_cells));
    for (std::size_t p = 0; p < segments.size(); ++p) {
      const RowSlice slice = rows.slice(static_cast<std::int32_t>(p), segments[p], side);
      for (std::int64_t i = 0; i < slice.count; ++i) {
        const std::int64_t r = slice.ids != nullptr ? slice.ids[i] : slice.first + i;
        const auto at = static_cast<std::size_t>(slice.page->first_row + r);
        const bool narrow = of.scale.bits <= 16;
        for (const HistogramColumn& column : layout.columns) {
          const auto code = static_cast<std::int32_t>(
              test::code_at(*slice.page, data.layout.columns[static_cast<std::size_t>(column.column)], r));
          WideCell& cell = cells[static_cast<std::size_t>(column.cell(code))];
          cell.g += narrow ? narrow_g(of.narrow[at]) : of.wide[at].g;
          cell.h += narrow ? narrow_h(of.narrow[at]) : of.wide[at].h;
          if (column.counted) ++cells[static_cast<std::size_t>(column.cell(code)) + 1].h;
        }
      }
    }
    return cells;
  }
};

void expect_equal(const Histogram& histogram, const std::vector<WideCell>& naive) {
  for (std::size_t c = 0; c < naive.size(); ++c) {
    const std::int64_t g = histogram.wide ? histogram.wide_cells()[c].g : packed_g(histogram.packed()[c]);
    const std::int64_t h = histogram.wide ? histogram.wide_cells()[c].h : packed_h(histogram.packed()[c]);
    ASSERT_EQ(g, naive[c].g) << "cell " << c;
    ASSERT_EQ(h, naive[c].h) << "cell " << c;
  }
}

void check(const Case& c, int threads, bool wide) {
  Tasks tasks(threads);
  HistogramPool pool(c.layout.total_cells, tasks.threads());
  const std::vector<Segment> root = c.rows.root();
  const BuildJob job{&c.layout, &c.gradients, &c.data, &c.rows, Side::root, root, pool.acquire(wide)};
  build_all(std::span<const BuildJob>(&job, 1), pool, tasks);
  expect_equal(job.target, c.naive());
  build_one(job, pool);
  expect_equal(job.target, c.naive());
}

double half_of(const HistogramLayout& layout) { return 0.5 * static_cast<double>(layout.columns.size()); }

void check_sparse(const Case& c, int threads, bool wide) {
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

TEST(Histogram, PackedCellsEqualPlainSums) {
  for (const int threads : {1, 2, 7}) {
    check(Case(mixed_columns, 5'000, 5'000, 1.0, 16), threads, false);
    check(Case(mixed_columns, 30'000, 7'777, 0.3, 16), threads, false);
    check(Case(mixed_columns, 1, 1, 1.0, 8), threads, false);
  }
}

// Such columns are as far apart as one another, and have loops of their own.
TEST(Histogram, ColumnsOfAsManyBinsEqualPlainSums) {
  for (const std::size_t columns : {1u, 2u, 4u, 7u, 8u, 13u, 28u}) {
    for (const bool missing : {false, true}) {
      std::vector<ColumnSpec> specs(columns, {255, missing});
      for (const double fraction : {1.0, 0.4}) {
        for (const int bits : {16, 32}) check(Case(specs, 3'000, 2'000, fraction, bits), 2, bits > 16);
      }
      specs.push_back({255, !missing});
      specs.push_back({17, true});
      check(Case(specs, 3'000, 2'000, 0.4, 16), 2, false);
    }
  }
}

TEST(Histogram, PackedCellsHoldTheLargestNodeOfExtremes) {
  Case c({{2, false}}, max_packed_rows, 1 << 20, 1.0, 16);
  for (std::int64_t i = 0; i < max_packed_rows; ++i) {
    c.gradients.narrow[static_cast<std::size_t>(i)] = narrow_gradient(i % 2 == 0 ? -32'767 : 32'767, 65'535);
  }
  check(c, 1, false);
}

TEST(Histogram, WideCellsFlushBeforeTheyOverflow) {
  for (const int threads : {1, 2, 7})
    check(Case({{2, false}, {3, true}}, 200'000, 70'000, 1.0, 16), threads, true);
  check(Case({{2, false}, {300, true}}, 150'000, 200'000, 0.7, 16), 2, true);
}

TEST(Histogram, WideGradientsEqualPlainSums) {
  for (const int threads : {1, 2, 7}) check(Case(mixed_columns, 40'000, 9'000, 0.8, 32), threads, true);
}

TEST(Histogram, CountsRowsWhereAsked) {
  check(Case(mixed_columns, 30'000, 9'000, 0.5, 16, true), 2, false);
  check(Case(mixed_columns, 30'000, 9'000, 0.5, 32, true), 2, true);
}

TEST(Histogram, ManyColumnsAreCutIntoTiles) {
  const Case c(std::vector<ColumnSpec>(300, {250, false}), 3'000, 3'000, 1.0, 16);
  EXPECT_GT(c.layout.tiles.size(), 2u);
  check(c, 2, false);
}

TEST(Histogram, SparseRowsGiveTheSameSums) {
  // One and two bins: half of the values or more are the most frequent one.
  const std::vector<ColumnSpec> few = {{1, true},  {1, true},    {2, false}, {1, true},
                                       {1, false}, {300, false}, {1, true}};
  for (const int threads : {1, 2, 7}) {
    check_sparse(Case(few, 20'000, 7'777, 1.0, 16), threads, false);
    check_sparse(Case(few, 150'000, 70'000, 0.7, 16), threads, true);
    check_sparse(Case(few, 20'000, 9'000, 0.5, 32), threads, true);
    check_sparse(Case(few, 20'000, 9'000, 0.5, 16, true), threads, false);
    check_sparse(Case(few, 150'000, 70'000, 0.7, 16, true), threads, true);
    check_sparse(Case(few, 20'000, 9'000, 0.5, 32, true), threads, true);
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
        const Case packed(columns, 20'000, 7'777, 1.0, 16, counted);
        Tasks tasks(threads);
        const auto sparse = make_sparse_rows(packed.data, packed.layout, half_of(packed.layout), tasks);
        ASSERT_NE(sparse, nullptr);
        EXPECT_EQ(sparse->pages[0].kinds.size(), 7'777u);
        EXPECT_EQ(sparse->pages[0].frequent_lists.empty(), columns.size() > 3);
        check_sparse(packed, threads, false);
        check_sparse(Case(columns, 150'000, 70'000, 1.0, 16, counted), threads, true);
        check_sparse(Case(columns, 20'000, 9'000, 1.0, 32, counted), threads, true);
      }
    }
  }
  // Lists of all lengths.
  const Case many(std::vector<ColumnSpec>(3'000, {1, true}), 500, 500, 1.0, 16);
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
        const Case c(columns, rows, 70'000, 1.0, 16, counted);
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
  const Case c(mixed_columns, 5'000, 5'000, 1.0, 16);
  Tasks tasks(1);
  EXPECT_EQ(make_sparse_rows(c.data, c.layout, half_of(c.layout), tasks), nullptr);
}

// How many of the columns share a byte with others.
std::int64_t check_joint(const Case& c, int threads, bool wide) {
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
      EXPECT_GE(check_joint(Case(few, 20'000, 7'777, 1.0, 16, counted), threads, false), 8);
      EXPECT_GE(check_joint(Case(few, 150'000, 70'000, 0.7, 16, counted), threads, true), 8);
      EXPECT_GE(check_joint(Case(few, 3, 2, 1.0, 8, counted), threads, false), 8);
    }
  }
}

// A child with every third row of the root.
std::vector<Segment> make_child(Case& c) {
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
void check_records(Case c, bool with_joint, int threads) {
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
      check_records(Case(many, 20'000, 7'777, 1.0, 16, counted), false, threads);
      check_records(Case(few, 20'000, 7'777, 0.6, 16, counted), true, threads);
    }
    std::vector<ColumnSpec> tiles(100, {250, false});
    tiles.resize(102, {700, true});
    check_records(Case(tiles, 5'000, 1'300, 0.8, 12), false, threads);
  }
  // Rows of 12 bytes, some of which lie across two cache lines.
  check_records(Case({{255, true}, {60, false}, {700, true}, {9, false}}, 400'000, 300'000, 1.0, 10), false,
                2);
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
  const Case c(columns, 3'000, 1'300, 0.8, 16, true);
  EXPECT_GT(c.layout.tiles.size(), 2u);
  EXPECT_GE(check_joint(c, 2, false), 250);
}

TEST(Histogram, ColumnsOfManyValuesAreNotJoined) {
  EXPECT_EQ(check_joint(Case({{255, true}, {200, false}, {2, false}}, 500, 500, 1.0, 16), 1, false), 0);
}

// Several outputs over the same rows, with joint rows where there are some.
void check_side_by_side(const Case& c, std::size_t outputs, int threads, bool wide) {
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
      check_side_by_side(Case(few, 20'000, 7'777, 1.0, 16), outputs, threads, false);
      check_side_by_side(Case(few, 20'000, 7'777, 0.6, 16, true), outputs, threads, false);
      check_side_by_side(Case({{255, true}, {300, false}}, 20'000, 7'777, 1.0, 16), outputs, threads, true);
    }
    check_side_by_side(Case(few, 150'000, 100'000, 1.0, 16, true), 3, threads, true);
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
