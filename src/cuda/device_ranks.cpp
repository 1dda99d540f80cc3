#include "cuda/device_ranks.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.hpp"

namespace ramet::cuda {
namespace {

constexpr std::size_t staging_bytes = std::size_t{8} << 20;

std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

DeviceRanks::DeviceRanks(std::shared_ptr<DeviceComm> comm, int device)
    : comm_(std::move(comm)),
      device_(device),
      frames_(static_cast<std::size_t>(comm_->size())),
      device_frames_(static_cast<std::size_t>(comm_->size())) {}

const char* DeviceRanks::name(Call call) {
  switch (call) {
    case Call::sum:
      return "all_reduce_sum";
    case Call::max:
      return "all_reduce_max";
    case Call::gather:
      return "all_gather";
  }
  return "an unknown collective";
}

void DeviceRanks::meet(Call call, std::uint64_t length, std::span<const std::byte> payload) {
  if (!failure_.empty()) fail(ErrorCode::communication, "communication failed: {}", failure_);
  const auto mine = static_cast<std::size_t>(rank());
  Frame& frame = frames_[mine];
  frame = {.call = call, .unused = 0, .length = length, .payload = {}};
  if (!payload.empty()) std::memcpy(frame.payload, payload.data(), payload.size());
  copy(device_frames_.data() + mine, &frame, 1, stream_.get());
  comm_->all_gather(device_frames_.data(), sizeof(Frame), stream_.get());
  copy(frames_.data(), device_frames_.data(), frames_.size(), stream_.get());
  comm_->synchronize(stream_.get());
  check_same_call();
}

// All ranks see the same frames, so that all raise or none.
void DeviceRanks::check_same_call() {
  const Frame& first = frames_[0];
  for (std::size_t r = 1; r < frames_.size() && failure_.empty(); ++r) {
    const Frame& other = frames_[r];
    if (other.call != first.call) {
      failure_ = fmt::format("rank 0 calls {} while rank {} calls {}", name(first.call), r, name(other.call));
    } else if (first.call != Call::gather && other.length != first.length) {
      failure_ = fmt::format("rank 0 gives {} values while rank {} gives {}", first.length, r, other.length);
    }
  }
  if (!failure_.empty()) fail(ErrorCode::communication, "communication failed: {}", failure_);
}

void DeviceRanks::all_reduce_sum(std::span<std::int64_t> values) { reduce(Call::sum, values); }
void DeviceRanks::all_reduce_max(std::span<std::int64_t> values) { reduce(Call::max, values); }

void DeviceRanks::reduce(Call call, std::span<std::int64_t> values) {
  const CurrentDevice current(device_);
  if (values.size_bytes() <= sizeof(Frame::payload)) {
    meet(call, values.size(), std::as_bytes(values));
    return reduce_frames(call, values);
  }
  meet(call, values.size(), {});
  const std::size_t most = staging_bytes / sizeof(std::int64_t);
  staging_.reserve(staging_bytes);
  device_staging_.reserve(staging_bytes);
  auto* host = reinterpret_cast<std::int64_t*>(staging_.data());
  auto* device = reinterpret_cast<std::int64_t*>(device_staging_.data());
  for (std::size_t begin = 0; begin < values.size(); begin += most) {
    const std::span<std::int64_t> part = values.subspan(begin, std::min(most, values.size() - begin));
    std::copy(part.begin(), part.end(), host);
    copy(device, host, part.size(), stream_.get());
    if (call == Call::sum) {
      comm_->all_reduce_sum(device, part.size(), stream_.get());
    } else {
      comm_->all_reduce_max(device, part.size(), stream_.get());
    }
    copy(host, device, part.size(), stream_.get());
    comm_->synchronize(stream_.get());
    std::copy_n(host, part.size(), part.begin());
  }
}

void DeviceRanks::reduce_frames(Call call, std::span<std::int64_t> values) const {
  for (std::size_t r = 0; r < frames_.size(); ++r) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::int64_t theirs = 0;
      std::memcpy(&theirs, frames_[r].payload + i * sizeof theirs, sizeof theirs);
      if (r == 0) {
        values[i] = theirs;
      } else {
        values[i] = call == Call::sum ? wrapping_sum(values[i], theirs) : std::max(values[i], theirs);
      }
    }
  }
}

std::vector<std::byte> DeviceRanks::all_gather(std::span<const std::byte> mine) {
  const CurrentDevice current(device_);
  const bool fits = mine.size() <= sizeof(Frame::payload);
  meet(Call::gather, mine.size(), fits ? mine : std::span<const std::byte>{});
  std::uint64_t longest = 0;
  for (const Frame& frame : frames_.span()) longest = std::max(longest, frame.length);
  if (longest > sizeof(Frame::payload)) return gather_long(mine, longest);
  std::vector<std::byte> all;
  for (const Frame& frame : frames_.span())
    all.insert(all.end(), frame.payload, frame.payload + frame.length);
  return all;
}

// In pieces of the same length for all ranks, as long as any rank has bytes left.
std::vector<std::byte> DeviceRanks::gather_long(std::span<const std::byte> mine, std::uint64_t longest) {
  const std::size_t ranks = frames_.size();
  const std::size_t piece = std::min<std::size_t>(longest, staging_bytes / ranks);
  staging_.reserve(staging_bytes);
  device_staging_.reserve(staging_bytes);
  std::vector<std::size_t> begins(ranks + 1, 0);
  for (std::size_t r = 0; r < ranks; ++r) begins[r + 1] = begins[r] + frames_[r].length;
  std::vector<std::byte> all(begins.back());
  const std::size_t slot = static_cast<std::size_t>(rank()) * piece;
  const auto length_at = [&](std::size_t done, std::size_t length) {
    return done < length ? std::min(piece, length - done) : 0;
  };
  for (std::size_t done = 0; done < longest; done += piece) {
    const std::size_t here = length_at(done, mine.size());
    if (here > 0) std::memcpy(staging_.data() + slot, mine.data() + done, here);
    copy(device_staging_.data() + slot, staging_.data() + slot, here, stream_.get());
    comm_->all_gather(device_staging_.data(), piece, stream_.get());
    copy(staging_.data(), device_staging_.data(), ranks * piece, stream_.get());
    comm_->synchronize(stream_.get());
    for (std::size_t r = 0; r < ranks; ++r) {
      const std::size_t theirs = length_at(done, frames_[r].length);
      if (theirs > 0) std::memcpy(all.data() + begins[r] + done, staging_.data() + r * piece, theirs);
    }
  }
  return all;
}

}  // namespace ramet::cuda
