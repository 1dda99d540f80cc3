// The distinct keys of a column's sample, and how often each occurs: sorted and counted on the device.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "cuda/memory.hpp"

namespace ramet::cuda {

class RunCounter {
 public:
  // Scratch memory for up to `most` keys (< 2^31) on the current device.
  explicit RunCounter(std::int64_t most);
  static std::size_t bytes(std::int64_t most);

  // Replaces `count` keys by the distinct ones, ascending; counts[i] is how often the i-th of them occurs,
  // and *runs their number. The keys must agree in their bits below `first_bit`, or be ordered by the others.
  // counts: `count` entries. All on the device. Enqueues.
  void count(std::uint64_t* keys, std::int64_t count, int first_bit, std::uint32_t* counts,
             std::int32_t* runs, cudaStream_t stream);

 private:
  DeviceArray<std::uint64_t> sorted_;
  DeviceArray<std::byte> scratch_;
};

}  // namespace ramet::cuda
