// Warp operations against their definitions, for all types, widths and several masks.
#include <random>

#include "testing.hpp"

namespace {

using emulation_test::DeviceArray;
using emulation_test::launch;

template <class T>
class Shuffle : public emulation_test::Emulation {};
using Types =
    testing::Types<int, unsigned, long, unsigned long, long long, unsigned long long, float, double>;
TYPED_TEST_SUITE(Shuffle, Types);

enum class Which { index, up, down, exclusive_or };

template <class T>
__global__ void shuffle(Which which, unsigned mask, int argument, int width, T* values) {
  if ((mask >> threadIdx.x & 1u) == 0) {
    return;
  }
  T mine = values[threadIdx.x];
  switch (which) {
    case Which::index:
      mine = __shfl_sync(mask, mine, argument, width);
      break;
    case Which::up:
      mine = __shfl_up_sync(mask, mine, static_cast<unsigned>(argument), width);
      break;
    case Which::down:
      mine = __shfl_down_sync(mask, mine, static_cast<unsigned>(argument), width);
      break;
    case Which::exclusive_or:
      mine = __shfl_xor_sync(mask, mine, argument, width);
      break;
  }
  values[threadIdx.x] = mine;
}

// The lane that `lane` reads, by CUDA's programming guide.
int source(Which which, int lane, int argument, int width) {
  const int first = lane / width * width;
  switch (which) {
    case Which::index:
      return first + argument % width;
    case Which::up:
      return lane - argument >= first ? lane - argument : lane;
    case Which::down:
      return lane + argument < first + width ? lane + argument : lane;
    case Which::exclusive_or:
      return (lane ^ argument) < first + width ? lane ^ argument : lane;
  }
  return 0;
}

TYPED_TEST(Shuffle, ReadsTheRightLane) {
  std::vector<TypeParam> values(32);
  for (std::size_t i = 0; i < 32; ++i) {
    values[i] = static_cast<TypeParam>(i * 0x01010101u) + TypeParam(1) / TypeParam(2);
  }
  for (const Which which : {Which::index, Which::up, Which::down, Which::exclusive_or}) {
    for (const int width : {1, 2, 4, 8, 16, 32}) {
      for (const int argument : {0, 1, 3, 7, 16, 31}) {
        if (which != Which::index && argument >= width) {
          continue;
        }
        const DeviceArray<TypeParam> device(values);
        ASSERT_EQ(launch(shuffle<TypeParam>, 1, 32, 0, which, 0xffffffffu, argument, width, device.get()),
                  cudaSuccess);
        const auto got = device.values();
        for (int lane = 0; lane < 32; ++lane) {
          ASSERT_EQ(got[static_cast<std::size_t>(lane)],
                    values[static_cast<std::size_t>(source(which, lane, argument, width))])
              << static_cast<int>(which) << " " << width << " " << argument << " " << lane;
        }
      }
    }
  }
}

TYPED_TEST(Shuffle, LanesOutsideOfTheMaskGiveNonsense) {
  const std::vector<TypeParam> values(32, TypeParam(1));
  const DeviceArray<TypeParam> device(values);
  ASSERT_EQ(launch(shuffle<TypeParam>, 1, 32, 0, Which::down, 0xffffu, 1, 32, device.get()), cudaSuccess);
  EXPECT_EQ(device.values()[14], TypeParam(1));
  EXPECT_NE(device.values()[15], TypeParam(1));
}

class Warp : public emulation_test::Emulation {};

struct Results {
  unsigned ballot;
  int any;
  int all;
  unsigned match;
  unsigned match_all;
  int all_equal;
  unsigned sum;
  int signed_sum;
  unsigned least;
  int signed_least;
  unsigned largest;
  int signed_largest;
  unsigned conjunction;
  unsigned disjunction;
  unsigned parity;
  bool operator==(const Results&) const = default;
};

__global__ void all_operations(unsigned mask, const int* values, Results* out) {
  const unsigned lane = threadIdx.x % 32;
  if ((mask >> lane & 1u) == 0) {
    return;
  }
  const int mine = values[threadIdx.x];
  const auto bits = static_cast<unsigned>(mine);
  Results r{};
  r.ballot = __ballot_sync(mask, mine & 1);
  r.any = __any_sync(mask, mine < 0);
  r.all = __all_sync(mask, mine < 5);
  r.match = __match_any_sync(mask, mine);
  r.match_all = __match_all_sync(mask, static_cast<unsigned long long>(mine), &r.all_equal);
  r.sum = __reduce_add_sync(mask, bits);
  r.signed_sum = __reduce_add_sync(mask, mine);
  r.least = __reduce_min_sync(mask, bits);
  r.signed_least = __reduce_min_sync(mask, mine);
  r.largest = __reduce_max_sync(mask, bits);
  r.signed_largest = __reduce_max_sync(mask, mine);
  r.conjunction = __reduce_and_sync(mask, bits);
  r.disjunction = __reduce_or_sync(mask, bits);
  r.parity = __reduce_xor_sync(mask, bits);
  __syncwarp(mask);
  out[threadIdx.x] = r;
}

Results expected(unsigned mask, const int* values, unsigned lane) {
  Results r{};
  r.all = 1;
  r.least = r.conjunction = 0xffffffffu;
  r.signed_least = 0x7fffffff;
  r.signed_largest = -0x7fffffff - 1;
  r.match_all = mask;
  r.all_equal = 1;
  for (unsigned other = 0; other < 32; ++other) {
    if ((mask >> other & 1u) == 0) {
      continue;
    }
    const int value = values[other];
    const auto bits = static_cast<unsigned>(value);
    r.ballot |= (bits & 1u) << other;
    r.any |= value < 0;
    r.all &= value < 5;
    r.match |= static_cast<unsigned>(value == values[lane]) << other;
    if (value != values[lane]) {
      r.match_all = 0;
      r.all_equal = 0;
    }
    r.sum += bits;
    r.signed_sum += value;
    r.least = std::min(r.least, bits);
    r.signed_least = std::min(r.signed_least, value);
    r.largest = std::max(r.largest, bits);
    r.signed_largest = std::max(r.signed_largest, value);
    r.conjunction &= bits;
    r.disjunction |= bits;
    r.parity ^= bits;
  }
  return r;
}

TEST_F(Warp, OperationsByTheirDefinition) {
  std::mt19937 random(3);
  for (const unsigned mask : {0xffffffffu, 0x1u, 0x80000000u, 0x0ff0f00fu, 0x55555555u}) {
    for (const int range : {1, 3, 100}) {
      std::vector<int> values(64);
      for (int& value : values) {
        value = static_cast<int>(random() % (2u * static_cast<unsigned>(range))) - range;
      }
      emulation::configure({.seed = random() % 3});
      const DeviceArray<int> in(values);
      const DeviceArray<Results> out(64);
      ASSERT_EQ(launch(all_operations, 1, 64, 0, mask, in.get(), out.get()), cudaSuccess);
      const auto got = out.values();
      for (unsigned i = 0; i < 64; ++i) {
        if ((mask >> i % 32 & 1u) != 0) {
          EXPECT_TRUE(got[i] == expected(mask, values.data() + i / 32 * 32, i % 32)) << mask << " " << i;
        }
      }
    }
  }
}

// Lanes of one half go ahead among themselves while the other half already waits for the whole warp.
__global__ void halves(unsigned* out) {
  unsigned value = threadIdx.x;
  if (threadIdx.x < 16) {
    for (int i = 0; i < 3; ++i) {
      value += __shfl_xor_sync(0xffffu, value, 1);
    }
  } else if (threadIdx.x < 24) {
    value = __ballot_sync(0xff0000u, threadIdx.x % 2);
  }
  __syncwarp();
  out[threadIdx.x] = __reduce_add_sync(0xffffffffu, value);
}

TEST_F(Warp, PartsOfAWarpOperateOnTheirOwn) {
  unsigned expected = 0;
  for (unsigned lane = 0; lane < 32; ++lane) {
    expected += lane < 16 ? (lane + (lane ^ 1u)) * 4 : lane < 24 ? 0xaa0000u : lane;
  }
  for (const std::uint64_t seed : {0, 1, 2, 3}) {
    emulation::configure({.seed = seed});
    const DeviceArray<unsigned> out(32);
    ASSERT_EQ(launch(halves, 1, 32, 0, out.get()), cudaSuccess);
    EXPECT_EQ(out.values(), std::vector<unsigned>(32, expected));
  }
}

// A warp that is not full takes part with the lanes that it has.
__global__ void partial_warp(unsigned* out) {
  const unsigned mask = threadIdx.x < 32 ? 0xffffffffu : 0xffu;
  out[threadIdx.x] = __reduce_add_sync(mask, 1u);
}

TEST_F(Warp, LastWarpMayBePartial) {
  const DeviceArray<unsigned> out(40);
  ASSERT_EQ(launch(partial_warp, 1, 40, 0, out.get()), cudaSuccess);
  EXPECT_EQ(out.values()[0], 32u);
  EXPECT_EQ(out.values()[39], 8u);
}

__global__ void active(unsigned* out) { out[threadIdx.x] = __activemask(); }

TEST_F(Warp, ActiveMaskHasTheCallerAndMayHaveNobodyElse) {
  const DeviceArray<unsigned> out(32);
  ASSERT_EQ(launch(active, 1, 32, 0, out.get()), cudaSuccess);
  for (unsigned i = 0; i < 32; ++i) {
    EXPECT_EQ(out.values()[i], 1u << i);
  }
}

}  // namespace
