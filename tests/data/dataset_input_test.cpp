// Every input that cannot be binned is an error that names what is wrong, on all ranks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "comm/ranks.hpp"
#include "data/source.hpp"
#include "ramet/dataset.hpp"

namespace ramet::test {
namespace {

using testing::HasSubstr;

void expect_error(const std::function<void()>& body, const std::string& part,
                  ErrorCode code = ErrorCode::invalid_data) {
  const Outcome outcome = outcome_of(body);
  EXPECT_TRUE(outcome.failed) << "expected: " << part;
  EXPECT_EQ(outcome.code, code) << outcome.message;
  EXPECT_THAT(outcome.message, HasSubstr(part));
}

const std::vector<float> six{1, 2, 3, 4, 5, 6};

// Three rows, two columns.
void dense(const DatasetOptions& options) { Dataset::from_dense(six.data(), 3, 2, options); }

TEST(DatasetInput, BinParams) {
  const auto invalid = ErrorCode::invalid_parameter;
  expect_error([] { dense({.bins = {.max_bin = 1}}); }, "max_bin = 1: must be between 2 and 65535", invalid);
  expect_error([] { dense({.bins = {.max_bin = 70000}}); }, "max_bin = 70000", invalid);
  expect_error([] { dense({.bins = {.bin_sample = -1}}); }, "bin_sample = -1: must be at least 0", invalid);
  expect_error([] { dense({.page_rows = -5}); }, "page_rows = -5", invalid);
  expect_error([] { dense({.threads = -1}); }, "threads = -1", invalid);
}

TEST(DatasetInput, Shapes) {
  const float* x = six.data();
  expect_error([&] { Dataset::from_dense(x, 0, 2); }, "no rows");
  expect_error([&] { Dataset::from_dense(x, -1, 2); }, "rows = -1");
  expect_error([&] { Dataset::from_dense(x, 3, 0); }, "at least one column");
  expect_error([&] { Dataset::from_dense(x, 3, -2); }, "at least one column");
  expect_error([&] { Dataset::from_dense(static_cast<const float*>(nullptr), 3, 2); }, "x is null");
  expect_error([&] { Dataset::from_dense(x, 3, 2, {}, -2); }, "row_stride = -2");
  expect_error([&] { Dataset::from_dense(x, 3, 2, {}, 2, 0); }, "col_stride = 0");
  expect_error([&] { Dataset::from_dense(x, 3, 2, {}, 2, -1); }, "col_stride = -1");
  expect_error([&] { Dataset::from_dense(x, 3, 2, {}, 0, 3); }, "row_stride = 0");
  const auto huge = std::numeric_limits<std::int64_t>::max();
  expect_error([&] { Dataset::from_dense(x, 3, 2, {}, huge); }, "address space");
  expect_error([&] { Dataset::from_dense(x, huge, 2); }, "address space");
}

TEST(DatasetInput, Labels) {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const std::vector<double> values{1, bad, 0};
    expect_error([&] { dense({.labels = values}); }, "label of row 1 is");
    expect_error([&] { dense({.weights = values}); }, "weight of row 1 is");
    expect_error([&] { dense({.base_margins = values}); }, "base margin of row 1 is");
  }
  const std::vector<double> two{1, 2};
  expect_error([&] { dense({.labels = two}); }, "labels has 2 entries but the data has 3 rows");
  expect_error([&] { dense({.weights = two}); }, "weights has 2 entries");
  expect_error([&] { dense({.base_margins = two}); },
               "base_margins has 2 entries: must be a multiple of the 3 rows");
  const std::vector<double> negative{1, 1, -0.5};
  expect_error([&] { dense({.weights = negative}); }, "weight of row 2 is -0.5: must be at least 0");
  const std::vector<double> zeros{0, 0, 0};
  expect_error([&] { dense({.weights = zeros}); }, "all weights are 0");
}

TEST(DatasetInput, Groups) {
  const std::vector<std::int64_t> two{1, 2};
  expect_error([&] { dense({.groups = two}); }, "groups has 2 entries");
  const std::vector<std::int64_t> torn{1, 2, 1};
  expect_error([&] { dense({.groups = torn}); }, "row 2: query 1 has other rows further up");
}

TEST(DatasetInput, Names) {
  expect_error([] { dense({.feature_names = {"a"}}); },
               "feature_names has 1 entries but the data has 2 columns");
  expect_error([] { dense({.feature_names = {"a", "a"}}); }, "columns 0 and 1 are both named `a`");
  expect_error([] { dense({.categorical = {2}}); }, "categorical names column 2: it must be between 0 and 1");
  expect_error([] { dense({.categorical = {-1}}); }, "categorical names column -1");
}

TEST(DatasetInput, Columns) {
  const std::vector<float> three{1, 2, 3};
  const std::vector<float> two{1, 2};
  const std::vector<std::uint8_t> booleans{0, 1, 7};
  const std::vector<std::int32_t> codes{0, 1, 2};
  const std::vector<std::int32_t> negative{0, -2, 1};
  const std::vector<Column> uneven{{.name = "a", .values = std::span<const float>(three)},
                                   {.name = "b", .values = std::span<const float>(two)}};
  expect_error([&] { Dataset::from_columns(uneven); }, "column `b` has 2 rows but column `a` has 3");
  expect_error([&] { Dataset::from_columns({}); }, "at least one column");
  const auto one = [](Column column) { Dataset::from_columns(std::span(&column, 1)); };
  expect_error([&] { one({.name = "b", .values = std::span<const std::uint8_t>(booleans)}); },
               "column `b`, row 2: boolean 7 must be 0, 1 or 255");
  expect_error(
      [&] {
        one({.name = "c", .values = std::span<const std::int32_t>(codes), .dictionary = {"x", "y"}});
      },
      "column `c`, row 2: code 2 is outside its dictionary of 2 categories");
  expect_error(
      [&] {
        one({.name = "c", .values = std::span<const std::int32_t>(negative), .dictionary = {"x", "y"}});
      },
      "column `c`, row 1: code -2");
  expect_error([&] { one({.name = "f", .values = std::span<const float>(two), .dictionary = {"x"}}); },
               "column `f` has a dictionary");
}

TEST(DatasetInput, SparseRows) {
  const auto csr = [](std::vector<std::int64_t> offsets, std::vector<std::int32_t> columns, int cols = 3) {
    const std::vector<float> values(columns.size(), 1.0F);
    Dataset::from_csr({.row_offsets = offsets, .columns = columns, .values = values, .cols = cols});
  };
  expect_error([&] { csr({}, {}); }, "row_offsets is empty");
  expect_error([&] { csr({0}, {}); }, "no rows");
  expect_error([&] { csr({0, 1}, {0}, 0); }, "at least one column");
  expect_error(
      [&] {
        csr({1, 2}, {0, 1});
      },
      "row_offsets goes from 1 to 2: it must go from 0 to the 2 values");
  expect_error([&] { csr({0, 1}, {0, 1}); }, "row_offsets goes from 0 to 1");
  expect_error([&] { csr({0, 2, 1, 2}, {0, 1}); }, "row 1: row_offsets goes from 2 to 1; it must ascend");
  expect_error([&] { csr({0, 9, 2}, {0, 1}); }, "row 1: row_offsets goes from 9 to 2");
  expect_error([&] { csr({0, 1, 2}, {0, 3}); }, "row 1: column 3 must be between 0 and 2");
  expect_error([&] { csr({0, 1, 2}, {0, -1}); }, "row 1: column -1");
  expect_error([&] { csr({0, 0, 3}, {2, 0, 2}); }, "row 1: column 2 occurs more than once");
  const std::vector<std::int64_t> offsets{0, 1};
  const std::vector<std::int32_t> columns{0};
  expect_error(
      [&] { Dataset::from_csr({.row_offsets = offsets, .columns = columns, .values = {}, .cols = 1}); },
      "columns has 1 entries but values has 0");
}

TEST(DatasetInput, Reference) {
  const std::vector<float> values{1, 2};
  const std::vector<std::string> text{"a", "b"};
  const Column a{.name = "a", .values = std::span<const float>(values)};
  const Column b{.name = "b", .values = std::span<const float>(values)};
  const Column a_text{.name = "a", .values = std::span<const std::string>(text)};
  const auto columns = [](std::vector<Column> all, const Dataset* reference) {
    return Dataset::from_columns(all, {.reference = reference});
  };
  const Dataset train = columns({a, b}, nullptr);
  expect_error([&] { columns({a}, &train); }, "column `b` of the reference data set is missing");
  const Dataset only_a = columns({a}, nullptr);
  expect_error([&] { columns({a, b}, &only_a); }, "column `b` is not in the reference data set");
  expect_error([&] { columns({a_text}, &only_a); }, "column `a` is categorical, but in the reference");
  expect_error([&] { Dataset::from_dense(six.data(), 2, 3, {.reference = &train}); },
               "the data has 3 columns, but the reference data set has 2");
  expect_error(
      [&] {
        Dataset::from_dense(six.data(), 3, 2, {.feature_names = {"a", "c"}, .reference = &train});
      },
      "column 1 is named `c`, but `b` in the reference");
  const Dataset named = Dataset::from_dense(six.data(), 3, 2, {.class_names = {"n", "y"}});
  expect_error(
      [&] {
        Dataset::from_dense(six.data(), 3, 2, {.class_names = {"y", "n"}, .reference = &named});
      },
      "classes differ");
}

// Three rows of one column; each misbehaviour by a flag.
struct BadSource final : data::Source {
  std::vector<data::SourceColumn> names{{.name = "x"}};
  std::int64_t announced = 3;
  bool without_columns = false;
  bool labels_in_one_batch = false;
  bool with_labels = false;
  bool throws = false;
  bool shrinks = false;
  int scans = 0;

  std::span<const data::SourceColumn> columns() const override { return names; }
  std::int64_t rows() const override { return announced; }
  void scan(const std::function<void(const data::Batch&)>& visit) override {
    if (throws) throw std::runtime_error("the disk is gone");
    ++scans;
    for (int i = 0; i < (shrinks && scans > 1 ? 2 : 3); ++i) {
      data::Batch batch{.rows = 1};
      if (!without_columns) batch.columns.emplace_back(data::Strided<float>{six.data() + i, 1});
      const double label = 1;
      if (with_labels || (labels_in_one_batch && i == 1)) batch.labels = std::span(&label, 1);
      visit(batch);
    }
  }
};

TEST(DatasetInput, Sources) {
  BadSource source;
  source.announced = 4;
  expect_error([&] { Dataset::from_source(source, {}); }, "the source has 3 rows but announced 4");
  source = {};
  source.announced = 2;
  expect_error([&] { Dataset::from_source(source, {}); }, "the source has at least 3 rows but announced 2");
  source = {};
  source.without_columns = true;
  expect_error([&] { Dataset::from_source(source, {}); }, "a batch has 0 columns", ErrorCode::internal);
  source = {};
  source.labels_in_one_batch = true;
  expect_error([&] { Dataset::from_source(source, {}); }, "labels: rows 1 to 1 come with 1 entries");
  source = {};
  source.with_labels = true;
  const std::vector<double> labels{1, 2, 3};
  expect_error([&] { Dataset::from_source(source, {.labels = labels}); },
               "labels is given by the source and");
  source = {};
  source.throws = true;
  expect_error([&] { Dataset::from_source(source, {}); }, "the disk is gone", ErrorCode::internal);
  source = {};
  source.shrinks = true;
  expect_error([&] { Dataset::from_source(source, {}); }, "fewer rows in its second scan",
               ErrorCode::internal);
  source = {};
  source.names.clear();
  expect_error([&] { Dataset::from_source(source, {}); }, "no columns");
}

// Every rank must fail, and be able to go on afterwards.
void expect_all_fail(const std::function<void(int rank, DatasetOptions options)>& body,
                     const std::string& part) {
  const auto outcomes = run_ranks(3, [&](const std::shared_ptr<Communicator>& communicator) {
    const Outcome outcome =
        outcome_of([&] { body(communicator->rank(), {.communicator = communicator, .threads = 1}); });
    EXPECT_TRUE(outcome.failed);
    EXPECT_EQ(outcome.code, ErrorCode::invalid_data) << outcome.message;
    EXPECT_THAT(outcome.message, HasSubstr(part));
    const Dataset next = Dataset::from_dense(six.data(), 3, 2, {.communicator = communicator, .threads = 1});
    EXPECT_EQ(next.total_rows(), 9);
  });
  for (const Outcome& outcome : outcomes) EXPECT_FALSE(outcome.failed) << outcome.message;
}

TEST(DatasetInput, OneRankFailsAllFail) {
  const std::vector<double> labels{1, 2, 3};
  const std::vector<double> nan_labels{1, 2, NAN};
  const auto run = [](const DatasetOptions& options, std::int64_t rows = 3, int cols = 2) {
    Dataset::from_dense(six.data(), rows, cols, options);
  };
  expect_all_fail(
      [&](int rank, DatasetOptions options) {
        options.labels = rank == 1 ? nan_labels : labels;
        run(options);
      },
      "label of row 2");
  expect_all_fail([&](int, const DatasetOptions& options) { run(options, 0); }, "no rows");
  expect_all_fail([&](int rank, const DatasetOptions& options) { run(options, rank == 2 ? -1 : 3); },
                  "rows = -1");
  expect_all_fail([&](int rank, const DatasetOptions& options) { run(options, 2, rank == 0 ? 3 : 2); },
                  "different columns");
  expect_all_fail(
      [&](int rank, DatasetOptions options) {
        options.bins.seed = static_cast<std::uint64_t>(rank);
        run(options);
      },
      "different columns or bin parameters");
  expect_all_fail(
      [&](int rank, DatasetOptions options) {
        if (rank != 0) options.labels = labels;
        run(options);
      },
      "2 ranks have labels, but 1 ranks do not");
  const std::vector<double> six_margins(6, 0.0);
  expect_all_fail(
      [&](int rank, DatasetOptions options) {
        options.base_margins =
            rank == 0 ? std::span<const double>(six_margins) : std::span<const double>(labels);
        run(options);
      },
      "different numbers of base margins");
  const std::vector<std::int64_t> groups{1, 1, 1};
  expect_all_fail(
      [&](int, DatasetOptions options) {
        options.groups = groups;
        run(options);
      },
      "query 1 has rows on two ranks");
  const std::vector<std::uint8_t> good{0, 1, 1};
  const std::vector<std::uint8_t> bad{0, 1, 2};
  expect_all_fail(
      [&](int rank, const DatasetOptions& options) {
        const Column column{.name = "b", .values = std::span<const std::uint8_t>(rank == 2 ? bad : good)};
        Dataset::from_columns(std::span(&column, 1), options);
      },
      "boolean 2");
}

}  // namespace
}  // namespace ramet::test
