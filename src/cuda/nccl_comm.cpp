#include "cuda/nccl_comm.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace ramet::cuda {
namespace {

// Calls of one group; NCCL has had a limit of 2,048.
constexpr std::size_t most_grouped = 1'024;

class NcclComm final : public DeviceComm {
 public:
  NcclComm(const NcclLibrary& library, const NcclEndOptions& options, std::shared_ptr<NcclFailure> failure)
      : connection_(library, options, std::move(failure)), rank_(options.rank), size_(options.size) {}

  int rank() const noexcept override { return rank_; }
  int size() const noexcept override { return size_; }

  void all_reduce_sum(std::int64_t* values, std::size_t count, cudaStream_t stream) override {
    all_reduce(values, count, Reduction::sum, stream);
  }
  void all_reduce_max(std::int64_t* values, std::size_t count, cudaStream_t stream) override {
    all_reduce(values, count, Reduction::max, stream);
  }
  void reduce_scatter_sum(std::span<std::int64_t* const> arrays, std::size_t block,
                          cudaStream_t stream) override {
    for (std::size_t first = 0; first < arrays.size(); first += most_grouped) {
      const auto some = arrays.subspan(first, std::min(most_grouped, arrays.size() - first));
      connection_.enqueue(stream, [=, this](const NcclLibrary& library, NcclHandle handle) {
        return library.reduce_scatter_sum(handle, some, block, rank_, stream);
      });
    }
  }
  void all_gather(void* data, std::size_t bytes, cudaStream_t stream) override {
    connection_.enqueue(stream, [=, this](const NcclLibrary& library, NcclHandle handle) {
      return library.all_gather(handle, data, bytes, rank_, stream);
    });
  }

  void synchronize(cudaStream_t stream) override { connection_.synchronize(stream); }
  void abort() noexcept override { connection_.abort(); }

 private:
  void all_reduce(std::int64_t* values, std::size_t count, Reduction reduction, cudaStream_t stream) {
    connection_.enqueue(stream, [=](const NcclLibrary& library, NcclHandle handle) {
      return library.all_reduce(handle, values, count, reduction, stream);
    });
  }

  NcclConnection connection_;
  int rank_;
  int size_;
};

}  // namespace

std::unique_ptr<DeviceComm> nccl_comm(const NcclLibrary& library, const NcclEndOptions& options,
                                      std::shared_ptr<NcclFailure> failure) {
  return std::make_unique<NcclComm>(library, options, std::move(failure));
}

NcclId make_nccl_id(const NcclLibrary& library) {
  NcclId id{};
  const NcclStatus status = library.make_id(id);
  if (status.state == NcclState::failed)
    fail(ErrorCode::communication, "NCCL cannot start a communicator: {}", library.explain(status, nullptr));
  return id;
}

}  // namespace ramet::cuda
