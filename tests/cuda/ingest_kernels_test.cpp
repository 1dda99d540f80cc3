// The kernels of binning beside loops that do the same.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <type_traits>

#include "cuda/device_cuts.hpp"
#include "cuda/device_values.hpp"
#include "cuda/ingest_numbers.hpp"
#include "cuda/ingest_plan.hpp"
#include "cuda/thread_order.hpp"
#include "data/fingerprint.hpp"
#include "data/layout.hpp"
#include "data/naive.hpp"
#include "data/sort_key.hpp"

namespace ramet::cuda::test {
namespace {

using ramet::test::naive_code;

// Bits, so that NaN equals NaN and -0 differs from 0.
std::vector<std::uint64_t> bits_of(const std::vector<double>& values) {
  std::vector<std::uint64_t> bits;
  for (const double value : values) bits.push_back(std::bit_cast<std::uint64_t>(value));
  return bits;
}

template <class T>
std::vector<T> extreme_values(std::size_t count) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> values{Limits::max(), Limits::lowest(), T{0}, T{1}, Limits::min()};
  if constexpr (std::is_floating_point_v<T>) {
    for (const T value : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), -T{0},
                          Limits::denorm_min(), -Limits::denorm_min()})
      values.push_back(value);
  }
  std::mt19937_64 random(1);
  while (values.size() < count) values.push_back(static_cast<T>(random()));
  return values;
}

std::uint64_t naive_key(double value) {
  return std::isnan(value) ? missing_key : data::key_of<std::uint64_t>(value == 0 ? 0.0 : value);
}

// Reads three columns of the type: plain, with a stride, and with validity bits from an odd place on.
template <class T>
void expect_reads(data::NumberType type) {
  SCOPED_TRACE(testing::Message() << "type " << static_cast<int>(type));
  constexpr std::int64_t rows = 75;
  constexpr std::int64_t validity_offset = 13;
  const std::vector<T> host = extreme_values<T>(3 * rows);
  std::vector<std::uint8_t> validity(32);
  std::mt19937 random(2);
  for (std::uint8_t& byte : validity) byte = static_cast<std::uint8_t>(random());
  const auto values = to_device(host);
  const auto bits = to_device(validity);
  const auto views = to_device(std::vector<NumberView>{
      {.values = values.data(), .type = type},
      {.values = values.data() + 1, .stride = 3, .type = type},
      {.values = values.data(), .validity = bits.data(), .validity_offset = validity_offset, .type = type}});
  const auto at = [&](std::int64_t column, std::int64_t row) {
    const std::int64_t bit = validity_offset + row;
    if (column == 2 && (validity[bit / 8] >> (bit % 8) & 1) == 0)
      return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(column == 1 ? host[1 + 3 * row] : host[row]);
  };
  const std::vector<std::int64_t> list{0, 1, 5, 6, 7, 31, 32, 33, 64, 73};
  const auto device_list = to_device(list);
  for (const bool by_list : {false, true}) {
    for (const bool row_major : {false, true}) {
      const ReadableRows read{.views = views.data(),
                              .columns = 3,
                              .row_major = row_major,
                              .list = by_list ? device_list.data() : nullptr,
                              .first = by_list ? 0 : 2,
                              .count = by_list ? static_cast<std::int64_t>(list.size()) : rows - 2};
      std::vector<double> expected;
      std::vector<std::uint64_t> expected_keys;
      std::vector<std::uint32_t> expected_presence(3, 0);
      for (std::int64_t c = 0; c < 3; ++c) {
        for (std::int64_t i = 0; i < read.count; ++i) {
          const double value = at(c, by_list ? list[i] : i + 2);
          expected.push_back(std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value);
          expected_keys.push_back(naive_key(value));
          expected_presence[c] |= std::isnan(value) ? has_missing_value : has_present_value;
        }
      }
      DeviceArray<double> numbers(expected.size());
      copy_numbers(read, numbers.data(), nullptr);
      EXPECT_EQ(bits_of(from_device(numbers.data(), numbers.size())), bits_of(expected));
      DeviceArray<std::uint64_t> keys(expected.size());
      make_sort_keys(read, keys.data(), nullptr);
      EXPECT_EQ(from_device(keys.data(), keys.size()), expected_keys);
      const auto presence = to_device(std::vector<std::uint32_t>(3, 0));
      find_presence(read, presence.data(), nullptr);
      EXPECT_EQ(from_device(presence.data(), 3), expected_presence);
    }
  }
}

TEST(IngestKernels, ReadEveryType) {
  for_thread_orders([] {
    expect_reads<float>(data::NumberType::float32);
    expect_reads<double>(data::NumberType::float64);
    expect_reads<std::int8_t>(data::NumberType::int8);
    expect_reads<std::int16_t>(data::NumberType::int16);
    expect_reads<std::int32_t>(data::NumberType::int32);
    expect_reads<std::int64_t>(data::NumberType::int64);
    expect_reads<std::uint8_t>(data::NumberType::uint8);
    expect_reads<std::uint16_t>(data::NumberType::uint16);
    expect_reads<std::uint32_t>(data::NumberType::uint32);
    expect_reads<std::uint64_t>(data::NumberType::uint64);
  });
}

TEST(IngestKernels, PresenceOfManyColumns) {
  constexpr std::int64_t columns = 70;
  constexpr std::int64_t rows = 500;
  std::vector<float> host(columns * rows, 1.0F);
  std::vector<std::uint32_t> expected(columns, has_present_value);
  for (std::int64_t c = 0; c < columns; c += 3) {  // one missing value, at the far end for some
    host[c * rows + (c % 2 == 0 ? rows - 1 : c)] = std::numeric_limits<float>::quiet_NaN();
    expected[c] |= has_missing_value;
  }
  std::fill_n(host.begin() + 5 * rows, rows, std::numeric_limits<float>::quiet_NaN());
  expected[5] = has_missing_value;
  const auto values = to_device(host);
  std::vector<NumberView> views;
  for (std::int64_t c = 0; c < columns; ++c) views.push_back({.values = values.data() + c * rows});
  const auto device_views = to_device(views);
  for_thread_orders([&] {
    const auto presence = to_device(std::vector<std::uint32_t>(columns, 0));
    find_presence({.views = device_views.data(), .columns = columns, .count = rows}, presence.data(),
                  nullptr);
    EXPECT_EQ(from_device(presence.data(), columns), expected);
  });
}

TEST(IngestKernels, RunsOfSortedKeys) {
  for (const std::int64_t count : {1, 2, 1000, 5000}) {
    for (const int distinct : {1, 2, 40, 1'000'000}) {
      for (const int first_bit : {0, 29}) {
        std::mt19937_64 random(static_cast<std::uint64_t>(count) + first_bit);
        std::vector<std::uint64_t> keys;
        std::map<std::uint64_t, std::uint32_t> expected;
        for (std::int64_t i = 0; i < count; ++i) {
          const std::uint64_t key = (random() % distinct) * 0x9e3779b97f4a7c15u >> first_bit << first_bit;
          keys.push_back(i % 5 == 4 ? missing_key : key);
          ++expected[keys.back()];
        }
        auto device_keys = to_device(keys);
        DeviceArray<std::uint32_t> counts(keys.size());
        DeviceArray<std::int32_t> runs(1);
        RunCounter counter(count + 10);
        counter.count(device_keys.data(), count, first_bit, counts.data(), runs.data(), nullptr);
        ASSERT_EQ(from_device(runs.data(), 1).front(), static_cast<std::int32_t>(expected.size()));
        const auto found_keys = from_device(device_keys.data(), expected.size());
        const auto found_counts = from_device(counts.data(), expected.size());
        std::size_t i = 0;
        for (const auto& [key, times] : expected) {
          EXPECT_EQ(found_keys[i], key);
          EXPECT_EQ(found_counts[i++], times);
        }
      }
    }
  }
}

// Cuts of a column, and values at, right below and right above them.
struct CutColumn {
  std::vector<double> cuts;
  std::vector<double> values;
};

CutColumn random_column(std::size_t cuts, std::int64_t rows, std::mt19937_64& random) {
  CutColumn column;
  double cut = -3;
  for (std::size_t i = 0; i < cuts; ++i) {
    column.cuts.push_back(cut);
    cut = random() % 3 == 0 ? std::nextafter(cut, 1e300) : cut + 0.25;
  }
  const double infinity = std::numeric_limits<double>::infinity();
  for (std::int64_t r = 0; r < rows; ++r) {
    const double near = cuts > 0 ? column.cuts[random() % cuts] : 0.0;
    switch (random() % 6) {
      case 0:
        column.values.push_back(near);
        break;
      case 1:
        column.values.push_back(std::nextafter(near, infinity));
        break;
      case 2:
        column.values.push_back(std::nextafter(near, -infinity));
        break;
      case 3:
        column.values.push_back(random() % 2 == 0 ? infinity : -infinity);
        break;
      case 4:
        column.values.push_back(cuts % 2 == 0 ? std::numeric_limits<double>::quiet_NaN() : -0.0);
        break;
      default:
        column.values.push_back(static_cast<double>(random() % 1000) * 0.25 - 5);
    }
  }
  return column;
}

struct Coding {
  std::vector<CutColumn> columns;
  std::int64_t rows = 0;
  data::DatasetData data;
  std::vector<data::RemoteFeature> features;
};

Coding random_coding(const std::vector<std::size_t>& cuts, std::int64_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Coding coding{.rows = rows};
  data::Bins bins;
  std::vector<bool> stored;
  for (const std::size_t count : cuts) {
    coding.features.push_back({.feature = static_cast<std::int32_t>(coding.columns.size()),
                               .column = static_cast<std::int32_t>(coding.columns.size())});
    coding.columns.push_back(random_column(count, rows, random));
    bins.features.push_back({.cuts = coding.columns.back().cuts});
    stored.push_back(count % 7 != 3);
  }
  coding.data.layout = data::make_layout(bins, stored);
  coding.data.bins = std::make_shared<const data::Bins>(bins);
  return coding;
}

// Codes all rows with a plan whose trees have so many bytes, and compares with loops.
void expect_codes(const Coding& coding, std::size_t tree_bytes, bool row_major) {
  constexpr std::int64_t first_global_row = 1000;
  const std::int64_t rows = coding.rows;
  const auto columns = static_cast<std::int64_t>(coding.columns.size());
  std::vector<double> values(static_cast<std::size_t>(rows * columns));
  for (std::int64_t c = 0; c < columns; ++c) {
    for (std::int64_t r = 0; r < rows; ++r)
      values[row_major ? r * columns + c : c * rows + r] = coding.columns[c].values[r];
  }
  const auto device_values = to_device(values);
  CodingPlan plan(coding.features, coding.data, tree_bytes);
  std::vector<NumberView> views;
  for (const data::RemoteFeature& feature : plan.features()) {
    views.push_back({.values = device_values.data() + feature.column * (row_major ? 1 : rows),
                     .stride = row_major ? columns : 1,
                     .type = data::NumberType::float64});
  }
  const auto device_views = to_device(views);
  const std::int64_t row_bytes = coding.data.layout.row_bytes;
  const auto codes = to_device(std::vector<std::uint8_t>(static_cast<std::size_t>(2 * rows * row_bytes)));
  const auto missing = to_device(std::vector<std::uint32_t>(views.size()));
  const auto fingerprint = to_device(std::vector<unsigned long long>(1));
  plan.code({.views = device_views.data(),
             .columns = static_cast<std::int32_t>(columns),
             .row_major = row_major,
             .count = rows},
            first_global_row,
            {.columns = codes.data(),
             .packed = codes.data() + rows * row_bytes,
             .row_bytes = row_bytes,
             .missing = missing.data(),
             .fingerprint = fingerprint.data()},
            nullptr);
  std::vector<std::uint8_t> expected(codes.size(), 0);
  std::vector<std::uint32_t> expected_missing(views.size(), 0);
  std::uint64_t sum = 0;
  for (std::size_t k = 0; k < views.size(); ++k) {
    const std::int32_t f = plan.features()[k].feature;
    for (std::int64_t r = 0; r < rows; ++r) {
      const double value = coding.columns[f].values[r];
      const std::uint32_t code = naive_code(coding.columns[f].cuts, value);
      if (code == 0) expected_missing[k] = 1;
      sum += data::cell_hash(data::fingerprint_row_key(first_global_row + r), data::fingerprint_column_key(f),
                             data::value_bits(value));
      const data::StoredColumn* stored = plan.stored(k);
      if (stored == nullptr) continue;
      for (std::int32_t byte = 0; byte < stored->width; ++byte) {
        const auto part = static_cast<std::uint8_t>(code >> (8 * byte));
        expected[stored->byte_offset * rows + r * stored->width + byte] = part;
        expected[rows * row_bytes + r * row_bytes + stored->byte_offset + byte] = part;
      }
    }
  }
  EXPECT_EQ(from_device(codes.data(), codes.size()), expected);
  EXPECT_EQ(from_device(missing.data(), missing.size()), expected_missing);
  EXPECT_EQ(from_device(fingerprint.data(), 1).front(), sum);
}

TEST(IngestKernels, Codes) {
  const std::vector<std::vector<std::size_t>> cases{
      {0}, {1}, {2, 3, 254}, {255, 256, 1, 254, 600, 0, 3}, std::vector<std::size_t>(80, 60)};
  for_thread_orders([&] {
    std::uint64_t seed = 0;
    for (const std::vector<std::size_t>& cuts : cases) {
      for (const std::int64_t rows : {1, 32, 203}) {
        const Coding coding = random_coding(cuts, rows, ++seed);
        for (const bool row_major : {false, true}) expect_codes(coding, 1 << 20, row_major);
      }
    }
  });
}

// 4095 cuts just fit a block's shared memory, 4096 do not; little memory takes trees one group at a time.
TEST(IngestKernels, CodesOfLargeTrees) {
  for_thread_orders([] {
    const Coding coding = random_coding({4095, 4096, 5, 4097, 9000, 100, 254}, 100, 9);
    for (const std::size_t tree_bytes : {std::size_t{1}, std::size_t{70'000}, std::size_t{1} << 24})
      expect_codes(coding, tree_bytes, true);
  });
}

}  // namespace
}  // namespace ramet::cuda::test
