// Categorical features: dictionaries, codes, and the limits.
#include "data/categories.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "comm/ranks.hpp"
#include "data/codes.hpp"
#include "data/naive.hpp"
#include "ramet/dataset.hpp"

namespace ramet::test {
namespace {

using Codes = std::vector<std::uint32_t>;
using Labels = std::vector<std::string>;

Column text_column(const Labels& values) {
  return {.name = "c", .values = std::span<const std::string>(values)};
}

TEST(Categories, OrderedByCountThenBytes) {
  const Labels values{"b", "a", "", "b", "c", "\xc3\xa4", "a", "Z"};
  const std::vector<Column> columns{text_column(values)};
  const Dataset data = Dataset::from_columns(columns);
  const FeatureInfo& feature = data.schema().features[0];
  EXPECT_EQ(feature.type, ColumnType::categorical);
  EXPECT_EQ(feature.categories, (Labels{"a", "b", "Z", "c", "\xc3\xa4"}));
  EXPECT_EQ(codes_of(data, 0), (Codes{2, 1, 0, 2, 4, 5, 1, 3}));
  EXPECT_TRUE(data.data().layout.columns[0].has_missing);
  EXPECT_EQ(data.data().layout.columns[0].value_bins, 5);
}

TEST(Categories, DictionaryCodesAreTheSameAsText) {
  const Labels text{"x", "y", "y", "", "z", "y"};
  // Duplicates are one category; unused ones do not exist; the empty one is missing.
  const Labels dictionary{"unused", "z", "y", "x", "y", ""};
  const std::vector<std::int32_t> codes{3, 2, 4, -1, 1, 2};
  const std::vector<std::int32_t> with_empty{3, 2, 4, 5, 1, 2};
  const std::vector<Column> a{text_column(text)};
  const std::vector<Column> b{
      {.name = "c", .values = std::span<const std::int32_t>(codes), .dictionary = dictionary}};
  const std::vector<Column> c{
      {.name = "c", .values = std::span<const std::int32_t>(with_empty), .dictionary = dictionary}};
  const Dataset x = Dataset::from_columns(a);
  for (const std::vector<Column>& other : {b, c}) {
    const Dataset y = Dataset::from_columns(other);
    EXPECT_TRUE(same_bins(x, y));
    EXPECT_EQ(x.fingerprint(), y.fingerprint());
    EXPECT_EQ(codes_of(x, 0), codes_of(y, 0));
  }
}

TEST(Categories, NumbersAsLabels) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> x{7, 7, 0.1, -0.0, 0, 0, NAN, infinity, 1e300};
  const Dataset data = Dataset::from_dense(x.data(), 9, 1, {.categorical = {0}});
  EXPECT_EQ(data.schema().features[0].categories, (Labels{"0", "7", "0.1", "1e+300", "inf"}));
  EXPECT_EQ(codes_of(data, 0), (Codes{2, 2, 3, 1, 1, 1, 0, 5, 4}));

  const Labels text{"7", "7", "0.1", "0", "0", "0", "", "inf", "1e+300"};
  const std::vector<Column> columns{text_column(text)};
  const Dataset as_text = Dataset::from_columns(columns, {.feature_names = {"f0"}});
  EXPECT_TRUE(same_bins(data, as_text));
  EXPECT_EQ(data.fingerprint(), as_text.fingerprint());
}

TEST(Categories, IntegersAsLabels) {
  const std::vector<std::int64_t> x{5, std::numeric_limits<std::int64_t>::max(), 5, -3};
  const std::vector<Column> columns{{.name = "i", .values = std::span<const std::int64_t>(x)}};
  const Dataset data = Dataset::from_columns(columns, {.categorical = {0}});
  EXPECT_EQ(data.schema().features[0].categories, (Labels{"5", "-3", "9223372036854775807"}));
  EXPECT_EQ(codes_of(data, 0), (Codes{1, 3, 1, 2}));
}

TEST(Categories, SparseLabels) {
  const std::vector<std::int64_t> offsets{0, 1, 1, 2, 3};
  const std::vector<std::int32_t> columns{0, 0, 0};
  const std::vector<float> values{4, 4, 2};
  const CsrView view{.row_offsets = offsets, .columns = columns, .values = values, .cols = 1};
  const Dataset data = Dataset::from_csr(view, {.categorical = {0}});
  EXPECT_EQ(data.schema().features[0].categories, (Labels{"4", "0", "2"}));
  EXPECT_EQ(codes_of(data, 0), (Codes{1, 2, 1, 3}));
}

TEST(Categories, ThoseOfWeightZeroComeLast) {
  const Labels values{"a", "a", "a", "b", "c"};
  const std::vector<double> weights{0, 0, 0, 1, 1};
  const std::vector<Column> columns{text_column(values)};
  const Dataset data = Dataset::from_columns(columns, {.weights = weights});
  EXPECT_EQ(data.schema().features[0].categories, (Labels{"b", "c", "a"}));
}

TEST(Categories, UnseenAreMissing) {
  const Labels train_values{"a", "b", "a"};
  const Labels valid_values{"b", "new", "", "a"};
  const std::vector<Column> train_columns{text_column(train_values)};
  const std::vector<Column> valid_columns{text_column(valid_values)};
  const Dataset train = Dataset::from_columns(train_columns);
  const Dataset valid = Dataset::from_columns(valid_columns, {.reference = &train});
  EXPECT_EQ(codes_of(valid, 0), (Codes{2, 0, 0, 1}));
  EXPECT_FALSE(train.data().layout.columns[0].has_missing);
  EXPECT_TRUE(valid.data().layout.columns[0].has_missing);
  EXPECT_EQ(valid.fingerprint(), Dataset::from_columns(valid_columns).fingerprint());

  const std::vector<double> numbers{1, 2};
  const Labels labels{"1", "x", "2", "2"};
  const std::vector<Column> label_columns{text_column(labels)};
  const Dataset reference = Dataset::from_columns(label_columns);
  const Dataset from_numbers = Dataset::from_dense(numbers.data(), 2, 1, {.reference = &reference});
  EXPECT_EQ(codes_of(from_numbers, 0), (Codes{2, 1}));
}

TEST(Categories, OneCategoryIsConstantUnlessSomeAreMissing) {
  const Labels same{"a", "a"};
  const Labels some{"a", ""};
  const Labels none{"", ""};
  const auto stored = [](const Labels& values) {
    const std::vector<Column> columns{text_column(values)};
    return Dataset::from_columns(columns).data().layout.column_of_feature[0] >= 0;
  };
  EXPECT_FALSE(stored(same));
  EXPECT_TRUE(stored(some));
  EXPECT_FALSE(stored(none));
}

TEST(Categories, AtMost65535) {
  std::vector<double> x;
  for (int k = 0; k < 65'535; ++k) x.push_back(k);
  const Dataset data = Dataset::from_dense(x.data(), 65'535, 1, {.categorical = {0}});
  EXPECT_EQ(data.data().layout.columns[0].width, 2);
  EXPECT_EQ(data.schema().features[0].categories.size(), 65'535u);
  Labels text;
  for (const double value : x) text.push_back(data::number_label(value));
  x.push_back(-1);
  text.push_back("one more");
  const std::vector<Column> columns{text_column(text)};
  for (const auto& make :
       {std::function<void()>([&] { Dataset::from_dense(x.data(), 65'536, 1, {.categorical = {0}}); }),
        std::function<void()>([&] { Dataset::from_columns(columns); })}) {
    const Outcome outcome = outcome_of(make);
    EXPECT_EQ(outcome.code, ErrorCode::invalid_data);
    EXPECT_THAT(outcome.message, testing::HasSubstr("65535 categories"));
  }
}

TEST(Categories, MergedOverRanks) {
  const Labels values{"a", "b", "", "b", "c", "c", "c", "d", "b", "a"};
  const std::vector<Column> columns{text_column(values)};
  const Dataset whole = Dataset::from_columns(columns);
  const std::vector<std::size_t> ends{0, 3, 3, 10};
  const auto outcomes = run_ranks(3, [&](const std::shared_ptr<Communicator>& communicator) {
    const std::size_t begin = ends[communicator->rank()];
    const std::size_t end = ends[communicator->rank() + 1];
    const std::vector<Column> shard{
        {.name = "c", .values = std::span<const std::string>(values).subspan(begin, end - begin)}};
    const Dataset data = Dataset::from_columns(shard, {.communicator = communicator, .threads = 1});
    EXPECT_TRUE(same_bins(whole, data));
    EXPECT_EQ(whole.fingerprint(), data.fingerprint());
    const Codes all = codes_of(whole, 0);
    EXPECT_EQ(codes_of(data, 0), Codes(all.begin() + begin, all.begin() + end));
  });
  for (const Outcome& outcome : outcomes) EXPECT_FALSE(outcome.failed) << outcome.message;
}

}  // namespace
}  // namespace ramet::test
