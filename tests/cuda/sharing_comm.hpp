// Several devices' ends of a group on one device, for tests of what each does in turn.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "cuda/device_comm.hpp"

namespace ramet::cuda::test {

// The devices that share the parts, which are all this one: what they gather is in one place already.
class SharingComm final : public DeviceComm {
 public:
  explicit SharingComm(std::int32_t size) : size_(size) {}
  void act_as(std::int32_t rank) { rank_ = rank; }

  int rank() const noexcept override { return rank_; }
  int size() const noexcept override { return size_; }
  void all_reduce_sum(std::int64_t*, std::size_t, cudaStream_t) override {}
  void all_reduce_max(std::int64_t*, std::size_t, cudaStream_t) override {}
  void reduce_scatter_sum(std::span<std::int64_t* const>, std::size_t, cudaStream_t) override {}
  void all_gather(void*, std::size_t, cudaStream_t) override {}
  void synchronize(cudaStream_t) override {}
  void abort() noexcept override {}

 private:
  std::int32_t size_;
  std::int32_t rank_ = 0;
};

}  // namespace ramet::cuda::test
