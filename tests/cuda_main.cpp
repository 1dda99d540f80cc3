// main of test programs that need a CUDA device: without one they are skipped.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstdio>

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  constexpr int skipped = 77;  // SKIP_RETURN_CODE in tests/CMakeLists.txt
  int devices = 0;
  const bool usable = cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0;
  if (!usable && !GTEST_FLAG_GET(list_tests)) {
    std::puts("skipped: there is no CUDA device");
    return skipped;
  }
  return RUN_ALL_TESTS();
}
