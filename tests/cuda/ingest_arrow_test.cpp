// Arrow record batches on the device against the same columns as doubles on the host.
#include <gtest/gtest.h>

#include <deque>
#include <limits>
#include <random>

#include "cuda/device_values.hpp"
#include "cuda/event.hpp"
#include "cuda/ingest.hpp"
#include "cuda/ingest_cases.hpp"
#include "cuda/stream.hpp"
#include "data/arrow_abi.hpp"
#include "data/dataset_data.hpp"
#include "ramet/error.hpp"

namespace ramet::cuda::test {
namespace {

void release_array(ArrowArray*) {}

// A record batch whose buffers are in device memory; what the C structs point to lives here.
class RecordBatch {
 public:
  // The first `skipped` entries of all columns lie before the batch's rows.
  RecordBatch(std::int64_t rows, std::int64_t skipped) : rows_(rows), skipped_(skipped) {}

  // `offset`: of the column in its buffers. `valid`: one flag per row and skipped entry, or empty.
  template <class T>
  void add(const std::string& name, const char* format, const std::vector<T>& values,
           const std::vector<bool>& valid = {}, std::int64_t offset = 0) {
    Column& column = columns_.emplace_back();
    column.name = name;
    std::vector<T> shifted(static_cast<std::size_t>(offset));
    shifted.insert(shifted.end(), values.begin(), values.end());
    const auto bytes = std::as_bytes(std::span(shifted));
    column.values = to_device(std::vector<std::byte>(bytes.begin(), bytes.end()));
    column.buffers[1] = column.values.data();
    std::int64_t nulls = 0;
    if (!valid.empty()) {
      std::vector<std::uint8_t> bits(static_cast<std::size_t>(offset) / 8 + valid.size() / 8 + 2, 0);
      for (std::size_t i = 0; i < valid.size(); ++i) {
        const std::size_t bit = static_cast<std::size_t>(offset) + i;
        if (valid[i]) bits[bit / 8] = static_cast<std::uint8_t>(bits[bit / 8] | 1u << bit % 8);
        nulls += valid[i] ? 0 : 1;
      }
      column.validity = to_device(bits);
      column.buffers[0] = column.validity.data();
    }
    column.schema = {.format = format, .name = column.name.c_str()};
    column.array = {.length = static_cast<std::int64_t>(values.size()),
                    .null_count = columns_.size() % 2 == 0 ? nulls : -1,
                    .offset = offset,
                    .n_buffers = 2};
  }

  // Valid until the next add.
  const ArrowDeviceArray* array() {
    children_.clear();
    for (Column& column : columns_) {
      column.array.buffers = column.buffers;
      children_.push_back(&column.array);
    }
    device_array_ = {.device_type = 2};
    device_array_.sync_event = event_ != nullptr ? &event_ : nullptr;
    device_array_.array = {.length = rows_,
                           .offset = skipped_,
                           .n_buffers = 1,
                           .n_children = static_cast<std::int64_t>(children_.size()),
                           .buffers = no_buffers_,
                           .children = children_.data(),
                           .release = release_array};
    return &device_array_;
  }
  const ArrowSchema* schema() {
    schemas_.clear();
    for (Column& column : columns_) {
      column.schema.name = column.name.c_str();
      schemas_.push_back(&column.schema);
    }
    schema_ = {.format = "+s",
               .name = "",
               .n_children = static_cast<std::int64_t>(schemas_.size()),
               .children = schemas_.data()};
    return &schema_;
  }
  void wait_for(cudaEvent_t event) { event_ = event; }

 private:
  struct Column {
    std::string name;
    DeviceArray<std::byte> values;
    DeviceArray<std::uint8_t> validity;
    const void* buffers[2] = {nullptr, nullptr};
    ArrowSchema schema{};
    ArrowArray array{};
  };

  std::int64_t rows_;
  std::int64_t skipped_;
  std::deque<Column> columns_;
  std::vector<ArrowArray*> children_;
  std::vector<ArrowSchema*> schemas_;
  const void* no_buffers_[1] = {nullptr};
  ArrowDeviceArray device_array_{};
  ArrowSchema schema_{};
  cudaEvent_t event_ = nullptr;
};

Dataset bin_batch(RecordBatch& batch, const DatasetOptions& options = {},
                  std::optional<IngestLimits> limits = std::nullopt) {
  return Dataset::from_source(
      [&] {
        return std::shared_ptr<data::Source>(
            open_table(data::table_of(batch.array(), batch.schema()), limits));
      },
      options);
}

// What a column of the batch is on the host.
template <class T>
std::vector<double> as_doubles(const std::vector<T>& values, const std::vector<bool>& valid,
                               std::int64_t skipped) {
  std::vector<double> doubles;
  for (std::size_t i = static_cast<std::size_t>(skipped); i < values.size(); ++i) {
    const bool missing = !valid.empty() && !valid[i];
    doubles.push_back(missing ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(values[i]));
  }
  return doubles;
}

// A batch with a column of each type, and its twin on the host.
struct Twins {
  RecordBatch batch;
  std::vector<std::vector<double>> doubles;
  std::vector<std::string> names;

  template <class T>
  void add(const std::string& name, const char* format, std::int64_t rows, std::int64_t skipped,
           std::mt19937_64& random) {
    std::vector<T> values;
    std::vector<bool> valid;
    for (std::int64_t i = 0; i < rows + skipped; ++i) {
      values.push_back(static_cast<T>(static_cast<std::int64_t>(random() >> 20) % 200));
      if (names.size() % 3 != 0) valid.push_back(random() % 8 != 0);
    }
    batch.add(name, format, values, valid, static_cast<std::int64_t>(names.size()) % 5);
    doubles.push_back(as_doubles(values, valid, skipped));
    names.push_back(name);
  }
  std::vector<Column> columns() const {
    std::vector<Column> columns;
    for (std::size_t c = 0; c < names.size(); ++c)
      columns.push_back({.name = names[c], .values = std::span<const double>(doubles[c])});
    return columns;
  }
};

Twins make_twins(std::int64_t rows, std::int64_t skipped) {
  Twins twins{.batch = RecordBatch(rows, skipped)};
  std::mt19937_64 random(static_cast<std::uint64_t>(rows + skipped));
  twins.add<float>("float", "f", rows, skipped, random);
  twins.add<double>("double", "g", rows, skipped, random);
  twins.add<std::int8_t>("int8", "c", rows, skipped, random);
  twins.add<std::int16_t>("int16", "s", rows, skipped, random);
  twins.add<std::int32_t>("int32", "i", rows, skipped, random);
  twins.add<std::int64_t>("int64", "l", rows, skipped, random);
  twins.add<std::uint8_t>("uint8", "C", rows, skipped, random);
  twins.add<std::uint16_t>("uint16", "S", rows, skipped, random);
  twins.add<std::uint32_t>("uint32", "I", rows, skipped, random);
  twins.add<std::uint64_t>("uint64", "L", rows, skipped, random);
  return twins;
}

TEST(IngestArrow, EveryTypeAndOffset) {
  for (const std::int64_t skipped : {0, 3}) {
    Twins twins = make_twins(300, skipped);
    for (const std::vector<int>& categorical : {std::vector<int>{}, {0, 5, 6, 9}}) {
      const DatasetOptions options{.categorical = categorical, .bins = {.max_bin = 50}};
      const Dataset expected = Dataset::from_columns(twins.columns(), options);
      expect_same_bytes(expected, bin_batch(twins.batch, options));
      expect_same_bytes(expected, bin_batch(twins.batch, options, tiny_limits));
    }
  }
}

TEST(IngestArrow, ColumnsMeetTheReferenceByName) {
  Twins twins = make_twins(200, 0);
  std::vector<Column> columns = twins.columns();
  std::swap(columns[1], columns[7]);
  const Dataset reference = Dataset::from_columns(columns, {.categorical = {4}});
  expect_same_bytes(Dataset::from_columns(twins.columns(), {.reference = &reference}),
                    bin_batch(twins.batch, {.reference = &reference}));
}

TEST(IngestArrow, NamelessColumnsAreNumbered) {
  RecordBatch batch(2, 0);
  batch.add<float>("", "f", {1, 2});
  batch.add<double>("", "g", {3, 4});
  EXPECT_EQ(bin_batch(batch).schema().features[1].name, "f1");
}

TEST(IngestArrow, WaitsForItsEvent) {
  Twins twins = make_twins(50, 0);
  Stream producer;
  Event ready;
  ready.record(producer.get());
  twins.batch.wait_for(ready.get());
  EXPECT_EQ(data::table_of(twins.batch.array(), twins.batch.schema()).ready, ready.get());
  expect_same_bytes(Dataset::from_columns(twins.columns(), {}), bin_batch(twins.batch));
}

TEST(IngestArrow, LargeLabelsAreAnError) {
  RecordBatch batch(3, 0);
  batch.add<std::int64_t>("id", "l", {1, std::int64_t{1} << 53, 2});
  try {
    bin_batch(batch, {.categorical = {0}});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::invalid_data);
    EXPECT_NE(std::string(e.what()).find("column `id`, row 1: integers that are categories"),
              std::string::npos)
        << e.what();
  }
  RecordBatch small(3, 0);
  small.add<std::int64_t>("id", "l", {1, (std::int64_t{1} << 53) - 1, -5});
  EXPECT_EQ(bin_batch(small, {.categorical = {0}}).schema().features[0].categories.size(), 3u);
}

}  // namespace
}  // namespace ramet::cuda::test
