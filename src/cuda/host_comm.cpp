#include "cuda/host_comm.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "cuda/check.hpp"
#include "cuda/event.hpp"
#include "cuda/memory.hpp"

namespace ramet::cuda {
namespace {

// Page-locked memory is scarce: longer arrays go in pieces of this many values (64 MiB).
constexpr std::size_t most_values = std::size_t{1} << 23;

class HostComm final : public DeviceComm {
 public:
  explicit HostComm(std::shared_ptr<Communicator> communicator) : communicator_(std::move(communicator)) {}
  HostComm(const HostComm&) = delete;
  HostComm& operator=(const HostComm&) = delete;
  ~HostComm() override { (void)cudaEventSynchronize(returned_.get()); }

  int rank() const noexcept override { return communicator_->rank(); }
  int size() const noexcept override { return communicator_->size(); }

  void all_reduce_sum(std::int64_t* values, std::size_t count, cudaStream_t stream) override {
    reduce(&Communicator::all_reduce_sum, values, count, stream);
  }
  void all_reduce_max(std::int64_t* values, std::size_t count, cudaStream_t stream) override {
    reduce(&Communicator::all_reduce_max, values, count, stream);
  }
  void reduce_scatter_sum(std::span<std::int64_t* const> arrays, std::size_t block,
                          cudaStream_t stream) override {
    for (std::int64_t* values : arrays) {
      reduce(&Communicator::all_reduce_sum, values, block * static_cast<std::size_t>(size()), stream);
    }
  }
  void all_gather(void* data, std::size_t bytes, cudaStream_t stream) override;

  void synchronize(cudaStream_t stream) override { check(cudaStreamSynchronize(stream), "running kernels"); }
  void abort() noexcept override { communicator_->abort(); }

 private:
  using Collective = void (Communicator::*)(std::span<std::int64_t>);

  void reduce(Collective collective, std::int64_t* values, std::size_t count, cudaStream_t stream);
  // Room for `bytes` that no copy reads or writes any more.
  std::byte* staging(std::size_t bytes);

  std::shared_ptr<Communicator> communicator_;
  PinnedArray<std::byte> staging_;
  Event returned_;  // the last copy out of the staging memory
};

std::byte* HostComm::staging(std::size_t bytes) {
  returned_.synchronize();
  staging_.reserve(bytes);
  return staging_.data();
}

void HostComm::reduce(Collective collective, std::int64_t* values, std::size_t count, cudaStream_t stream) {
  std::size_t begin = 0;
  do {  // an empty array is a call too, so that unequal lengths are seen
    const std::size_t n = std::min(most_values, count - begin);
    auto* host = reinterpret_cast<std::int64_t*>(staging(n * sizeof(std::int64_t)));
    copy(host, values + begin, n, stream);
    check(cudaStreamSynchronize(stream), "running kernels");
    ((*communicator_).*collective)({host, n});
    copy(values + begin, host, n, stream);
    returned_.record(stream);
    begin += n;
  } while (begin < count);
}

// Each rank sends its length ahead of its bytes: ranks that disagree must all see it.
void HostComm::all_gather(void* data, std::size_t bytes, cudaStream_t stream) {
  const auto ranks = static_cast<std::size_t>(size());
  auto* device = static_cast<std::byte*>(data);
  std::byte* host = staging(std::max(bytes + sizeof(std::uint64_t), bytes * ranks));
  const std::uint64_t length = bytes;
  std::memcpy(host, &length, sizeof length);
  copy(host + sizeof length, device + static_cast<std::size_t>(rank()) * bytes, bytes, stream);
  check(cudaStreamSynchronize(stream), "running kernels");
  const std::vector<std::byte> all = communicator_->all_gather({host, bytes + sizeof length});
  for (std::size_t r = 0, at = 0; r < ranks; ++r) {
    std::uint64_t theirs = 0;
    std::memcpy(&theirs, all.data() + at, sizeof theirs);
    at += sizeof theirs;
    if (theirs != length) {
      communicator_->abort();
      fail(ErrorCode::communication, "communication failed: rank {} gives {} bytes while rank {} gives {}",
           rank(), length, r, theirs);
    }
    if (bytes > 0) std::memcpy(host + r * bytes, all.data() + at, bytes);
    at += bytes;
  }
  copy(device, host, bytes * ranks, stream);
  returned_.record(stream);
}

}  // namespace

std::unique_ptr<DeviceComm> host_comm(std::shared_ptr<Communicator> communicator) {
  return std::make_unique<HostComm>(std::move(communicator));
}

}  // namespace ramet::cuda
