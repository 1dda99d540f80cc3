// Joining what devices that each search a part of the columns have found.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cuda/device_comm.hpp"
#include "cuda/memory.hpp"
#include "cuda/search.hpp"

namespace ramet::cuda {

// Results of SplitSearch, in device memory.
struct SearchResults {
  DeviceSums* sums = nullptr;             // per task
  DeviceCandidate* candidates = nullptr;  // per unit
  std::uint32_t* words = nullptr;         // per unit
};

class SearchExchange {
 public:
  SearchExchange() = default;
  // For searches of at most `tasks` tasks, and as many units, with `words` words of a category set each.
  SearchExchange(DeviceComm& comm, std::int32_t tasks, std::int32_t words, cudaStream_t stream);

  // Where a search of so many tasks and units on this device shall put its results.
  SearchResults own(std::int32_t tasks, std::int32_t units) const;
  // After that search: the best of all devices' candidates, with its category set, and the sums, which the
  // first device has, go to `joined` on every device. Enqueues.
  void join(std::int32_t tasks, std::int32_t units, const SearchResults& joined, cudaStream_t stream);

  static std::int64_t bytes(std::int32_t members, std::int32_t tasks, std::int32_t words);

 private:
  DeviceComm* comm_ = nullptr;
  std::int32_t words_ = 0;
  DeviceArray<std::uint8_t> gathered_;  // a block of results for each device
};

}  // namespace ramet::cuda
