// CUB's block and warp collectives against the standard library.
#include <cub/cub.cuh>

#include <numeric>
#include <random>

#include "testing.hpp"

namespace {

using emulation_test::DeviceArray;
using emulation_test::launch;

class CubCollectives : public emulation_test::Emulation {};

std::vector<int> random_values(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<int> values(count);
  for (int& value : values) {
    value = static_cast<int>(random() % 1000) - 500;
  }
  return values;
}

constexpr int threads = 96;

__global__ void in_block(const int* in, int* out) {
  using Scan = cub::BlockScan<int, threads>;
  using Reduce = cub::BlockReduce<int, threads>;
  __shared__ union {
    typename Scan::TempStorage scan;
    typename Reduce::TempStorage reduce;
  } storage;
  int items[2] = {in[2 * threadIdx.x], in[2 * threadIdx.x + 1]};
  int total = 0;
  int sums[2];
  Scan(storage.scan).ExclusiveSum(items, sums, total);
  __syncthreads();
  const int sum = Reduce(storage.reduce).Sum(items[0] + items[1]);
  __syncthreads();
  const int largest = Reduce(storage.reduce).Reduce(items[0], [](int a, int b) { return a < b ? b : a; });
  __syncthreads();
  int through = 0;
  Scan(storage.scan).InclusiveSum(items[0], through);
  out[threadIdx.x] = sums[0];
  out[threads + threadIdx.x] = sums[1];
  out[2 * threads + threadIdx.x] = through;
  if (threadIdx.x == 0) {
    out[3 * threads] = total;
    out[3 * threads + 1] = sum;
    out[3 * threads + 2] = largest;
  } else if (threadIdx.x == 1) {
    out[3 * threads + 3] = sum == total;  // undefined: must not look right
  }
}

TEST_F(CubCollectives, BlockScanAndReduce) {
  const auto values = random_values(2 * threads, 9);
  const DeviceArray<int> in(values);
  const DeviceArray<int> out(3 * threads + 4);
  ASSERT_EQ(launch(in_block, 1, threads, 0, in.get(), out.get()), cudaSuccess);
  const auto got = out.values();
  int before = 0;
  int through = 0;
  int largest = values[0];
  for (std::size_t i = 0; i < threads; ++i) {
    EXPECT_EQ(got[i], before);
    EXPECT_EQ(got[threads + i], before + values[2 * i]);
    before += values[2 * i] + values[2 * i + 1];
    through += values[2 * i];
    EXPECT_EQ(got[2 * threads + i], through);
    largest = std::max(largest, values[2 * i]);
  }
  EXPECT_EQ(got[3 * threads], before);
  EXPECT_EQ(got[3 * threads + 1], before);
  EXPECT_EQ(got[3 * threads + 2], largest);
  EXPECT_EQ(got[3 * threads + 3], 0);
}

template <int Lanes>
__global__ void in_warp(const int* in, int* out) {
  __shared__ typename cub::WarpReduce<int, Lanes>::TempStorage reduce[64 / Lanes];
  __shared__ typename cub::WarpScan<int, Lanes>::TempStorage scan[64 / Lanes];
  const unsigned warp = threadIdx.x / Lanes;
  const int sum = cub::WarpReduce<int, Lanes>(reduce[warp]).Sum(in[threadIdx.x]);
  int before = 0;
  int through = 0;
  int total = 0;
  cub::WarpScan<int, Lanes>(scan[warp]).ExclusiveSum(in[threadIdx.x], before);
  cub::WarpScan<int, Lanes>(scan[warp]).InclusiveSum(in[threadIdx.x], through, total);
  out[threadIdx.x] = before;
  out[64 + threadIdx.x] = through;
  out[128 + threadIdx.x] = total;
  out[192 + threadIdx.x] = sum;
}

template <int Lanes>
void check_warps() {
  const auto values = random_values(64, 10);
  const DeviceArray<int> in(values);
  const DeviceArray<int> out(256);
  ASSERT_EQ(launch(in_warp<Lanes>, 1, 64, 0, in.get(), out.get()), cudaSuccess);
  const auto got = out.values();
  for (std::size_t i = 0; i < 64; ++i) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(i / Lanes * Lanes);
    const auto here = values.begin() + static_cast<std::ptrdiff_t>(i);
    EXPECT_EQ(got[i], std::accumulate(first, here, 0));
    EXPECT_EQ(got[64 + i], std::accumulate(first, here + 1, 0));
    EXPECT_EQ(got[128 + i], std::accumulate(first, first + Lanes, 0));
    if (i % Lanes == 0) {
      EXPECT_EQ(got[192 + i], std::accumulate(first, first + Lanes, 0));
    }
  }
}

TEST_F(CubCollectives, WarpScanAndReduce) {
  check_warps<32>();
  check_warps<8>();
  check_warps<1>();
}

}  // namespace
