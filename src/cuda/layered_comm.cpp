#include "cuda/layered_comm.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "cuda/memory.hpp"

namespace ramet::cuda {
namespace {

class LayeredComm final : public DeviceComm {
 public:
  LayeredComm(std::shared_ptr<DeviceComm> local, std::shared_ptr<DeviceComm> across, std::vector<int> devices)
      : local_(std::move(local)), across_(std::move(across)), devices_(std::move(devices)) {
    const auto mine = static_cast<std::size_t>(across_->rank());
    check_internal(
        devices_.size() == static_cast<std::size_t>(across_->size()) && devices_[mine] == local_->size(),
        "{} ranks and {} devices here do not fit the list of devices", across_->size(), local_->size());
    first_ = std::accumulate(devices_.begin(), devices_.begin() + across_->rank(), 0);
    size_ = std::accumulate(devices_.begin(), devices_.end(), 0);
  }

  int rank() const noexcept override { return first_ + local_->rank(); }
  int size() const noexcept override { return size_; }

  void all_reduce_sum(std::int64_t* values, std::size_t count, cudaStream_t stream) override {
    reduce(&DeviceComm::all_reduce_sum, values, count, stream);
  }
  void all_reduce_max(std::int64_t* values, std::size_t count, cudaStream_t stream) override {
    reduce(&DeviceComm::all_reduce_max, values, count, stream);
  }
  void reduce_scatter_sum(std::span<std::int64_t* const> arrays, std::size_t block,
                          cudaStream_t stream) override {
    for (std::int64_t* values : arrays) {
      reduce(&DeviceComm::all_reduce_sum, values, block * static_cast<std::size_t>(size_), stream);
    }
  }
  void all_gather(void* data, std::size_t bytes, cudaStream_t stream) override;

  void synchronize(cudaStream_t stream) override {
    together([&] { local_->synchronize(stream); });
  }
  void abort() noexcept override {
    local_->abort();
    across_->abort();
  }

 private:
  using Collective = void (DeviceComm::*)(std::int64_t*, std::size_t, cudaStream_t);

  bool leads() const { return local_->rank() == 0; }

  // Whoever waits in one part must learn of a failure in the other.
  template <class Body>
  void together(const Body& body) {
    try {
      body();
    } catch (...) {
      abort();
      throw;
    }
  }

  void reduce(Collective collective, std::int64_t* values, std::size_t count, cudaStream_t stream) {
    together([&] {
      (*local_.*collective)(values, count, stream);
      if (leads()) {
        local_->synchronize(stream);  // what an aborted collective leaves must not reach other ranks
        (*across_.*collective)(values, count, stream);
      }
      spread(values, count, stream);
    });
  }
  // Gives the leader's values to this rank's other devices, as a sum to which only the leader adds.
  void spread(std::int64_t* values, std::size_t count, cudaStream_t stream) {
    if (local_->size() == 1) return;
    if (!leads()) fill_zero(values, count, stream);
    local_->all_reduce_sum(values, count, stream);
  }

  std::shared_ptr<DeviceComm> local_;
  std::shared_ptr<DeviceComm> across_;
  std::vector<int> devices_;
  int first_ = 0;  // rank of this process's first device
  int size_ = 0;
  DeviceArray<std::int64_t> gathered_;  // a piece for each rank, all of the longest one's length
};

void LayeredComm::all_gather(void* data, std::size_t bytes, cudaStream_t stream) {
  auto* blocks = static_cast<std::byte*>(data);
  const auto bytes_of = [&](int devices) { return static_cast<std::size_t>(devices) * bytes; };
  const std::size_t piece = bytes_of(*std::max_element(devices_.begin(), devices_.end()));
  const std::size_t words = (piece * devices_.size() + sizeof(std::int64_t) - 1) / sizeof(std::int64_t);
  const auto mine = static_cast<std::size_t>(across_->rank());
  together([&] {
    local_->all_gather(blocks + bytes_of(first_), bytes, stream);
    gathered_.reserve(words);
    auto* pieces = reinterpret_cast<std::byte*>(gathered_.data());
    if (leads()) {
      fill_zero(gathered_.data(), words, stream);
      copy(pieces + mine * piece, blocks + bytes_of(first_), bytes_of(devices_[mine]), stream);
      local_->synchronize(stream);
      across_->all_gather(pieces, piece, stream);
    }
    spread(gathered_.data(), words, stream);
    std::size_t to = 0;
    for (std::size_t r = 0; r < devices_.size(); ++r) {
      copy(blocks + to, pieces + r * piece, bytes_of(devices_[r]), stream);
      to += bytes_of(devices_[r]);
    }
  });
}

}  // namespace

std::unique_ptr<DeviceComm> layered_comm(std::shared_ptr<DeviceComm> local,
                                         std::shared_ptr<DeviceComm> across, std::vector<int> devices) {
  return std::make_unique<LayeredComm>(std::move(local), std::move(across), std::move(devices));
}

}  // namespace ramet::cuda
