// Vectors to the device and back, for tests. Both wait.
#pragma once

#include <cstddef>
#include <vector>

#include "cuda/check.hpp"
#include "cuda/memory.hpp"

namespace ramet::cuda::test {

template <class T>
DeviceArray<T> to_device(const std::vector<T>& values) {
  DeviceArray<T> array(values.size());
  copy(array.data(), values.data(), values.size(), nullptr);
  check(cudaStreamSynchronize(nullptr), "uploading");
  return array;
}

template <class T>
std::vector<T> from_device(const T* values, std::size_t count) {
  std::vector<T> result(count);
  copy(result.data(), values, count, nullptr);
  check(cudaStreamSynchronize(nullptr), "downloading");
  return result;
}

}  // namespace ramet::cuda::test
