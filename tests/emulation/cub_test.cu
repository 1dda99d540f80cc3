// The emulated CUB against the standard library.
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>
#include <cub/cub.cuh>

#include <algorithm>
#include <numeric>
#include <random>

#include "testing.hpp"

namespace {

using emulation_test::DeviceArray;
using emulation_test::fault_of;
using testing::HasSubstr;

class Cub : public emulation_test::Emulation {};

// Runs a CUB call of two phases, and checks that it refuses less than it asks for.
template <class Call>
void run(const Call& call) {
  std::size_t bytes = 0;
  ASSERT_EQ(call(nullptr, bytes), cudaSuccess);
  ASSERT_GT(bytes, 0u);
  const DeviceArray<char> storage(bytes);
  std::size_t too_few = bytes - 1;
  EXPECT_EQ(call(storage.get(), too_few), cudaErrorInvalidValue);
  EXPECT_EQ(call(storage.get(), bytes), cudaSuccess);
}

template <class T>
std::vector<T> random_values(std::size_t count, unsigned range, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<T> values(count);
  for (T& value : values) {
    value = static_cast<T>(static_cast<T>(random() % range) - static_cast<T>(range / 2));
  }
  return values;
}

template <class T>
class RadixSort : public emulation_test::Emulation {};
using Keys = testing::Types<std::uint8_t, std::uint16_t, std::int32_t, std::uint32_t, std::int64_t,
                            std::uint64_t, float, double>;
TYPED_TEST_SUITE(RadixSort, Keys);

TYPED_TEST(RadixSort, SortsKeysAndPairsStably) {
  constexpr std::size_t count = 777;
  const auto keys = random_values<TypeParam>(count, 100, 1);
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  const DeviceArray<TypeParam> keys_in(keys);
  const DeviceArray<TypeParam> keys_out(count);
  const DeviceArray<int> values_in(order);
  const DeviceArray<int> values_out(count);
  const auto key = [&](int i) { return keys[static_cast<std::size_t>(i)]; };

  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(storage, bytes, keys_in.get(), keys_out.get(), count);
  });
  auto sorted = keys;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(keys_out.values(), sorted);

  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortPairs(storage, bytes, keys_in.get(), keys_out.get(), values_in.get(),
                                           values_out.get(), static_cast<int>(count));
  });
  auto ascending = order;
  std::stable_sort(ascending.begin(), ascending.end(), [&](int a, int b) { return key(a) < key(b); });
  EXPECT_EQ(keys_out.values(), sorted);
  EXPECT_EQ(values_out.values(), ascending);

  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortPairsDescending(storage, bytes, keys_in.get(), keys_out.get(),
                                                     values_in.get(), values_out.get(),
                                                     static_cast<std::int64_t>(count));
  });
  auto descending = order;
  std::stable_sort(descending.begin(), descending.end(), [&](int a, int b) { return key(a) > key(b); });
  EXPECT_EQ(values_out.values(), descending);
  EXPECT_EQ(keys_in.values(), keys) << "the input stays";
}

TEST_F(Cub, SortsBySomeBitsAndTreatsZerosAsEqual) {
  const std::vector<unsigned> keys{0x31, 0x12, 0x22, 0x11, 0x21};
  const DeviceArray<unsigned> in(keys);
  const DeviceArray<unsigned> out(5);
  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(storage, bytes, in.get(), out.get(), 5, 4, 6);
  });
  EXPECT_EQ(out.values(), (std::vector<unsigned>{0x12, 0x11, 0x22, 0x21, 0x31}));

  const DeviceArray<float> zeros(std::vector<float>{0.0f, -0.0f, -1.0f, 0.0f, -0.0f});
  const DeviceArray<float> sorted(5);
  const DeviceArray<int> places(std::vector<int>{0, 1, 2, 3, 4});
  const DeviceArray<int> moved(5);
  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortPairs(storage, bytes, zeros.get(), sorted.get(), places.get(),
                                           moved.get(), 5);
  });
  EXPECT_EQ(moved.values(), (std::vector<int>{2, 0, 1, 3, 4}));
}

TEST_F(Cub, DoubleBuffers) {
  const auto values = random_values<int>(100, 1000, 2);
  const DeviceArray<int> first(values);
  const DeviceArray<int> second(100);
  cub::DoubleBuffer<int> keys(first.get(), second.get());
  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(storage, bytes, keys, 100);
  });
  auto sorted = values;
  std::sort(sorted.begin(), sorted.end());
  std::vector<int> got(100);
  ASSERT_EQ(cudaMemcpy(got.data(), keys.Current(), 400, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(got, sorted);
}

TEST_F(Cub, SortsWithinSegments) {
  const auto keys = random_values<int>(50, 20, 3);
  std::vector<int> places(50);
  std::iota(places.begin(), places.end(), 0);
  const std::vector<int> begins{0, 10, 10, 30};
  const std::vector<int> ends{10, 10, 25, 50};
  const DeviceArray<int> in(keys);
  const DeviceArray<int> out(std::vector<int>(50, -99));
  const DeviceArray<int> values_in(places);
  const DeviceArray<int> values_out(std::vector<int>(50, -99));
  const DeviceArray<int> device_begins(begins);
  const DeviceArray<int> device_ends(ends);
  auto expected = std::vector<int>(50, -99);
  auto expected_values = expected;
  for (std::size_t s = 0; s < begins.size(); ++s) {
    std::vector<int> order(places.begin() + begins[s], places.begin() + ends[s]);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return keys[static_cast<std::size_t>(a)] < keys[static_cast<std::size_t>(b)];
    });
    for (std::size_t i = 0; i < order.size(); ++i) {
      expected[static_cast<std::size_t>(begins[s]) + i] = keys[static_cast<std::size_t>(order[i])];
      expected_values[static_cast<std::size_t>(begins[s]) + i] = order[i];
    }
  }
  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceSegmentedRadixSort::SortPairs(storage, bytes, in.get(), out.get(), values_in.get(),
                                                    values_out.get(), 50, 4, device_begins.get(),
                                                    device_ends.get());
  });
  EXPECT_EQ(out.values(), expected);
  EXPECT_EQ(values_out.values(), expected_values);
  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceSegmentedRadixSort::SortKeys(storage, bytes, in.get(), out.get(), 50, 4,
                                                   device_begins.get(), device_ends.get());
  });
  EXPECT_EQ(out.values(), expected);
}

TEST_F(Cub, Scans) {
  const auto values = random_values<int>(1000, 100, 4);
  const DeviceArray<int> in(values);
  const DeviceArray<long long> out(1000);
  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceScan::InclusiveSum(storage, bytes, in.get(), out.get(), 1000);
  });
  std::vector<long long> expected(1000);
  std::partial_sum(values.begin(), values.end(), expected.begin());
  EXPECT_EQ(out.values(), expected);
  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceScan::ExclusiveSum(storage, bytes, in.get(), out.get(), 1000);
  });
  std::exclusive_scan(values.begin(), values.end(), expected.begin(), 0);
  EXPECT_EQ(out.values(), expected);
  // In place.
  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceScan::ExclusiveSum(storage, bytes, in.get(), 1000);
  });
  EXPECT_EQ(std::vector<long long>(out.values()), [&] {
    const auto got = in.values();
    return std::vector<long long>(got.begin(), got.end());
  }());
}

TEST_F(Cub, Selects) {
  const auto values = random_values<int>(500, 100, 5);
  std::vector<char> flags(500);
  std::vector<int> flagged;
  std::vector<int> odd;
  std::vector<int> places;
  for (std::size_t i = 0; i < 500; ++i) {
    flags[i] = values[i] > 10;
    if (flags[i] != 0) {
      flagged.push_back(values[i]);
      places.push_back(static_cast<int>(i));
    }
    if (values[i] % 2 != 0) {
      odd.push_back(values[i]);
    }
  }
  const DeviceArray<int> in(values);
  const DeviceArray<char> device_flags(flags);
  const DeviceArray<int> out(500);
  const DeviceArray<int> selected(1);
  const auto kept = [&](const DeviceArray<int>& array) {
    auto got = array.values();
    got.resize(static_cast<std::size_t>(selected.values()[0]));
    return got;
  };
  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceSelect::Flagged(storage, bytes, in.get(), device_flags.get(), out.get(), selected.get(),
                                      500);
  });
  EXPECT_EQ(kept(out), flagged);
  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceSelect::Flagged(storage, bytes, thrust::make_counting_iterator(0), device_flags.get(),
                                      out.get(), selected.get(), 500);
  });
  EXPECT_EQ(kept(out), places);
  const auto is_odd = [](int value) { return value % 2 != 0; };
  std::size_t bytes = 0;
  ASSERT_EQ(cub::DeviceSelect::If(nullptr, bytes, in.get(), selected.get(), 500, is_odd), cudaSuccess);
  const DeviceArray<char> storage(bytes);
  ASSERT_EQ(cub::DeviceSelect::If(storage.get(), bytes, in.get(), selected.get(), 500, is_odd), cudaSuccess);
  EXPECT_EQ(kept(in), odd) << "in place";
}

TEST_F(Cub, Reduces) {
  const auto values = random_values<int>(333, 1000, 6);
  const DeviceArray<int> in(values);
  const DeviceArray<int> out(3);
  const auto squares = thrust::make_transform_iterator(in.get(), [](int value) { return value * value; });
  run([&](void* s, std::size_t& bytes) {
    return cub::DeviceReduce::Sum(s, bytes, in.get(), out.get(), 333);
  });
  run([&](void* s, std::size_t& bytes) {
    return cub::DeviceReduce::Min(s, bytes, in.get(), out.get() + 1, 333);
  });
  run([&](void* s, std::size_t& bytes) {
    return cub::DeviceReduce::Max(s, bytes, squares, out.get() + 2, 333);
  });
  int largest_square = 0;
  for (const int value : values) {
    largest_square = std::max(largest_square, value * value);
  }
  EXPECT_EQ(out.values(),
            (std::vector<int>{std::accumulate(values.begin(), values.end(), 0),
                              *std::min_element(values.begin(), values.end()), largest_square}));
}

TEST_F(Cub, RunsOfEqualKeys) {
  auto keys = random_values<int>(200, 12, 7);
  std::sort(keys.begin(), keys.begin() + 100);  // long runs, then short ones
  const auto values = random_values<int>(200, 50, 8);
  std::vector<int> unique;
  std::vector<int> sums;
  std::vector<int> lengths;
  for (std::size_t i = 0; i < 200; ++i) {
    if (i == 0 || keys[i] != keys[i - 1]) {
      unique.push_back(keys[i]);
      sums.push_back(0);
      lengths.push_back(0);
    }
    sums.back() += values[i];
    ++lengths.back();
  }
  const DeviceArray<int> device_keys(keys);
  const DeviceArray<int> device_values(values);
  const DeviceArray<int> out_keys(200);
  const DeviceArray<int> out(200);
  const DeviceArray<int> runs(1);
  const auto cut = [&](std::vector<int> got) {
    got.resize(static_cast<std::size_t>(runs.values()[0]));
    return got;
  };
  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceReduce::ReduceByKey(storage, bytes, device_keys.get(), out_keys.get(),
                                          device_values.get(), out.get(), runs.get(), std::plus<>{}, 200);
  });
  EXPECT_EQ(cut(out_keys.values()), unique);
  EXPECT_EQ(cut(out.values()), sums);
  run([&](void* storage, std::size_t& bytes) {
    return cub::DeviceRunLengthEncode::Encode(storage, bytes, device_keys.get(), out_keys.get(), out.get(),
                                              runs.get(), 200);
  });
  EXPECT_EQ(cut(out_keys.values()), unique);
  EXPECT_EQ(cut(out.values()), lengths);
}

TEST_F(Cub, FindsArraysThatAreNoGood) {
  emulation::configure({.devices = 2});
  const DeviceArray<int> in(std::vector<int>(10, 1));
  const DeviceArray<int> out(10);
  const DeviceArray<char> storage(10'000);
  std::vector<int> host(10);
  std::size_t bytes = 10'000;
  const auto sort = [&](const int* from, int* to, int count) {
    return fault_of([&] { cub::DeviceRadixSort::SortKeys(storage.get(), bytes, from, to, count); });
  };
  EXPECT_EQ(sort(in.get(), out.get(), 10), "no fault");
  EXPECT_THAT(sort(in.get(), out.get(), 11), HasSubstr("beyond its allocation of 40 bytes"));
  EXPECT_THAT(sort(host.data(), out.get(), 10), HasSubstr("not in live memory"));
  EXPECT_THAT(sort(in.get(), in.get(), 10), HasSubstr("overlap"));
  std::size_t much = 0;
  ASSERT_EQ(cub::DeviceRadixSort::SortKeys(nullptr, much, in.get(), out.get(), 100'000), cudaSuccess);
  EXPECT_THAT(
      fault_of([&] { cub::DeviceRadixSort::SortKeys(storage.get(), much, in.get(), out.get(), 100'000); }),
      HasSubstr("temporary storage"));
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  EXPECT_THAT(sort(in.get(), out.get(), 10), HasSubstr("is on device 0"));
}

}  // namespace
