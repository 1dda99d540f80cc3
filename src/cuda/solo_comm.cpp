#include "cuda/solo_comm.hpp"

#include "cuda/check.hpp"

namespace ramet::cuda {
namespace {

class SoloComm final : public DeviceComm {
 public:
  int rank() const noexcept override { return 0; }
  int size() const noexcept override { return 1; }
  void all_reduce_sum(std::int64_t*, std::size_t, cudaStream_t) override {}
  void all_reduce_max(std::int64_t*, std::size_t, cudaStream_t) override {}
  void reduce_scatter_sum(std::span<std::int64_t* const>, std::size_t, cudaStream_t) override {}
  void all_gather(void*, std::size_t, cudaStream_t) override {}
  void synchronize(cudaStream_t stream) override { check(cudaStreamSynchronize(stream), "running kernels"); }
  void abort() noexcept override {}
};

}  // namespace

std::unique_ptr<DeviceComm> solo_comm() { return std::make_unique<SoloComm>(); }

}  // namespace ramet::cuda
