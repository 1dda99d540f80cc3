#include "cuda/staging.hpp"

#include <algorithm>
#include <cstring>

namespace ramet::cuda {
namespace {

constexpr std::size_t alignment = 256;
constexpr std::size_t least_block = std::size_t{1} << 20;

}  // namespace

void Staging::clear() {
  // One block of the size that was needed serves the next step without another allocation.
  if (blocks_.size() > 1) {
    std::size_t total = 0;
    for (const Block& block : blocks_) total += block.host.size();
    blocks_.clear();
    blocks_.emplace_back(total);
  }
  for (Block& block : blocks_) block.used = block.sent = 0;
}

void Staging::reserve(std::size_t bytes) {
  if (blocks_.empty() || blocks_.back().host.size() - blocks_.back().used < bytes) {
    blocks_.emplace_back(std::max(least_block, bytes));
  }
}

std::pair<std::byte*, std::byte*> Staging::place(std::size_t bytes) {
  const std::size_t size = (bytes + alignment - 1) / alignment * alignment;
  reserve(size);
  Block& block = blocks_.back();
  std::byte* host = block.host.data() + block.used;
  std::byte* device = block.device.data() + block.used;
  block.used += size;
  std::memset(host, 0, size);
  return {host, device};
}

void Staging::send(cudaStream_t stream) {
  for (Block& block : blocks_) {
    copy(block.device.data() + block.sent, static_cast<const std::byte*>(block.host.data()) + block.sent,
         block.used - block.sent, stream);
    block.sent = block.used;
  }
}

void Staging::fetch(cudaStream_t stream) {
  for (Block& block : blocks_) {
    copy(block.host.data(), static_cast<const std::byte*>(block.device.data()), block.used, stream);
  }
}

}  // namespace ramet::cuda
