// Data sets against the naive twin: bins, codes and layout, whatever the form of the input.
#include "ramet/dataset.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "data/codes.hpp"
#include "data/matrices.hpp"
#include "data/naive.hpp"
#include "data/source.hpp"

namespace ramet::test {
namespace {

void expect_naive(const Dataset& dataset, const Matrix& x, const std::vector<double>& weights = {}) {
  const data::DatasetData& data = dataset.data();
  const auto cuts = naive_cuts_of_columns(dataset.bin_params(), x, weights);
  for (std::int64_t c = 0; c < x.cols; ++c) {
    ASSERT_EQ(data.bins->features[c].cuts, cuts[c]) << "column " << c;
    std::vector<std::uint32_t> expected;
    bool missing = false;
    for (std::int64_t r = 0; r < x.rows; ++r) {
      expected.push_back(naive_code(cuts[c], x.at(r, c)));
      missing |= expected.back() == 0;
    }
    const bool varies =
        std::adjacent_find(expected.begin(), expected.end(), std::not_equal_to<>()) != expected.end();
    const bool stored = data.layout.column_of_feature[c] >= 0;
    EXPECT_TRUE(stored || !varies) << "column " << c;
    if (cuts[c].empty()) {
      EXPECT_EQ(stored, varies) << "column " << c;
    }
    if (!stored) continue;
    EXPECT_EQ(codes_of(dataset, static_cast<int>(c)), expected) << "column " << c;
    EXPECT_EQ(data.layout.columns[data.layout.column_of_feature[c]].has_missing, missing) << "column " << c;
  }
}

Dataset from_doubles(const Matrix& x, const DatasetOptions& options) {
  return Dataset::from_dense(x.values.data(), x.rows, static_cast<int>(x.cols), options);
}

TEST(Dataset, AgreesWithNaiveTwin) {
  for (const int max_bin : {2, 3, 16, 255, 256, 65535}) {
    for (const std::int64_t bin_sample : {0, 1, 100, 262'144}) {
      const Matrix x = odd_matrix(1500, 21, 7);
      expect_naive(from_doubles(x, {.bins = {.max_bin = max_bin, .bin_sample = bin_sample, .seed = 5}}), x);
    }
  }
}

TEST(Dataset, SmallSizes) {
  for (std::int64_t rows = 1; rows < 20; ++rows) {
    const Matrix x = odd_matrix(rows, 10, static_cast<std::uint32_t>(rows));
    expect_naive(from_doubles(x, {}), x);
  }
}

TEST(Dataset, RowsOfWeightZeroMakeNoBins) {
  const Matrix x = odd_matrix(1000, 10, 3);
  for (const double share : {0.5, 0.01, 0.99}) {
    std::mt19937 random(1);
    std::vector<double> weights;
    for (std::int64_t r = 0; r < x.rows; ++r)
      weights.push_back(static_cast<double>(random()) * 0x1p-32 < share ? 0.0 : 0.5);
    for (const std::int64_t bin_sample : {0, 50, 900}) {
      const DatasetOptions options{.weights = weights, .bins = {.max_bin = 16, .bin_sample = bin_sample}};
      expect_naive(from_doubles(x, options), x, weights);
    }
  }
}

TEST(Dataset, FloatsAndDoublesAreTheSame) {
  const Matrix x = odd_matrix(3000, 20, 11);
  const std::vector<float> floats = as_floats(x);
  const Dataset a = from_doubles(x, {});
  const Dataset b = Dataset::from_dense(floats.data(), x.rows, static_cast<int>(x.cols));
  EXPECT_TRUE(same_bins(a, b));
  EXPECT_EQ(a.fingerprint(), b.fingerprint());
  expect_naive(b, x);
}

TEST(Dataset, AnyStrides) {
  const Matrix x = odd_matrix(500, 10, 13);
  const Dataset plain = from_doubles(x, {});
  std::vector<double> columns(x.values.size());
  std::vector<double> spread(x.values.size() * 6);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t c = 0; c < x.cols; ++c) {
      columns[c * x.rows + r] = x.at(r, c);
      spread[r * x.cols * 6 + c * 3] = x.at(r, c);
    }
  }
  for (const Dataset& other : {Dataset::from_dense(columns.data(), x.rows, 10, {}, 1, x.rows),
                               Dataset::from_dense(spread.data(), x.rows, 10, {}, 60, 3)}) {
    EXPECT_TRUE(same_bins(plain, other));
    EXPECT_EQ(plain.fingerprint(), other.fingerprint());
    expect_naive(other, x);
  }
}

TEST(Dataset, ThreadsAndPagesChangeNothing) {
  const Matrix x = odd_matrix(20'000, 11, 17);
  const DatasetOptions options{.bins = {.max_bin = 300, .bin_sample = 5000}, .threads = 1};
  const Dataset one = from_doubles(x, options);
  EXPECT_EQ(one.data().pages.size(), 1u);
  for (const int threads : {2, 7}) {
    for (const std::int64_t page_rows : {0, 1, 999, 20'000, 1'000'000}) {
      if (page_rows == 1 && threads != 2) continue;
      DatasetOptions other = options;
      other.threads = threads;
      other.page_rows = page_rows;
      const Dataset data = from_doubles(x, other);
      EXPECT_TRUE(same_bins(one, data));
      EXPECT_EQ(one.fingerprint(), data.fingerprint());
      if (page_rows > 0) {
        EXPECT_EQ(data.data().pages.size(), (20'000u + page_rows - 1) / page_rows);
      }
      for (const data::StoredColumn& column : one.data().layout.columns)
        EXPECT_EQ(codes_of(one, column.feature), codes_of(data, column.feature));
    }
  }
}

TEST(Dataset, WideCodesAreAlignedAndBehindNarrowOnes) {
  Matrix x{.rows = 1001, .cols = 4, .values = {}};
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (const std::int64_t modulus : {1000, 2, 3, 5}) x.values.push_back(static_cast<double>(r % modulus));
  }
  const Dataset data = from_doubles(x, {.bins = {.max_bin = 1000}, .page_rows = 333});
  const data::Layout& layout = data.data().layout;
  EXPECT_EQ(layout.byte_columns, 3);
  EXPECT_EQ(layout.row_bytes, 6);
  EXPECT_EQ(layout.columns[3].feature, 0);
  EXPECT_EQ(layout.columns[3].byte_offset, 4);
  EXPECT_EQ(layout.columns[1].first_cell, 8);
  EXPECT_EQ(layout.total_cells, 8 + 8 + 8 + 1000);
  expect_naive(data, x);
  EXPECT_EQ(data.memory_bytes(), 2 * 6 * 1001);
}

TEST(Dataset, OneByteHolds255Bins) {
  Matrix x{.rows = 512, .cols = 2, .values = {}};
  for (std::int64_t r = 0; r < x.rows; ++r) {
    x.values.push_back(r < 255 ? static_cast<double>(r) : NAN);
    x.values.push_back(r < 256 ? static_cast<double>(r) : NAN);
  }
  const Dataset data = from_doubles(x, {.bins = {.max_bin = 256}});
  EXPECT_EQ(data.data().layout.columns[0].width, 1);
  EXPECT_EQ(data.data().layout.columns[0].value_bins, 255);
  EXPECT_EQ(data.data().layout.columns[1].width, 2);
  expect_naive(data, x);
}

TEST(Dataset, KeepsWhatComesWithTheRows) {
  const Matrix x = odd_matrix(6, 2, 1);
  const std::vector<double> labels{1, 2, 3, 4, 5, 6};
  const std::vector<double> weights{1, 0, 1, 2, 0.5, 1};
  const std::vector<double> margins{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const std::vector<std::int64_t> groups{4, 4, 2, 9, 9, 9};
  const DatasetOptions options{.labels = labels,
                               .weights = weights,
                               .base_margins = margins,
                               .groups = groups,
                               .feature_names = {"left", "right"},
                               .class_names = {"no", "yes"},
                               .target_name = "answer"};
  const Dataset data = from_doubles(x, options);
  EXPECT_EQ(data.data().labels, labels);
  EXPECT_EQ(data.data().weights, weights);
  EXPECT_EQ(data.data().base_margins, margins);
  EXPECT_EQ(data.data().margin_outputs, 2);
  EXPECT_EQ(data.data().groups, groups);
  EXPECT_EQ(data.schema().features[1].name, "right");
  EXPECT_EQ(data.schema().classes, (std::vector<std::string>{"no", "yes"}));
  EXPECT_EQ(data.schema().target, "answer");
  EXPECT_EQ(data.rows(), 6);
  EXPECT_EQ(data.total_rows(), 6);
  EXPECT_EQ(data.features(), 2);
  EXPECT_EQ(data.data().communicator->size(), 1);
}

TEST(Dataset, FingerprintTellsValuesRowsColumnsAndLabelsApart) {
  Matrix x{.rows = 3, .cols = 2, .values = {1, 2, 3, 4, 5, 6}};
  const auto fingerprint = [](const Matrix& m, const DatasetOptions& options = {}) {
    return from_doubles(m, options).fingerprint();
  };
  const std::uint64_t original = fingerprint(x);
  EXPECT_EQ(original, fingerprint(x, {.feature_names = {"a", "b"}}));
  Matrix other = x;
  other.at(2, 1) = std::nextafter(6.0, 7.0);
  EXPECT_NE(original, fingerprint(other));
  other = x;
  std::swap(other.at(0, 0), other.at(1, 0));
  EXPECT_NE(original, fingerprint(other));
  other = x;
  std::swap(other.at(0, 0), other.at(0, 1));
  EXPECT_NE(original, fingerprint(other));
  const std::vector<double> labels{0, 1, 0};
  EXPECT_NE(original, fingerprint(x, {.labels = labels}));
  EXPECT_NE(fingerprint(x, {.labels = labels}), fingerprint(x, {.weights = labels}));
  Matrix zero{.rows = 2, .cols = 1, .values = {0.0, -NAN}};
  Matrix minus_zero{.rows = 2, .cols = 1, .values = {-0.0, NAN}};
  EXPECT_EQ(fingerprint(zero), fingerprint(minus_zero));
}

}  // namespace
}  // namespace ramet::test
