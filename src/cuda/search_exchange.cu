#include "cuda/block_reduce.cuh"
#include "cuda/launch.cuh"
#include "cuda/search_exchange.hpp"
#include "cuda/search_gain.cuh"

namespace ramet::cuda {
namespace {

// A device's results, one array after another.
struct Block {
  std::int32_t tasks = 0;
  std::int32_t units = 0;
  std::int32_t words = 0;

  __host__ __device__ std::int64_t first_sum() const {
    return std::int64_t{units} * static_cast<std::int64_t>(sizeof(DeviceCandidate));
  }
  __host__ __device__ std::int64_t first_word() const {
    return first_sum() + std::int64_t{tasks} * static_cast<std::int64_t>(sizeof(DeviceSums));
  }
  __host__ __device__ std::int64_t bytes() const {
    constexpr std::int64_t alignment = 16;
    const std::int64_t used = first_word() + std::int64_t{units} * words * 4;
    return (used + alignment - 1) / alignment * alignment;
  }
  __host__ __device__ SearchResults at(std::uint8_t* memory) const {
    return {.sums = reinterpret_cast<DeviceSums*>(memory + first_sum()),
            .candidates = reinterpret_cast<DeviceCandidate*>(memory),
            .words = reinterpret_cast<std::uint32_t*>(memory + first_word())};
  }
};

__device__ SearchBest best_of(const DeviceCandidate& candidate, std::int32_t member) {
  if (candidate.column < 0) return {};
  return {candidate.gain, candidate.feature, 2 * candidate.order + (1 - candidate.missing_left),
          candidate.column, member};
}

// A block for each unit; sums are shared out among all threads.
__global__ __launch_bounds__(warp_threads) void join_kernel(std::uint8_t* gathered, Block block,
                                                            std::int32_t members, SearchResults joined) {
  const auto unit = static_cast<std::int32_t>(blockIdx.x);
  SearchBest best = best_of(block.at(gathered).candidates[unit], 0);
  for (std::int32_t m = 1; m < members; ++m) {
    const SearchBest other = best_of(block.at(gathered + m * block.bytes()).candidates[unit], m);
    if (better(other, best)) best = other;
  }
  const SearchResults winner = block.at(gathered + best.source * block.bytes());
  const DeviceCandidate candidate = winner.candidates[unit];
  if (threadIdx.x == 0) joined.candidates[unit] = candidate;
  const std::int64_t first = std::int64_t{unit} * block.words;
  for (auto w = static_cast<std::int32_t>(threadIdx.x); candidate.categorical != 0 && w < block.words;
       w += static_cast<std::int32_t>(warp_threads)) {
    joined.words[first + w] = winner.words[first + w];
  }
  const DeviceSums* sums = block.at(gathered).sums;
  for (auto i = static_cast<std::int32_t>(blockIdx.x * blockDim.x + threadIdx.x); i < block.tasks;
       i += static_cast<std::int32_t>(gridDim.x * blockDim.x)) {
    joined.sums[i] = sums[i];
  }
}

}  // namespace

SearchExchange::SearchExchange(DeviceComm& comm, std::int32_t tasks, std::int32_t words, cudaStream_t stream)
    : comm_(&comm), words_(words), gathered_(static_cast<std::size_t>(bytes(comm.size(), tasks, words))) {
  // Sets of categories are sent whether there are any or not.
  fill_zero(gathered_.data(), gathered_.size(), stream);
}

std::int64_t SearchExchange::bytes(std::int32_t members, std::int32_t tasks, std::int32_t words) {
  return members * Block{tasks, tasks, words}.bytes();
}

SearchResults SearchExchange::own(std::int32_t tasks, std::int32_t units) const {
  const Block block{tasks, units, words_};
  return block.at(gathered_.data() + comm_->rank() * block.bytes());
}

void SearchExchange::join(std::int32_t tasks, std::int32_t units, const SearchResults& joined,
                          cudaStream_t stream) {
  const Block block{tasks, units, words_};
  comm_->all_gather(gathered_.data(), static_cast<std::size_t>(block.bytes()), stream);
  launch(join_kernel, units, warp_threads, 0, stream, gathered_.data(), block, comm_->size(), joined);
}

}  // namespace ramet::cuda
