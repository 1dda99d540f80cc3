// Data sets straight from files are those that the same values in memory give.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "data/dataset_data.hpp"
#include "io/helpers.hpp"

namespace ramet::io {
namespace {

using ::testing::HasSubstr;

std::filesystem::path real_path(const std::string& name) {
  return std::filesystem::path(RAMET_TEST_DATA) / (name + ".csv.gz");
}

// A file's rows [first, last) as columns in memory.
struct Loaded {
  std::vector<std::vector<double>> numbers;
  std::vector<std::vector<std::uint8_t>> booleans;
  std::vector<std::vector<std::int32_t>> codes;
  std::vector<Column> columns;
  std::vector<double> labels;
};

template <class T>
void append(std::vector<T>& to, const Column::Values& values) {
  if (const auto* span = std::get_if<std::span<const T>>(&values))
    to.insert(to.end(), span->begin(), span->end());
}

template <class T>
std::span<const T> part(const std::vector<T>& values, std::int64_t first, std::int64_t last) {
  return std::span<const T>(values).subspan(static_cast<std::size_t>(first),
                                            static_cast<std::size_t>(last - first));
}

Loaded load(const Table& table, std::int64_t first, std::int64_t last) {
  Loaded loaded;
  const std::size_t features = table.features().size();
  loaded.numbers.resize(features);
  loaded.booleans.resize(features);
  loaded.codes.resize(features);
  table.for_each_batch([&](const Table::RowBatch& batch) {
    for (std::size_t f = 0; f < features; ++f) {
      append(loaded.numbers[f], batch.columns[f].values);
      append(loaded.booleans[f], batch.columns[f].values);
      append(loaded.codes[f], batch.columns[f].values);
    }
    loaded.labels.insert(loaded.labels.end(), batch.labels.begin(), batch.labels.end());
  });
  for (std::size_t f = 0; f < features; ++f) {
    const FeatureInfo& feature = table.features()[f];
    Column column{.name = feature.name, .values = {}, .dictionary = feature.categories};
    if (!loaded.numbers[f].empty()) column.values = part(loaded.numbers[f], first, last);
    if (!loaded.booleans[f].empty()) column.values = part(loaded.booleans[f], first, last);
    if (!loaded.codes[f].empty()) column.values = part(loaded.codes[f], first, last);
    loaded.columns.push_back(std::move(column));
  }
  return loaded;
}

// All that a model is a function of.
void expect_equal(const Dataset& a, const Dataset& b) {
  ASSERT_EQ(a.rows(), b.rows());
  EXPECT_EQ(a.schema(), b.schema());
  EXPECT_TRUE(*a.data().bins == *b.data().bins);
  EXPECT_EQ(a.fingerprint(), b.fingerprint());
  EXPECT_EQ(a.data().labels, b.data().labels);
  EXPECT_EQ(a.data().weights, b.data().weights);
  EXPECT_EQ(a.data().base_margins, b.data().base_margins);
  EXPECT_EQ(a.data().groups, b.data().groups);
  ASSERT_EQ(a.data().pages.size(), b.data().pages.size());
  for (std::size_t p = 0; p < a.data().pages.size(); ++p) {
    const auto codes_a = a.data().pages[p].packed.span();
    const auto codes_b = b.data().pages[p].packed.span();
    EXPECT_TRUE(std::equal(codes_a.begin(), codes_a.end(), codes_b.begin(), codes_b.end()));
  }
}

TEST(TableDataset, IsWhatTheSameColumnsInMemoryGive) {
  TableOptions options;
  options.target = "income";
  options.target_is_class = true;
  for (const std::int64_t block_bytes : {0, 5000}) {
    options.block_bytes = block_bytes;
    options.keep_bytes = block_bytes == 0 ? 0 : 1'000'000;  // none, or those of the small ranges
    const Table table = Table::open(real_path("adult/train"), options);
    const std::pair<std::int64_t, std::int64_t> ranges[] = {
        {0, table.rows()}, {0, 100}, {9'999, 20'001}, {32'000, table.rows()}};
    for (const auto& [first, last] : ranges) {
      const Loaded loaded = load(table, first, last);
      DatasetOptions in_memory;
      in_memory.labels = part(loaded.labels, first, last);
      in_memory.class_names = table.classes();
      in_memory.target_name = "income";
      expect_equal(table.dataset({}, first, last), Dataset::from_columns(loaded.columns, in_memory));
    }
  }
}

TEST(TableDataset, CarriesAllRoles) {
  TableOptions options;
  options.target = "y";
  options.weight = "w";
  options.base_margin = {"m1", "m2"};
  options.group = "q";
  for (const std::int64_t block_bytes : {0, 1}) {
    options.block_bytes = block_bytes;
    const TemporaryFile file("x,y,w,m1,m2,q\n1,0,1,.1,.2,a\n2,1,2,.3,.4,a\n3,0,3,.5,.6,b\n4,1,1,.7,.8,b\n");
    const Dataset data = Table::open(file, options).dataset();
    EXPECT_EQ(data.data().labels, (std::vector<double>{0, 1, 0, 1}));
    EXPECT_EQ(data.data().weights, (std::vector<double>{1, 2, 3, 1}));
    EXPECT_EQ(data.data().base_margins, (std::vector<double>{.1, .2, .3, .4, .5, .6, .7, .8}));
    EXPECT_EQ(data.data().margin_outputs, 2);
    ASSERT_EQ(data.data().groups.size(), 4u);
    EXPECT_EQ(data.data().groups[0], data.data().groups[1]);
    EXPECT_NE(data.data().groups[1], data.data().groups[2]);
    EXPECT_EQ(data.schema().target, "y");
  }
}

TEST(TableDataset, DoesNotDependOnBlocksThreadsOrCompression) {
  const std::string text = gunzip(read_file(real_path("telco_churn/telco")));
  TableOptions options;
  options.target = "Churn";
  options.target_is_class = true;
  options.ignore = {"customerID"};
  const Dataset whole = Table::open(real_path("telco_churn/telco"), options).dataset();
  const TemporaryFile plain(text);
  for (const std::int64_t block_bytes : {1'000, 100'000}) {
    options.block_bytes = block_bytes;
    options.threads = block_bytes == 1'000 ? 1 : 2;
    options.keep_bytes = block_bytes == 1'000 ? 0 : TableOptions{}.keep_bytes;
    expect_equal(Table::open(plain, options).dataset(), whole);
  }
}

TEST(TableDataset, FollowsAReference) {
  TableOptions options;
  options.target = "income";
  options.target_is_class = true;
  const Table table = Table::open(real_path("adult/train"), options);
  const Dataset train = table.dataset({}, 0, 10'000);
  options.classes = table.classes();
  const Table test = Table::open(real_path("adult/test"), options);
  DatasetOptions with_reference;
  with_reference.reference = &train;
  const Dataset valid = test.dataset(with_reference);
  EXPECT_EQ(valid.rows(), 16'281);
  EXPECT_EQ(valid.schema(), train.schema());
  EXPECT_TRUE(*valid.data().bins == *train.data().bins);
}

TEST(TableDataset, RefusesWhatDoesNotFit) {
  const TemporaryFile file("x,y\n1,0\n2,1\n3,0\n");
  const Table table = Table::open(file);
  const auto error = [&](const DatasetOptions& options, std::int64_t first = 0, std::int64_t last = -1) {
    return error_of(ErrorCode::invalid_parameter, [&] { table.dataset(options, first, last); });
  };
  EXPECT_THAT(error({}, 2, 5), HasSubstr("rows [2, 5): "));
  EXPECT_THAT(error({}, 2, 1), HasSubstr("rows [2, 1): "));
  EXPECT_THAT(error({}, -1, 2), HasSubstr("has rows [0, 3)"));
  DatasetOptions labels;
  const std::vector<double> three{1, 2, 3};
  labels.labels = three;
  EXPECT_THAT(error(labels), HasSubstr("labels: comes from the file here"));
  DatasetOptions names;
  names.feature_names = {"a", "b"};
  EXPECT_THAT(error(names), HasSubstr("feature_names: comes from the file here"));
}

}  // namespace
}  // namespace ramet::io
