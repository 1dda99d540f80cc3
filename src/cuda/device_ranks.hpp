// Ranks that each have a device, and talk through it: the host's collectives on top of a DeviceComm.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cuda/device_comm.hpp"
#include "cuda/memory.hpp"
#include "cuda/stream.hpp"
#include "ramet/communicator.hpp"

namespace ramet::cuda {

// Each call begins with one small gather in which every rank tells what it calls with which length, so that
// ranks which disagree all see it; values that fit (126) are in there, too. Longer ones follow through a
// buffer of a few megabytes.
class DeviceRanks final : public Communicator {
 public:
  // `comm`: the end of `device`, which is current.
  DeviceRanks(std::shared_ptr<DeviceComm> comm, int device);

  int rank() const noexcept override { return comm_->rank(); }
  int size() const noexcept override { return comm_->size(); }
  void all_reduce_sum(std::span<std::int64_t> values) override;
  void all_reduce_max(std::span<std::int64_t> values) override;
  std::vector<std::byte> all_gather(std::span<const std::byte> mine) override;
  void abort() noexcept override { comm_->abort(); }

  // For sums from device to device, by the thread that uses this communicator, between its calls.
  const std::shared_ptr<DeviceComm>& device_comm() const noexcept { return comm_; }
  int device() const noexcept { return device_; }

 private:
  enum class Call : std::uint32_t { sum, max, gather };
  // What a rank tells the others at the beginning of a call.
  struct Frame {
    Call call;
    std::uint32_t unused;
    std::uint64_t length;  // of its contribution: values or bytes
    std::byte payload[1008];
  };

  static const char* name(Call call);
  // Tells all ranks of this call; afterwards frames_ has what each one told.
  void meet(Call call, std::uint64_t length, std::span<const std::byte> payload);
  void check_same_call();
  void reduce(Call call, std::span<std::int64_t> values);
  void reduce_frames(Call call, std::span<std::int64_t> values) const;
  std::vector<std::byte> gather_long(std::span<const std::byte> mine, std::uint64_t longest);

  std::shared_ptr<DeviceComm> comm_;
  int device_;
  Stream stream_;
  PinnedArray<Frame> frames_;  // one for each rank
  DeviceArray<Frame> device_frames_;
  PinnedArray<std::byte> staging_;
  DeviceArray<std::byte> device_staging_;
  std::string failure_;
};

}  // namespace ramet::cuda
