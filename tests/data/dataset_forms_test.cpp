// The same values as dense matrix, typed columns, sparse rows and streams, on one rank or several, give the
// same data set.
#include <gtest/gtest.h>

#include <string>

#include "comm/ranks.hpp"
#include "data/codes.hpp"
#include "data/matrices.hpp"
#include "data/source.hpp"
#include "ramet/dataset.hpp"

namespace ramet::test {
namespace {

void expect_same(const Dataset& a, const Dataset& b) {
  EXPECT_TRUE(same_bins(a, b));
  EXPECT_EQ(a.fingerprint(), b.fingerprint());
  for (const data::StoredColumn& column : a.data().layout.columns)
    EXPECT_EQ(codes_of(a, column.feature), codes_of(b, column.feature)) << "feature " << column.feature;
}

std::vector<std::string> default_names(std::int64_t cols) {
  std::vector<std::string> names;
  for (std::int64_t c = 0; c < cols; ++c) names.push_back("f" + std::to_string(c));
  return names;
}

Dataset dense(const Matrix& x, const DatasetOptions& options = {}) {
  return Dataset::from_dense(x.values.data(), x.rows, static_cast<int>(x.cols), options);
}

// Sparse rows without the entries that are `absent`.
struct Sparse {
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> columns;
  std::vector<float> values;

  Sparse(const Matrix& x, bool absent_is_missing, bool descending) {
    for (std::int64_t r = 0; r < x.rows; ++r) {
      for (std::int64_t i = 0; i < x.cols; ++i) {
        const std::int64_t c = descending ? x.cols - 1 - i : i;
        const double value = x.at(r, c);
        if (absent_is_missing ? value != value : value == 0) continue;
        columns.push_back(static_cast<std::int32_t>(c));
        values.push_back(static_cast<float>(value));
      }
      offsets.push_back(static_cast<std::int64_t>(values.size()));
    }
  }
};

TEST(DatasetForms, SparseRows) {
  const Matrix x = odd_matrix(3000, 20, 23);
  for (const bool absent_is_missing : {false, true}) {
    const Sparse sparse(x, absent_is_missing, absent_is_missing);
    const CsrView view{.row_offsets = sparse.offsets,
                       .columns = sparse.columns,
                       .values = sparse.values,
                       .cols = static_cast<int>(x.cols),
                       .absent_is_missing = absent_is_missing};
    expect_same(dense(x), Dataset::from_csr(view));
  }
}

TEST(DatasetForms, TypedColumns) {
  const std::int64_t rows = 700;
  Matrix x{.rows = rows, .cols = 4, .values = {}};
  std::vector<float> floats;
  std::vector<double> doubles;
  std::vector<std::int64_t> integers;
  std::vector<std::uint8_t> booleans;
  for (std::int64_t r = 0; r < rows; ++r) {
    floats.push_back(r % 7 == 0 ? NAN : static_cast<float>(r) * 0.1F);
    doubles.push_back(static_cast<double>(r) * 0.1);
    integers.push_back((r * r) % 300 - 100);
    booleans.push_back(static_cast<std::uint8_t>(r % 11 == 0 ? 255 : r % 2));
    x.values.push_back(static_cast<double>(floats.back()));
    x.values.push_back(doubles.back());
    x.values.push_back(static_cast<double>(integers.back()));
    x.values.push_back(booleans.back() == 255 ? NAN : static_cast<double>(booleans.back()));
  }
  const std::vector<Column> columns{{.name = "f0", .values = std::span<const float>(floats)},
                                    {.name = "f1", .values = std::span<const double>(doubles)},
                                    {.name = "", .values = std::span<const std::int64_t>(integers)},
                                    {.name = "f3", .values = std::span<const std::uint8_t>(booleans)}};
  const Dataset a = dense(x);
  const Dataset b = Dataset::from_columns(columns);
  EXPECT_EQ(b.schema().features[3].type, ColumnType::boolean);
  EXPECT_EQ(b.schema().features[2].name, "f2");
  EXPECT_EQ(a.fingerprint(), b.fingerprint());
  for (int f = 0; f < 4; ++f) {
    EXPECT_EQ(a.data().bins->features[f].cuts, b.data().bins->features[f].cuts);
    EXPECT_EQ(codes_of(a, f), codes_of(b, f));
  }
}

// A matrix as a stream of batches.
class MatrixSource : public data::Source {
 public:
  MatrixSource(const Matrix& x, std::int64_t batch_rows, bool sparse)
      : x_(x), batch_rows_(batch_rows), sparse_(sparse) {
    for (const std::string& name : default_names(x.cols)) columns_.push_back({.name = name});
  }

  std::span<const data::SourceColumn> columns() const override { return columns_; }
  std::int64_t rows() const override { return x_.rows; }
  void scan(const std::function<void(const data::Batch&)>& visit) override {
    ++scans;
    for (std::int64_t begin = 0; begin < x_.rows; begin += batch_rows_) {
      const std::int64_t rows = std::min(batch_rows_, x_.rows - begin);
      // A copy that goes away after the call.
      const Matrix part{
          .rows = rows,
          .cols = x_.cols,
          .values = {x_.values.begin() + begin * x_.cols, x_.values.begin() + (begin + rows) * x_.cols}};
      const Sparse sparse(part, false, false);
      data::Batch batch{.rows = rows};
      if (sparse_) {
        batch.csr = data::CsrChunk{
            .row_offsets = sparse.offsets, .columns = sparse.columns.data(), .values = sparse.values.data()};
      } else {
        for (std::int64_t c = 0; c < x_.cols; ++c)
          batch.columns.emplace_back(data::Strided<double>{part.values.data() + c, x_.cols});
      }
      if (!labels.empty()) batch.labels = std::span(labels).subspan(begin, rows);
      if (!weights.empty()) batch.weights = std::span(weights).subspan(begin, rows);
      visit(batch);
    }
  }

  std::vector<double> labels;
  std::vector<double> weights;
  int scans = 0;

 private:
  const Matrix& x_;
  std::int64_t batch_rows_;
  bool sparse_;
  std::vector<data::SourceColumn> columns_;
};

TEST(DatasetForms, Streams) {
  const Matrix x = odd_matrix(5000, 12, 29);
  std::vector<double> labels;
  std::vector<double> weights;
  for (std::int64_t r = 0; r < x.rows; ++r) {
    labels.push_back(static_cast<double>(r % 3));
    weights.push_back(static_cast<double>(r % 2));
  }
  for (const std::int64_t bin_sample : {0, 300, 262'144}) {
    const BinParams bins{.max_bin = 40, .bin_sample = bin_sample};
    const Dataset expected = dense(x, {.labels = labels, .weights = weights, .bins = bins});
    for (const std::int64_t batch_rows : {1, 77, 5000}) {
      for (const bool sparse : {false, true}) {
        MatrixSource source(x, batch_rows, sparse);
        source.labels = labels;
        source.weights = weights;
        const Dataset streamed = Dataset::from_source(source, {.bins = bins, .page_rows = 1024});
        expect_same(expected, streamed);
        EXPECT_EQ(streamed.data().labels, labels);
        EXPECT_LE(source.scans, bin_sample == 300 ? 3 : 2);
      }
    }
  }
}

TEST(DatasetForms, StreamsAreReadTwice) {
  const Matrix x = odd_matrix(5000, 12, 29);
  MatrixSource source(x, 512, false);
  Dataset::from_source(source, {.bins = {.bin_sample = 300}});
  EXPECT_EQ(source.scans, 2);
}

TEST(DatasetForms, RankShards) {
  const Matrix x = odd_matrix(4000, 20, 31);
  std::vector<double> weights;
  for (std::int64_t r = 0; r < x.rows; ++r) weights.push_back(r % 3 == 0 ? 0.0 : 1.0);
  for (const std::int64_t bin_sample : {0, 500, 3900, 262'144}) {
    const BinParams bins{.max_bin = 30, .bin_sample = bin_sample};
    const Dataset whole = dense(x, {.weights = weights, .bins = bins});
    const std::vector<std::vector<std::int64_t>> shardings{
        {0, 4000}, {0, 2000, 4000}, {0, 1, 4000}, {0, 0, 4000}, {0, 3999, 3999, 4000}, {0, 100, 4000, 4000}};
    for (const std::vector<std::int64_t>& ends : shardings) {
      const auto ranks = static_cast<int>(ends.size()) - 1;
      const auto outcomes = run_ranks(ranks, [&](const std::shared_ptr<Communicator>& communicator) {
        const std::int64_t begin = ends[communicator->rank()];
        const std::int64_t rows = ends[communicator->rank() + 1] - begin;
        const DatasetOptions options{.weights = std::span(weights).subspan(begin, rows),
                                     .bins = bins,
                                     .communicator = communicator,
                                     .threads = 1};
        const Dataset shard = Dataset::from_dense(x.values.data() + begin * x.cols, rows, 20, options);
        EXPECT_TRUE(same_bins(whole, shard));
        EXPECT_EQ(whole.fingerprint(), shard.fingerprint());
        EXPECT_EQ(shard.total_rows(), 4000);
        EXPECT_EQ(shard.rows(), rows);
        EXPECT_EQ(shard.data().first_global_row, begin);
        for (const data::StoredColumn& column : shard.data().layout.columns) {
          const auto all = codes_of(whole, column.feature);
          EXPECT_EQ(codes_of(shard, column.feature),
                    std::vector<std::uint32_t>(all.begin() + begin, all.begin() + begin + rows));
        }
      });
      for (const Outcome& outcome : outcomes) EXPECT_FALSE(outcome.failed) << outcome.message;
    }
  }
}

TEST(DatasetForms, ManyColumnsAreBinnedGroupByGroup) {
  // 2^24 sampled values are gathered at a time: 5 groups here.
  const std::int64_t rows = 1 << 16;
  const std::int64_t cols = 1100;
  std::vector<float> x(static_cast<std::size_t>(rows * cols));
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) x[r * cols + c] = static_cast<float>((r * (c + 1)) % 251);
  }
  const Dataset data = Dataset::from_dense(x.data(), rows, static_cast<int>(cols), {.bins = {.max_bin = 7}});
  for (const std::int64_t c : {0, 255, 256, 1099}) {
    std::vector<double> values;
    for (std::int64_t r = 0; r < rows; ++r) values.push_back(static_cast<double>(x[r * cols + c]));
    EXPECT_EQ(data.data().bins->features[c].cuts, naive_cuts(values, 7)) << "column " << c;
  }
}

TEST(DatasetForms, ReferenceGivesItsBins) {
  const Matrix x = odd_matrix(2000, 10, 37);
  const Matrix y = odd_matrix(900, 10, 41);
  const Dataset train = dense(x, {.bins = {.max_bin = 20}});
  const Dataset valid = dense(y, {.bins = {.max_bin = 99}, .reference = &train});
  EXPECT_EQ(valid.data().bins, train.data().bins);
  EXPECT_EQ(valid.data().schema, train.data().schema);
  EXPECT_EQ(valid.bin_params(), train.bin_params());
  for (const data::StoredColumn& column : valid.data().layout.columns) {
    std::vector<std::uint32_t> expected;
    for (std::int64_t r = 0; r < y.rows; ++r)
      expected.push_back(
          naive_code(train.data().bins->features[column.feature].cuts, y.at(r, column.feature)));
    EXPECT_EQ(codes_of(valid, column.feature), expected);
  }
  // As a data set of its own it has the same fingerprint.
  EXPECT_EQ(valid.fingerprint(), dense(y).fingerprint());
}

TEST(DatasetForms, ReferenceWithoutMissingValues) {
  const Matrix x{.rows = 3, .cols = 2, .values = {1, 1, 2, 1, 3, 1}};
  const Matrix y{.rows = 3, .cols = 2, .values = {1, 5, NAN, NAN, 3, 1}};
  const Dataset train = dense(x);
  const Dataset valid = dense(y, {.reference = &train});
  EXPECT_FALSE(train.data().layout.columns[0].has_missing);
  EXPECT_TRUE(valid.data().layout.columns[0].has_missing);
  EXPECT_EQ(codes_of(valid, 0), (std::vector<std::uint32_t>{1, 0, 3}));
  EXPECT_EQ(valid.data().layout.columns.size(), 1u) << "constant in the reference: not stored";
  const Matrix z{.rows = 1, .cols = 2, .values = {2, 2}};
  const Dataset with_missing = dense(y);
  EXPECT_TRUE(dense(z, {.reference = &with_missing}).data().layout.columns[0].has_missing);
}

TEST(DatasetForms, ReferenceColumnsGoByName) {
  const std::vector<float> a{1, 2, 3};
  const std::vector<float> b{30, 20, 10};
  const std::vector<Column> columns{{.name = "a", .values = std::span<const float>(a)},
                                    {.name = "b", .values = std::span<const float>(b)}};
  const std::vector<Column> turned{columns[1], columns[0]};
  const Dataset train = Dataset::from_columns(columns);
  const Dataset valid = Dataset::from_columns(turned, {.reference = &train});
  expect_same(train, valid);
}

}  // namespace
}  // namespace ramet::test
