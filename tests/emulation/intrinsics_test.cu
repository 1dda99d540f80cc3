// Arithmetic intrinsics and atomic functions against their definitions.
#include <cmath>
#include <limits>
#include <random>

#include "testing.hpp"

namespace {

using emulation_test::DeviceArray;
using emulation_test::launch;

TEST(Intrinsics, Bits) {
  EXPECT_EQ(__popc(0xf0f0u), 8);
  EXPECT_EQ(__popcll(~0ull), 64);
  EXPECT_EQ(__clz(0), 32);
  EXPECT_EQ(__clz(1), 31);
  EXPECT_EQ(__clz(-1), 0);
  EXPECT_EQ(__clzll(1), 63);
  EXPECT_EQ(__ffs(0), 0);
  EXPECT_EQ(__ffs(8), 4);
  EXPECT_EQ(__ffsll(0), 0);
  EXPECT_EQ(__ffsll(1ll << 40), 41);
  EXPECT_EQ(__brev(1u), 0x80000000u);
  EXPECT_EQ(__brev(0x00000c05u), 0xa0300000u);
  EXPECT_EQ(__brevll(2ull), 1ull << 62);
  EXPECT_EQ(__byte_perm(0x33221100u, 0x77665544u, 0x7520u), 0x77552200u);
  EXPECT_EQ(__byte_perm(0x33221180u, 0u, 0x8888u), 0x80808080u) << "only three bits of each nibble count";
  EXPECT_EQ(__funnelshift_l(0x80000001u, 0x12345678u, 4), 0x23456788u);
  EXPECT_EQ(__funnelshift_r(0x80000001u, 0x12345678u, 4), 0x88000000u);
  EXPECT_EQ(__funnelshift_l(1u, 2u, 32), 2u) << "the shift counts modulo 32";
}

TEST(Intrinsics, Products) {
  EXPECT_EQ(__umulhi(0xffffffffu, 0xffffffffu), 0xfffffffeu);
  EXPECT_EQ(__mulhi(-1, 1), -1);
  EXPECT_EQ(__umul64hi(~0ull, ~0ull), ~0ull - 1);
  EXPECT_EQ(__mul64hi(-1, 5), -1);
  EXPECT_EQ(__dp4a(0x01ff0203, 0x05060708, 100), 100 + 5 - 6 + 14 + 24);
}

TEST(Intrinsics, ConversionsSaturate) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  using Long = std::numeric_limits<long long>;
  EXPECT_EQ(__double2ll_rn(2.5), 2);
  EXPECT_EQ(__double2ll_rn(3.5), 4);
  EXPECT_EQ(__double2ll_rn(-2.5), -2);
  EXPECT_EQ(__double2ll_rz(-2.9), -2);
  EXPECT_EQ(__double2ll_rd(-2.1), -3);
  EXPECT_EQ(__double2ll_rn(infinity), Long::max());
  EXPECT_EQ(__double2ll_rn(9.3e18), Long::max());
  EXPECT_EQ(__double2ll_rn(-infinity), Long::min());
  EXPECT_EQ(__double2ll_rn(-9223372036854775808.0), Long::min());
  EXPECT_EQ(__double2ll_rn(9223372036854774784.0), 9223372036854774784ll);
  EXPECT_EQ(__double2ll_rn(nan), Long::min());
  EXPECT_EQ(__double2ull_rz(-1.0), 0u);
  EXPECT_EQ(__double2ull_rn(1e30), ~0ull);
  EXPECT_EQ(__double2int_rn(nan), 0);
  EXPECT_EQ(__double2int_rz(3e9), 2147483647);
  EXPECT_EQ(__double2int_rd(-3e9), -2147483647 - 1);
  EXPECT_EQ(__double2uint_rz(4294967295.5), 4294967295u);
  EXPECT_EQ(__float2int_rn(0.5f), 0);
  EXPECT_EQ(__float2uint_rn(-3.0f), 0u);
  EXPECT_EQ(__float2ll_rn(1e20f), Long::max());
  EXPECT_EQ(__ll2double_rn((1ll << 53) + 1), 9007199254740992.0);
  EXPECT_EQ(__ull2float_rn(16777217ull), 16777216.0f);
}

TEST(Intrinsics, BitsOfFloatingPoint) {
  EXPECT_EQ(__double_as_longlong(-0.0), std::numeric_limits<long long>::min());
  EXPECT_EQ(__longlong_as_double(0x3ff0000000000000ll), 1.0);
  EXPECT_EQ(__float_as_uint(1.0f), 0x3f800000u);
  EXPECT_EQ(__int_as_float(0x40000000), 2.0f);
  EXPECT_EQ(__hiloint2double(__double2hiint(3.25), __double2loint(3.25)), 3.25);
  EXPECT_EQ(__dmul_rn(3.0, 0.5), 1.5);
  EXPECT_EQ(__ddiv_rn(1.0, 3.0), 1.0 / 3.0);
  EXPECT_EQ(__fma_rn(0.1, 10.0, -1.0), std::fma(0.1, 10.0, -1.0));
  EXPECT_NE(__fma_rn(0.1, 10.0, -1.0), __dadd_rn(__dmul_rn(0.1, 10.0), -1.0));
}

TEST(Intrinsics, MinAndMaxOfMixedIntegersAreUnsigned) {
  EXPECT_EQ(min(-1, 3), -1);
  EXPECT_EQ(max(-1, 3u), 0xffffffffu);
  EXPECT_EQ(min(2ll, 1ll), 1);
  EXPECT_EQ(max(1.5, std::nan("")), 1.5);
  EXPECT_EQ(min(1.5f, 0.5f), 0.5f);
}

class Atomics : public emulation_test::Emulation {};

enum class Operation { add, minimum, maximum, conjunction, disjunction, parity, exchange, compare_exchange };

// One thread, so that the old values too are known.
template <class T>
__global__ void apply(Operation operation, T* at, T value, T* old) {
  switch (operation) {
    case Operation::add:
      *old = atomicAdd(at, value);
      break;
    case Operation::minimum:
      *old = atomicMin(at, value);
      break;
    case Operation::maximum:
      *old = atomicMax(at, value);
      break;
    case Operation::conjunction:
      *old = atomicAnd(at, value);
      break;
    case Operation::disjunction:
      *old = atomicOr(at, value);
      break;
    case Operation::parity:
      *old = atomicXor(at, value);
      break;
    case Operation::exchange:
      *old = atomicExch(at, value);
      break;
    case Operation::compare_exchange:
      *old = atomicCAS(at, T(7), value);
      break;
  }
}

template <class T>
T expected(Operation operation, T at, T value) {
  using Unsigned = std::make_unsigned_t<T>;
  switch (operation) {
    case Operation::add:
      return static_cast<T>(static_cast<Unsigned>(at) + static_cast<Unsigned>(value));
    case Operation::minimum:
      return std::min(at, value);
    case Operation::maximum:
      return std::max(at, value);
    case Operation::conjunction:
      return at & value;
    case Operation::disjunction:
      return at | value;
    case Operation::parity:
      return at ^ value;
    case Operation::exchange:
      return value;
    case Operation::compare_exchange:
      return at == T(7) ? value : at;
  }
  return {};
}

template <class T>
class AtomicsOf : public emulation_test::Emulation {};
using Integers = testing::Types<int, unsigned, unsigned long long>;
TYPED_TEST_SUITE(AtomicsOf, Integers);

TYPED_TEST(AtomicsOf, Integers) {
  using T = TypeParam;
  const std::vector<T> values{
      T(0), T(7), T(12), static_cast<T>(-3), std::numeric_limits<T>::max(), std::numeric_limits<T>::min()};
  for (int operation = 0; operation <= static_cast<int>(Operation::compare_exchange); ++operation) {
    for (const T at : values) {
      for (const T value : values) {
        const DeviceArray<T> cell(std::vector<T>{at});
        const DeviceArray<T> old(1);
        const auto which = static_cast<Operation>(operation);
        ASSERT_EQ(launch(apply<T>, 1, 1, 0, which, cell.get(), value, old.get()), cudaSuccess);
        EXPECT_EQ(cell.values()[0], expected(which, at, value)) << operation << " " << at << " " << value;
        EXPECT_EQ(old.values()[0], at);
      }
    }
  }
}

__global__ void other_atomics(float* floats, double* doubles, long long* wide, unsigned* counters,
                              int* difference) {
  atomicAdd(floats, 0.5f);
  atomicAdd(doubles, 0.25);
  atomicExch(floats + 1, static_cast<float>(threadIdx.x) + 1.0f);
  atomicMin(wide, -static_cast<long long>(threadIdx.x));
  atomicMax(wide + 1, static_cast<long long>(threadIdx.x));
  atomicInc(counters, 9u);
  atomicDec(counters + 1, 9u);
  atomicSub(difference, 2);
}

TEST_F(Atomics, OtherTypesAndCounters) {
  const DeviceArray<float> floats(std::vector<float>{0, 0});
  const DeviceArray<double> doubles(std::vector<double>{0});
  const DeviceArray<long long> wide(std::vector<long long>{0, 0});
  const DeviceArray<unsigned> counters(std::vector<unsigned>{0, 0});
  const DeviceArray<int> difference(std::vector<int>{0});
  ASSERT_EQ(launch(other_atomics, 1, 64, 0, floats.get(), doubles.get(), wide.get(), counters.get(),
                   difference.get()),
            cudaSuccess);
  EXPECT_EQ(floats.values(), (std::vector<float>{32, 64}));
  EXPECT_EQ(doubles.values()[0], 16);
  EXPECT_EQ(wide.values(), (std::vector<long long>{-63, 63}));
  EXPECT_EQ(counters.values(), (std::vector<unsigned>{64 % 10, (10 - 64 % 10) % 10}));
  EXPECT_EQ(difference.values()[0], -128);
}

__global__ void hints(const int4* from, int4* to) {
  __stcs(to + threadIdx.x, __ldg(from + threadIdx.x));
  int4 value = __ldcs(to + threadIdx.x);
  value.x += __ldcg(&from[threadIdx.x].y);
  __stwt(to + threadIdx.x, value);
}

TEST_F(Atomics, CacheHintsArePlainAccesses) {
  const DeviceArray<int4> from(std::vector<int4>(8, make_int4(1, 2, 3, 4)));
  const DeviceArray<int4> to(8);
  ASSERT_EQ(launch(hints, 1, 8, 0, from.get(), to.get()), cudaSuccess);
  EXPECT_EQ(to.values()[7].x, 3);
  EXPECT_EQ(to.values()[7].w, 4);
}

TEST(VectorTypes, HaveTheSizesAndAlignmentsOfCuda) {
  EXPECT_EQ(sizeof(uchar4), 4u);
  EXPECT_EQ(alignof(uchar4), 4u);
  EXPECT_EQ(alignof(ushort4), 8u);
  EXPECT_EQ(alignof(uint2), 8u);
  EXPECT_EQ(sizeof(uint3), 12u);
  EXPECT_EQ(alignof(uint3), 4u);
  EXPECT_EQ(alignof(uint4), 16u);
  EXPECT_EQ(alignof(double2), 16u);
  EXPECT_EQ(alignof(ulonglong2), 16u);
  EXPECT_EQ(sizeof(float3), 12u);
}

}  // namespace
