#include "cuda/device_cuts.hpp"

#include <algorithm>
#include <cub/cub.cuh>

#include "cuda/check.hpp"

namespace ramet::cuda {
namespace {

constexpr int key_bits = 64;

std::size_t scratch_bytes(std::int64_t most) {
  const std::uint64_t* keys = nullptr;
  std::uint64_t* sorted = nullptr;
  std::uint32_t* counts = nullptr;
  std::int32_t* runs = nullptr;
  const auto count = static_cast<std::int32_t>(most);
  std::size_t sorting = 0;
  check(cub::DeviceRadixSort::SortKeys(nullptr, sorting, keys, sorted, count, 0, key_bits),
        "planning a sort");
  std::size_t counting = 0;
  check(cub::DeviceRunLengthEncode::Encode(nullptr, counting, keys, sorted, counts, runs, count),
        "planning a count");
  return std::max({sorting, counting, std::size_t{1}});
}

}  // namespace

std::size_t RunCounter::bytes(std::int64_t most) {
  return static_cast<std::size_t>(most) * sizeof(std::uint64_t) + scratch_bytes(most);
}

RunCounter::RunCounter(std::int64_t most)
    : sorted_(static_cast<std::size_t>(most)), scratch_(scratch_bytes(most)) {}

void RunCounter::count(std::uint64_t* keys, std::int64_t count, int first_bit, std::uint32_t* counts,
                       std::int32_t* runs, cudaStream_t stream) {
  const auto keys_to_sort = static_cast<std::int32_t>(count);
  const std::uint64_t* unsorted = keys;
  std::size_t scratch = scratch_.size();
  check(cub::DeviceRadixSort::SortKeys(scratch_.data(), scratch, unsorted, sorted_.data(), keys_to_sort,
                                       first_bit, key_bits, stream),
        "sorting a sample");
  const std::uint64_t* sorted = sorted_.data();
  scratch = scratch_.size();
  check(cub::DeviceRunLengthEncode::Encode(scratch_.data(), scratch, sorted, keys, counts, runs, keys_to_sort,
                                           stream),
        "counting a sample's values");
}

}  // namespace ramet::cuda
