// Benchmarks of kernels on device 0, after a line on what it is.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <exception>

#include "timing.hpp"

namespace ramet::cuda::bench {

double peak_bandwidth() {
  int device = 0;
  int kilohertz = 0;
  int bits = 0;
  check(cudaGetDevice(&device), "asking for the current device");
  const bool told = cudaDeviceGetAttribute(&kilohertz, cudaDevAttrMemoryClockRate, device) == cudaSuccess &&
                    cudaDeviceGetAttribute(&bits, cudaDevAttrGlobalMemoryBusWidth, device) == cudaSuccess;
  if (!told) {
    (void)cudaGetLastError();
    return 0;
  }
  return 2.0 * 1e3 * kilohertz * bits / 8;  // two transfers a cycle
}

namespace {

void add_device_context() {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, 0), "asking for the device's properties");
  benchmark::AddCustomContext("device", properties.name);
  benchmark::AddCustomContext("multiprocessors", std::to_string(properties.multiProcessorCount));
  benchmark::AddCustomContext("peak_bytes_per_second", std::to_string(peak_bandwidth()));
}

}  // namespace
}  // namespace ramet::cuda::bench

int main(int argc, char** argv) {
  try {
    ramet::cuda::bench::add_device_context();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cuda_bench: error: %s\n", error.what());
    return 1;
  }
}
